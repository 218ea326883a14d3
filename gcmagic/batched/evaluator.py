"""The evaluator that runs the cost on many perturbed copies of a parameter array at once."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evaluation import Progress, one_by_one, watched
from ..parameters import Block
from ..problem import Problem, raised_at
from .audit import Audit
from .batch import Batch, Untraceable, trimmed
from .outcome import Level, Through
from .sizes import FIRST, QUICK, QUICKS_FIRST, in_batches
from .through import moves, through
from .tracing import traced

# fewer evaluations than this are not worth a batch: the audit and a traced call cost as much
FEW = 24
MOST_MEMORY = 2**30


class BatchedEvaluator:
    """Many copies of one parameter array a call, and the loop where that cannot be.

    The user's function is called as it is, with `Copies` in the place of the parameter array. What
    it gives is compared with the loop's values for a few random components at every call.

    Parameters
    ----------
    progress
        Wraps the range of components; a `Bar` shows one after a second.
    memory
        Bytes that the copies may take; a quarter of what is free by default, at most 1 GiB.

    Attributes
    ----------
    reasons
        Why the loop was taken, by name of the parameter array; arrays too small to be worth a batch
        are not in it.
    """

    def __init__(self, progress: Progress = nullcontext, memory: float | None = None) -> None:
        self.progress = progress
        self.memory = memory
        self.reasons: dict[str, str] = {}
        self._left: dict[str, Any] = {}  # arrays that are the loop's, and of which function

    def __call__(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        """Evaluate; see `Evaluator`.

        Raises
        ------
        CheckInterrupted
            On a keyboard interrupt; says how far it came.
        UserCodeError
            Where the cost raised; says for which component.
        """
        blocks = problem.layout.blocks
        owners = np.searchsorted([b.start for b in blocks], components, side="right") - 1
        values = np.empty_like(points)
        audit = Audit(problem, theta, self._limit())
        # the components of an array stand together
        ends = [*(np.flatnonzero(np.diff(owners)) + 1).tolist(), len(components)]
        with trimmed(), watched(self.progress, len(components)) as tick:
            start = 0
            for end in ends if len(components) else ():
                mine, block = slice(start, end), blocks[owners[start]]
                work = _Work(problem, theta, block, components[mine], points[mine], tick)
                values[mine] = self._values(work, audit)
                start = end
        return values

    def _limit(self) -> float:
        """Bytes that the copies may take."""
        return _free(int(time.monotonic())) if self.memory is None else self.memory

    def through(
        self, problem: Problem, theta: np.ndarray, blocks: Sequence[Block], at: Level
    ) -> dict[int, Through]:
        """The slopes of arrays from those of their sums; see the module of that name."""
        limit = self._limit()
        with trimmed(), watched(self.progress, sum(block.size for block in blocks)) as tick:
            found = through(problem, theta, blocks, at, limit)
            tick(sum(blocks[k].size for k in found))
        return found

    def moves(self, problem: Problem, theta: np.ndarray, blocks: Sequence[Block]) -> list[int]:
        """How many numbers are moved for each of the blocks, where `through` is asked."""
        return moves(problem, theta, blocks, self._limit())

    def _values(self, work: _Work, audit: Audit) -> np.ndarray:
        """The values for components of one parameter array."""
        name, points = work.block.name, work.points
        if points.size < FEW or self._left.get(name) is work.problem.fun:
            return work.plainly()
        values = np.empty_like(points)
        try:
            if points.dtype != np.float64:
                raise Untraceable(f"the points are {points.dtype}")
            self._batched(work, audit, values)
            return values
        except _QuickerError:
            pass  # nothing to be told
        except (Untraceable, Exception, SystemExit) as error:
            reason = str(error) if isinstance(error, Untraceable) else _raised(error)
            self.reasons[name] = reason + raised_at(error)
        if points.dtype == np.float64:
            self._left[name] = work.problem.fun
        return work.plainly()

    def _batched(self, work: _Work, audit: Audit, values: np.ndarray) -> None:
        """Write the values into `values`, which has a row a component."""
        problem, theta, block = work.problem, work.theta, work.block
        total, each = work.points.shape
        chosen = audit.of(work.components, work.points)

        def some(start: int, stop: int) -> Batch:
            offsets = np.repeat(work.components[start:stop] - block.start, each)
            numbers = work.points[start:stop].reshape(-1)
            began = time.thread_time()
            found, batch = traced(problem, theta, block, offsets, numbers, audit.limit / 2)
            spent = time.thread_time() - began
            values[start:stop] = found.reshape(-1, each)
            chosen.compare(values, start, stop)
            work.tell(stop)
            # the first batch is slower: its memory is new; no clock: a clock too coarse to tell
            if start and stop < total and spent > (stop - start) * each * audit.seconds > 0:
                raise _QuickerError
            return batch

        first = QUICKS_FIRST if audit.seconds <= QUICK else FIRST
        in_batches(total, each, audit.limit / 2, first, some)


@dataclass(slots=True)
class _Work:
    """Components of one parameter array, and how many of them, from the first on, are done."""

    problem: Problem
    theta: np.ndarray
    block: Block
    components: np.ndarray
    points: np.ndarray
    tick: Callable[[int], None]
    done: int = 0
    told: int = 0

    def tell(self, done: int) -> None:
        """Note how many are done; what was done before another way is told once."""
        self.done = done
        if done > self.told:
            self.tick(done - self.told)
            self.told = done

    def plainly(self) -> np.ndarray:
        """All of them by plain calls."""
        self.done = 0
        return one_by_one(
            self.problem,
            self.theta,
            self.components,
            self.points,
            lambda more: self.tell(self.done + more),
        )


class _QuickerError(Exception):
    """The loop turned out to be quicker."""


def _raised(error: BaseException) -> str:
    return f"{type(error).__name__} with copies: {error}"


@functools.lru_cache(maxsize=1)
def _free(second: int) -> float:
    """What is free in this second: the system is asked no more often."""
    return free_memory()


def free_memory() -> float:
    """A quarter of the memory that is free, at most a gibibyte."""
    free = 4.0 * 2**28
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            free = next(float(li.split()[1]) * 1024 for li in lines if li.startswith("MemAvail"))
    except (OSError, StopIteration):
        # half of what there is, where nobody says how much is free
        with suppress(AttributeError, OSError, ValueError):
            free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2
    return min(MOST_MEMORY, free / 4)
