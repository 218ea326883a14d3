"""Judge many notebooks, each in a process of its own, so that one cannot spoil another's row."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from ..submissions import Check, Submission, plain
from .kernels import end
from .notebooks import NotebookError, parse, read, save, stored_checks
from .running import Stopped, limit_memory, limit_threads, run

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

# seconds that a process gets beyond its notebook's time to start a kernel and to end it
GRACE = 90


@dataclass(frozen=True, slots=True)
class Orders:
    """How to judge a notebook.

    Attributes
    ----------
    execute
        Run it; otherwise take the reports that are stored in it.
    timeout
        Seconds that its cells may take together.
    memory
        Megabytes that each of its processes may take.
    checks
        How many checks it has to hold.
    jobs
        How many notebooks are judged at once.
    keep
        Folder to store the notebooks in as they ran, or None.
    """

    execute: bool = True
    timeout: int = 600
    memory: int = 4096
    checks: int = 1
    jobs: int = 1
    keep: Path | None = None


def judge(paths: Sequence[Path], orders: Orders) -> Iterator[Submission]:
    """Judge notebooks and yield what was found, in the order of the paths.

    All files are read before the first notebook runs: none can change or delete another.
    """
    sources: list[bytes | NotebookError] = []
    for path in paths:
        try:
            sources.append(read(path))
        except NotebookError as error:
            sources.append(error)
    stop = threading.Event()
    top = _common(paths)
    with ThreadPoolExecutor(orders.jobs) as threads:
        try:
            yield from threads.map(lambda p, s: _one(p, s, top, orders, stop), paths, sources)
        finally:
            stop.set()
            threads.shutdown(cancel_futures=True)


def _one(
    path: Path, source: bytes | NotebookError, top: Path, orders: Orders, stop: threading.Event
) -> Submission:
    """One notebook, watched from outside the process that it is judged in."""
    name = plain(path)
    if isinstance(source, NotebookError):
        return Submission(name, error=str(source))
    start = time.monotonic()
    deadline = start + orders.timeout + GRACE
    context = _context()
    hear, speak = context.Pipe(duplex=False)
    keep = orders.keep and orders.keep.resolve() / path.resolve().relative_to(top)
    process = context.Process(
        target=_work, args=(speak, source, path.resolve().parent, keep, orders), daemon=True
    )
    process.start()
    speak.close()
    checks: list[Check] = []
    kernel, over = 0, None
    try:
        while over is None and not stop.is_set() and time.monotonic() < deadline:
            if hear.poll(0.5):
                message = hear.recv()
                if isinstance(message, int):
                    kernel = message
                elif isinstance(message, Check):
                    checks.append(message)
                else:
                    over = message
    except EOFError:
        process.join(5)
        over = Submission(name, error=f"the process that judged it died ({process.exitcode})")
    finally:
        process.kill()
        process.join()
        end(kernel)
        hear.close()
    if over is None:
        over = Submission(name, error=f"was stopped after {deadline - start:.0f} s")
    found = replace(over, path=name, checks=tuple(checks), seconds=time.monotonic() - start)
    if not found.error and len(checks) < orders.checks:
        return replace(found, error=_too_few(len(checks), orders))
    return found


def _too_few(found: int, orders: Orders) -> str:
    done = "ran, but" if orders.execute else "was read, but"
    if not found:
        return (
            f"{done} holds no gradient check; needed: a cell that shows a report, %gradcheck or "
            "gcm.check(...) as its last line"
        )
    return f"{done} holds {found} of the {orders.checks} gradient checks that --checks asks for"


def _work(
    speak: Connection, source: bytes, folder: Path, keep: Path | None, orders: Orders
) -> None:
    """In the process of its own: tell the kernel's id, each check, and how it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and ends this process
    limit_memory(orders.memory)
    limit_threads(orders.jobs)
    last: Check | None = None

    def tell(check: Check) -> None:
        nonlocal last
        if last is not None:
            speak.send(last)
        last = check

    over = Submission("")
    try:
        notebook = parse(source)
        try:
            if orders.execute:
                run(
                    notebook,
                    folder,
                    timeout=orders.timeout,
                    tell=tell,
                    started=speak.send,
                    pictures=keep is not None,
                )
            else:
                for check in stored_checks(notebook):
                    tell(check)
        finally:
            if keep is not None:
                save(notebook, keep)
    except Stopped as stopped:
        if last is not None:
            last = replace(last, text=f"{last.text} ({stopped})")
    except NotebookError as error:
        over = Submission("", error=str(error), cell=error.cell)
    except (Exception, SystemExit) as error:  # whatever a notebook can do to what reads it
        over = Submission("", error=f"could not be judged ({plain(repr(error))})")
    if last is not None:
        speak.send(last)
    speak.send(over)


def _context() -> ForkServerContext | SpawnContext:
    """Processes made from a clean one that has imported all of this already, where there are such.

    A fork of this process would take its threads' locks along.
    """
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(["gcmagic.__main__", __name__])
    return context


def _common(paths: Sequence[Path]) -> Path:
    """The folder that all notebooks lie below."""
    if not paths:
        return Path()
    return Path(os.path.commonpath([path.resolve().parent for path in paths]))
