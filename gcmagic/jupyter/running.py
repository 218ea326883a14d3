"""Run a notebook from top to bottom in a new kernel, without a browser."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

from ..errors import GradcheckFailed
from ..submissions import Check
from .kernels import ThisInterpreter, end
from .notebooks import MOST_CHECKS, NotebookError, checks_of, error_in, numbered, raised

FROM_TOP = "a notebook has to run from top to bottom: Restart Kernel and Run All Cells shows where"

# nbclient logs what it raises; the command line tells it once, in its own line.
TEXT = ("text/plain", "application/json")
_SILENT = logging.Logger("gcmagic.notebooks")
_SILENT.addHandler(logging.NullHandler())


class Stopped(NotebookError):  # noqa: N818 - the notebook did what it was asked to
    """A failed check raised, as it was asked to, and ended the run."""


def run(
    notebook: NotebookNode,
    folder: Path,
    *,
    timeout: int,
    tell: Callable[[Check], None],
    started: Callable[[int], None] = lambda pid: None,
    allow_errors: bool = False,
    pictures: bool = True,
) -> None:
    """Run all cells in a new kernel of this interpreter.

    Parameters
    ----------
    notebook
        Gets its new outputs, also those of a run that does not get to the end.
    folder
        Where the kernel runs: the notebook's own, so that it finds its data.
    timeout
        Seconds that all cells together may take, from when the kernel is ready.
    tell
        Called with each check as soon as its cell has run.
    started
        Called with the kernel's process id.
    allow_errors
        Go on after a cell that raises.
    pictures
        Leave pictures, HTML and panels out where this is False: nobody looks at the outputs, and
        they take longer than a check.

    Raises
    ------
    NotebookError
        Which cell could not be run, why, and what to do.
    """
    numbers = {id(cell): number for number, cell in numbered(notebook)}
    for cell in notebook.cells:  # an empty cell is not run and must not keep an old report
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    number, running, told, deadline, pid = 0, NotebookNode(), 0, 0.0, 0

    def begin(notebook: NotebookNode) -> None:
        nonlocal pid
        pid = kernel.pid
        started(pid)

    def remaining(cell: NotebookNode) -> float:
        nonlocal deadline
        deadline = deadline or time.monotonic() + timeout
        return max(0.05, deadline - time.monotonic())

    def before(cell: NotebookNode, cell_index: int) -> None:
        nonlocal number, running
        number, running = numbers[id(cell)], cell
        with suppress(NotImplementedError):  # Ctrl-C: nbclient's handler ends in AssertionError
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)

    def after(cell: NotebookNode, cell_index: int, execute_reply: Any) -> None:
        nonlocal told
        for check in checks_of(cell, number):
            told += 1
            if told > MOST_CHECKS:
                raise NotebookError(f"shows more than {MOST_CHECKS} reports", number)
            tell(check)

    kernel = ThisInterpreter(kernel_name="python3")
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout_func=remaining,
        startup_timeout=max(60, timeout),
        extra_arguments=[]
        if pictures
        else [f"--DisplayFormatter.active_types={ty}" for ty in TEXT],
        resources={"metadata": {"path": str(folder)}},
        allow_errors=allow_errors,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # how a stream is cut into pieces differs from run to run
        shutdown_kernel="immediate",
        on_notebook_start=begin,
        on_cell_execute=before,
        on_cell_executed=after,
        log=_SILENT,
    )
    try:
        # errors of cells come in messages; the kernel is ours, so nbclient asks whether to end it
        client.execute(stderr=subprocess.DEVNULL, cleanup_kc=True)
    except CellExecutionError as error:
        if error.ename == GradcheckFailed.__name__:
            raise Stopped(
                "raises where a check fails, so the cells after it did not run", number
            ) from None
        # a display that raises is in the outputs only; the reply then says "NoneType: None"
        said = error_in(running) or raised(error.ename, error.evalue)
        raise NotebookError(f"raised {_without_file(said)}; {FROM_TOP}", number) from None
    except CellTimeoutError:
        running.execution_count = None  # as in a notebook that is saved while a cell runs
        raise NotebookError(
            f"had not ended when the notebook had run for {timeout} s; is it a loop without an "
            "end? Otherwise give it more time with --timeout",
            number,
        ) from None
    except RuntimeError as error:
        if number:
            running.execution_count = None
            raise NotebookError(
                "killed its kernel; memory that runs out is the usual reason, os._exit another",
                number,
            ) from None
        raise NotebookError(
            f"no kernel started ({error}); needed: an ipykernel that works, which python -m "
            "ipykernel_launcher tells, and more memory than --memory leaves it"
        ) from None
    finally:
        end(pid)
        kernel.remove_folder()


def limit_memory(megabytes: int) -> None:
    """Limit the address space of this process and of each that it starts, where that can be done.

    Linux does; macOS takes the number and ignores it, Windows has no such limit.
    """
    if sys.platform == "win32":
        return
    import resource

    size = megabytes * 2**20
    with suppress(ValueError, OSError):  # above a limit that is set already, or not on this system
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    with suppress(ValueError, OSError):  # a kernel that crashes leaves no file of its memory behind
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_threads(jobs: int) -> None:
    """Share the cores among the notebooks that run at once; a variable that is set stays."""
    if jobs > 1:
        share = str(max(1, (os.cpu_count() or 1) // jobs))
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, share)


def _without_file(said: str) -> str:
    """``invalid syntax (3518374293.py, line 1)`` without the name that IPython makes up."""
    return re.sub(r"\(\d+\.py, (line \d+)\)", r"(\1)", said)
