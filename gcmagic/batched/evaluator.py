"""The evaluator that runs the cost on many perturbed copies of a parameter array at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evaluation import Progress, one_by_one, watched
from ..parameters import Block
from ..problem import Problem, as_cost, raised_at
from . import rules
from .arrays import Copies, of_parameter
from .audit import Audit
from .batch import Batch, Pool, TooLarge, Untraceable
from .objects import carrying, placed
from .pending import resolved

# fewer evaluations than this are not worth a batch: the audit and a traced call cost as much
FEW = 24
# copies in the first call; later calls grow by this factor
FIRST, GROWTH = 64, 64
# a cost that takes less than so many seconds has small arrays: more copies in the first call
QUICK, QUICKS_FIRST = 1e-4, 1024
# the largest array of a batch should stay in the cache
CACHE = 8 * 2**20
MOST_MEMORY = 2**30

assert rules.RULES  # entered by the import


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
        audit = Audit(problem, theta, free_memory() if self.memory is None else self.memory)
        with watched(self.progress, len(components)) as tick:
            for owner in np.unique(owners):
                mine = np.flatnonzero(owners == owner)
                work = _Work(problem, theta, blocks[owner], components[mine], points[mine], tick)
                values[mine] = self._values(work, audit)
        return values

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
        except (Untraceable, Exception) as error:
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
        limit = audit.limit
        first = FIRST if audit.seconds > QUICK else QUICKS_FIRST
        count = max(1, first // each)  # components, each with all its points
        pool = audit.pool
        while work.done < total:
            start, stop = work.done, min(total, work.done + count)
            offsets = np.repeat(work.components[start:stop] - block.start, each)
            began = time.thread_time()
            try:
                numbers = work.points[start:stop].reshape(-1)
                found, batch = traced(problem, theta, block, offsets, numbers, limit / 2, pool)
            except TooLarge:
                if count * each < FIRST // 4:
                    raise Untraceable("a few copies need more memory than there is") from None
                count = (stop - start) // 2
                continue
            spent = time.thread_time() - began
            values[start:stop] = found.reshape(-1, each)
            chosen.compare(values, start, stop)
            work.tell(stop)
            copies = (stop - start) * each
            # the first batch is slower: its memory is new; no clock: a clock too coarse to tell
            if start and stop < total and spent > copies * audit.seconds > 0:
                raise _QuickerError
            if stop < total:
                fits = min(CACHE * copies / batch.largest, limit / 2 * copies / batch.peak)
                grown = max(1, int(min(fits, GROWTH * copies)) // each)
                count = grown


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


def traced(
    problem: Problem,
    theta: np.ndarray,
    block: Block,
    offsets: np.ndarray,
    numbers: np.ndarray,
    limit: float = np.inf,
    pool: Pool | None = None,
) -> tuple[np.ndarray, Batch]:
    """J with the component at ``offsets[k]`` of `block` set to ``numbers[k]``, in one call.

    Raises
    ------
    Untraceable
        Where the function does something that cannot be done to many copies at once.
    TooLarge
        Where the copies would take more than `limit` bytes.
    """
    batch = Batch(len(offsets), limit, pool)
    path = problem.layout.paths[problem.layout.blocks.index(block)]
    params = problem.layout.workspace(theta).params
    base = params
    for key in path:
        base = base[key]
    if isinstance(base, np.matrix):
        raise Untraceable("a np.matrix")
    leaf = of_parameter(batch, np.array(base), offsets, numbers)
    try:
        fun = carrying(problem.fun, path[0] if path else None, leaf)
        result = fun(placed(params, path, leaf))
        if batch.refusal is not None:  # swallowed by an except clause of the user's
            raise Untraceable(batch.refusal)
        return costs_of(result, batch, problem.cost_name), batch
    except Exception as error:
        if batch.refusal is None:
            raise
        # NumPy's own words for it, "setting an array element with a sequence", would not help
        raise Untraceable(batch.refusal).with_traceback(error.__traceback__) from error
    finally:
        batch.close()


def costs_of(result: Any, batch: Batch, name: str) -> np.ndarray:
    """One J a copy from what the function returned."""
    if batch.marked is not None:
        if result is not batch.marker:
            raise Untraceable("turns a number into a float and goes on with it")
        result = batch.marked
    result = resolved(result)
    if type(result) is not Copies:  # nothing in it came from the parameter
        return np.full(batch.count, as_cost(result, name))
    if result.size != 1 or result.dtype.kind not in "fiub":
        raise Untraceable(f"{name} gives shape {result.shape} of {result.dtype}")
    return np.array(result.dense().reshape(batch.count), dtype=float)


def _raised(error: BaseException) -> str:
    return f"{type(error).__name__} with copies: {error}"


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
