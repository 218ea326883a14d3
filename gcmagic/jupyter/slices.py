"""User code on the kernel's own thread, a little at a time, so that nothing runs beside a cell.

A slider is answered on another thread than cells are. If the user's functions ran there, a cell
that is run meanwhile would change the arrays that they read, and putting back what they touched
would undo what the cell did. So every slice is handed to the thread that runs cells, which does
it between two cells; and none is long, so that no cell waits.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from ..errors import GradcheckError
from ..evaluation import Evaluator, SerialEvaluator
from ..problem import Problem
from ..sandbox import unseen

SLICE = 0.05  # seconds
T = TypeVar("T")


class Stopped(GradcheckError):  # noqa: N818 - nothing went wrong
    """Nobody wants the answer any more."""


class Slices:
    """An `Evaluator` in slices; remembers how long an evaluation takes.

    Parameters
    ----------
    go_on
        Called between slices with the evaluations that the last one took; raises to stop.
    evaluator
        Does the work of a slice.
    """

    def __init__(self, go_on: Callable[[int], None], evaluator: Evaluator | None = None) -> None:
        self._go_on = go_on
        self._evaluate = SerialEvaluator() if evaluator is None else evaluator
        self.seconds: float | None = None  # of one evaluation
        self._home = threading.current_thread()
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def __call__(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        """Evaluate; see `Evaluator`."""
        values = np.empty_like(points)
        done = 0
        while done < len(components):
            count = 1
            if self.seconds is not None:
                count = max(1, int(SLICE / self.seconds / points.shape[1]))
            part = slice(done, done + count)
            values[part] = self._slice(problem, theta, components[part], points[part])
            done += count
        return values

    def _slice(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        spent = 0.0

        def work() -> np.ndarray:
            nonlocal spent
            with unseen(problem.fun, problem.grad, *problem.roots):
                begun = time.perf_counter()
                values = self._evaluate(problem, theta, components, points)
                spent = time.perf_counter() - begun
            return values

        values = self._at_home(work)
        measured = max(spent / points.size, 1e-7)
        self.seconds = measured if self.seconds is None else 0.5 * (self.seconds + measured)
        self._go_on(points.size)
        return values

    def at_home(self, problem: Problem) -> Problem:
        """The problem with functions that run where cells do, as a slice does."""

        def moved(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
            def call(params: Any) -> Any:
                def work() -> Any:
                    with unseen(problem.fun, problem.grad, *problem.roots):
                        return function(params)

                self._go_on(0)
                return self._at_home(work)

            return call

        return replace(problem, fun=moved(problem.fun), grad=moved(problem.grad))

    def _at_home(self, work: Callable[[], T]) -> T:
        loop = self._loop
        if loop is None or loop.is_closed() or threading.current_thread() is self._home:
            return work()
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work())
            except BaseException as error:  # an interrupt too: it belongs to the one who waits
                future.set_exception(error)

        loop.call_soon_threadsafe(run)
        while True:
            try:
                return future.result(timeout=0.1)
            except TimeoutError:
                if future.done():
                    raise
                try:
                    self._go_on(0)  # a cell is running; the wait may have become pointless
                except Stopped:
                    if future.cancel():
                        raise
