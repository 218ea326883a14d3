"""How far a check is, and how long it will take."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from threading import Lock, Timer
from time import monotonic
from typing import Any

from .notation import duration

# seconds before anything is shown
DELAY = 1.0


class Bar:
    """One bar for a whole check that takes over a second, with the time left; gone when it ends.

    Text: what a widget shows would stay in the notebook's file. On stderr, but in a notebook on
    stdout, for there stderr leaves a red stripe behind. A notebook that runs without anyone before
    it gets none, so that what is stored of it is the same in every run.

    Called with a range of components it is a `Progress`; it is one bar for all such calls inside
    its ``with``.
    """

    def __init__(self) -> None:
        self._bar: Any = None
        self._streams = sys.stdout, sys.stderr  # before those of a check take their place
        self._began, self._done, self._total = 0.0, 0, 0
        self._most = 0.0  # seconds
        self._estimated = False
        self._timer: Timer | None = None
        self._closed = False
        self._one = Lock()  # the timer's thread shows the same bar

    def __enter__(self) -> Bar:
        self._began = monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._one:
            if self._bar is not None:
                self._bar.close()
            self._closed = True

    def expect(self, count: int) -> None:
        """Say how many components are to come; others that are needed are added to them."""
        self._total = self._done + count

    def estimate(self, seconds: float) -> None:
        """Say what the check takes at most, before anything is done that could be counted."""
        self._most = seconds
        if seconds >= DELAY:
            self.soon()

    def soon(self) -> None:
        """Show a bar after a second even if nothing is done by then that could be counted."""
        left = DELAY - self._spent
        if left <= 0:
            self._show()
        elif self._timer is None:
            timer = Timer(left, self._show)
            timer.daemon = True
            with suppress(RuntimeError):  # no room for a thread: it is seen once it counts
                timer.start()
                self._timer = timer

    def _show(self) -> None:
        with self._one:
            if self._bar is not None or self._closed:
                return
            self._bar = _bar(self._spent, *self._streams)
            self._bar.total = self._total or None
            known = self._most > self._spent  # a machine that is busy takes longer than was thought
            self._bar.set_postfix_str(f"up to {duration(self._most)}" if known else "")
            self._estimated = True

    @property
    def _spent(self) -> float:
        return monotonic() - self._began

    def __call__(self, places: range) -> AbstractContextManager[Iterable[int]]:
        """Count these components as they are taken."""
        self._total = max(self._total, self._done + len(places))
        return nullcontext(_Counted(self, len(places)))

    def advance(self, count: int) -> None:
        """Say that so many components are done."""
        self._done += count
        with self._one:
            if self._bar is None:
                if self._spent < DELAY:
                    return
                self._bar = _bar(self._spent, *self._streams)
            if self._estimated:
                self._bar.set_postfix_str("", refresh=False)
                self._estimated = False
            self._bar.total = self._total
            self._bar.update(self._done - self._bar.n)


def _bar(spent: float, stdout: Any, stderr: Any) -> Any:
    """A bar that began so many seconds ago; nothing of it is shown before it is told a count."""
    from tqdm import tqdm  # which a quick check does without

    kernel = _kernel()
    bar = tqdm(
        desc="gradcheck",
        unit="component",
        delay=1e-9,
        leave=False,
        miniters=1,
        ncols=79,
        file=stderr if kernel is None else stdout,
        # a notebook that a program runs: nobody could answer input()
        disable=kernel is not None and not getattr(kernel, "_allow_stdin", True),
    )
    if not bar.disable:
        bar.start_t -= spent
        bar.last_print_t -= spent
    return bar


class _Counted:
    """Components as they are taken, one by one or some at once."""

    __slots__ = ("_bar", "_left")

    def __init__(self, bar: Bar, count: int) -> None:
        self._bar, self._left = bar, count

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if not self._left:
            raise StopIteration
        self.advance(1)
        return self._left

    def advance(self, count: int) -> None:
        """Take so many."""
        self._left -= count
        self._bar.advance(count)


def _kernel() -> Any:
    """The kernel of the notebook that this runs in, or None."""
    shell = sys.modules.get("IPython")
    return None if shell is None else getattr(shell.get_ipython(), "kernel", None)
