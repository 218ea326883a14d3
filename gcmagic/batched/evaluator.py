"""The evaluator that runs the cost on many perturbed copies of a parameter array at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import numpy as np

from ..errors import CheckInterrupted
from ..evaluation import Progress, SerialEvaluator
from ..parameters import Block
from ..problem import Problem, as_cost, raised_at
from . import rules
from .arrays import Copies, of_parameter
from .batch import Batch, Pool, TooLarge, Untraceable
from .objects import carrying, placed
from .pending import resolved

# fewer evaluations than this are not worth a batch: the audit and two traced calls cost as much
FEW = 128
# components of every array that are evaluated one by one as well
AUDITED = 3
AUDIT_RTOL = 1e-9
AUDIT_ROUNDING = 512 * 2.0**-53
# copies in the first call; later calls grow by this factor
FIRST, GROWTH = 64, 64
# the largest array of a batch should stay in the cache
CACHE = 4 * 2**20
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
        done = 0

        def tick(count: int = 1) -> None:
            nonlocal done
            done += count
            for _ in range(count):
                next(shown, None)

        try:
            with self.progress(range(len(components))) as places:
                shown = iter(places)
                for owner in np.unique(owners):
                    mine = np.flatnonzero(owners == owner)
                    before = done
                    values[mine] = self._values(
                        problem, theta, blocks[owner], components[mine], points[mine], tick
                    )
                    tick(before + len(mine) - done)
                next(shown, None)  # lets a progress bar see its end
        except KeyboardInterrupt:
            raise CheckInterrupted(
                f"stopped after {done} of {len(components)} components; "
                "parameters and data are as they were"
            ) from None
        return values

    def _values(
        self,
        problem: Problem,
        theta: np.ndarray,
        block: Block,
        components: np.ndarray,
        points: np.ndarray,
        tick: Callable[[int], None],
    ) -> np.ndarray:
        """The values for components of one parameter array."""
        if points.size < FEW or self._left.get(block.name) is problem.fun:
            return _loop(problem, theta, components, points, tick)
        try:
            if points.dtype != np.float64:
                raise Untraceable(f"the points are {points.dtype}")
            return self._batched(problem, theta, block, components, points, tick)
        except _QuickerError as quicker:
            self._left[block.name] = problem.fun
            values = quicker.values
            missing = quicker.done
            values[missing:] = _loop(problem, theta, components[missing:], points[missing:], tick)
            return values
        except (Untraceable, Exception) as error:
            reason = str(error) if isinstance(error, Untraceable) else _raised(error)
            reason += raised_at(error)
        self.reasons[block.name] = reason
        if points.dtype == np.float64:
            self._left[block.name] = problem.fun
        return _loop(problem, theta, components, points, tick)

    def _batched(
        self,
        problem: Problem,
        theta: np.ndarray,
        block: Block,
        components: np.ndarray,
        points: np.ndarray,
        tick: Callable[[int], None],
    ) -> np.ndarray:
        total, each = points.shape
        chosen, wanted, centre, seconds = _audit(problem, theta, components, points)
        limit = _free() if self.memory is None else self.memory
        values = np.empty_like(points)
        count = max(1, FIRST // each)  # components, each with all its points
        start, pool = 0, Pool()
        while start < total:
            stop = min(total, start + count)
            offsets = np.repeat(components[start:stop] - block.start, each)
            began = time.perf_counter()
            try:
                numbers = points[start:stop].reshape(-1)
                found, batch = traced(problem, theta, block, offsets, numbers, limit / 2, pool)
            except TooLarge:
                if count * each < FIRST // 4:
                    raise Untraceable(
                        f"a few copies need more than {limit / 2**20:.0f} MiB"
                    ) from None
                count = (stop - start) // 2
                continue
            spent = time.perf_counter() - began
            values[start:stop] = found.reshape(-1, each)
            _compare(values, wanted, chosen[(chosen >= start) & (chosen < stop)], chosen, centre)
            tick(stop - start)
            copies = (stop - start) * each
            start = stop
            if copies >= 4 * FIRST and spent > copies * seconds and start < total:
                raise _QuickerError(values, start)
            if start < total:
                fits = min(CACHE * copies / batch.largest, limit / 2 * copies / batch.peak)
                grown = max(1, int(min(fits, GROWTH * copies)) // each)
                if grown != count:
                    count = grown
                    pool.clear()
        return values


class _QuickerError(Exception):
    """The loop turned out to be quicker; what there is so far is kept."""

    def __init__(self, values: np.ndarray, done: int) -> None:
        super().__init__()
        self.values, self.done = values, done


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
        return _costs(result, batch, problem.cost_name), batch
    finally:
        batch.close()


def _costs(result: Any, batch: Batch, name: str) -> np.ndarray:
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


def _audit(
    problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Places of a few random components, their values one by one, J, and the seconds of one J."""
    rng = np.random.default_rng([int(components[0]), len(components)])
    chosen = np.sort(rng.choice(len(components), min(AUDITED, len(components)), replace=False))
    centre = problem.cost_at(theta)
    began = time.perf_counter()
    wanted = SerialEvaluator()(problem, theta, components[chosen], points[chosen])
    return chosen, wanted, centre, (time.perf_counter() - began) / wanted.size


def _compare(
    values: np.ndarray, wanted: np.ndarray, ready: np.ndarray, chosen: np.ndarray, centre: float
) -> None:
    """Hold the batched values of the audited components against the loop's."""
    mine = values[ready]
    plain = wanted[np.isin(chosen, ready)]
    with np.errstate(invalid="ignore"):
        moved = np.max(np.abs(plain - centre), axis=1, initial=0.0, keepdims=True)
        allowed = AUDIT_RTOL * moved + AUDIT_ROUNDING * np.maximum(np.abs(plain), abs(centre))
        agrees = (np.abs(mine - plain) <= allowed) | (mine == plain)
    agrees |= np.isnan(mine) & np.isnan(plain)
    if not np.all(agrees):
        raise Untraceable("audit: the copies and the plain calls give different costs")


def _loop(
    problem: Problem,
    theta: np.ndarray,
    components: np.ndarray,
    points: np.ndarray,
    tick: Callable[[int], None],
) -> np.ndarray:
    def counted(places: range) -> AbstractContextManager[Iterable[int]]:
        def each() -> Iterable[int]:
            for place in places:
                yield place
                tick(1)

        return nullcontext(each())

    return SerialEvaluator(counted)(problem, theta, components, points)


def _raised(error: BaseException) -> str:
    return f"{type(error).__name__} with copies: {error}"


def _free() -> float:
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
