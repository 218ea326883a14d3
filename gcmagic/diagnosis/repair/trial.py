"""Running a candidate: on copies, in a box of time, nothing printed."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any

import numpy as np

from ...errors import GradcheckError
from ...problem import Problem
from ...sandbox import Snapshot
from .budget import STOPPED

# a candidate may take this many times as long as the gradient itself, and at least so many seconds
SLOWER, LEAST = 20.0, 0.2


class TimeUp(BaseException):
    """A candidate took too long; no ``except Exception`` of the user's holds it up."""


@contextlib.contextmanager
def alarm() -> Iterator[Any]:
    """A function ``limit(seconds)`` that sets the clock, 0 stops it; raises `TimeUp` when it rings.

    Only the main thread has such a clock; elsewhere the function does nothing, and edits that could
    loop for ever are not made anyway.
    """
    possible = hasattr(signal, "setitimer")
    if not possible or threading.current_thread() is not threading.main_thread():
        yield lambda seconds: None
        return

    def ring(number: int, frame: Any) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    start = perf_counter()
    try:
        yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
        if left:  # somebody else's clock goes on
            rest = max(left - (perf_counter() - start), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, rest, interval)


# arrays, each with what it held
Held = tuple[tuple[np.ndarray, np.ndarray], ...]


def held(arrays: Iterable[np.ndarray]) -> Held:
    """Some arrays with what they hold now."""
    return tuple((array, array.copy()) for array in arrays)


def put_back(kept: Held) -> None:
    """Give the arrays what they held."""
    for array, values in kept:
        np.copyto(array, values)


class Trial:
    """Computes the gradient with whatever code stands in the user's functions at the moment."""

    def __init__(self, problem: Problem, limit: Any) -> None:
        self.problem = problem
        self.count = 0
        self.limit = limit
        self._seconds = 0.0
        # looking for all that may change takes longer than the gradient: once, not every time
        self.stateful: tuple[Any, ...] = getattr(problem.grad, "stateful", ())
        self._private = Snapshot(self.stateful) if self.stateful else None
        # arrays that the user's own code writes into, with what they are to hold before each run
        self.written: Held = ()

    def gradient(self, theta: np.ndarray) -> np.ndarray | None:
        """The gradient at `theta`; None where it raises, is no gradient, or takes too long."""
        self.count += 1
        try:
            if self._private is None:
                return self._flat(self._within(theta))
            try:
                with self.problem.grad.unguarded():  # pyright: ignore[reportFunctionMemberAccess]
                    return self._flat(self._within(theta))
            finally:
                self._private.restore()
        except TimeUp:
            self.count += STOPPED
            return None
        except (Exception, SystemExit):
            return None
        finally:
            put_back(self.written)

    def _within(self, theta: np.ndarray) -> Any:
        """What the gradient function returns, in its box of time."""
        params = self.problem.layout.unflatten(theta)
        try:
            if self._seconds:
                self.limit(self._seconds)
            return self.problem.grad(params)
        finally:
            self.limit(0)

    def cost(self, theta: np.ndarray) -> float | None:
        """J at `theta`; None where it cannot be computed."""
        try:
            return self.problem.cost_at(theta)
        except GradcheckError:
            return None

    def base(self, theta: np.ndarray) -> np.ndarray | None:
        """The same with the user's own code, and with the time that it takes as the measure."""
        self._seconds = 0.0
        self.gradient(theta)
        start = perf_counter()
        found = self.gradient(theta)
        self._seconds = max(LEAST, SLOWER * (perf_counter() - start))
        return found

    def _flat(self, found: Any) -> np.ndarray:
        """The gradient as a vector; the quick way where every array has its shape."""
        layout = self.problem.layout
        vector = np.empty(layout.size)
        for block, path in zip(layout.blocks, layout.paths, strict=True):
            leaf = found
            for step in path:
                leaf = leaf[step]
            if type(leaf) is not np.ndarray or leaf.shape != block.shape:
                return layout.flatten_gradient(found)
            vector[block.slice] = leaf.reshape(-1)
        return vector
