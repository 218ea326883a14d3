"""Values of the cost with one component of theta moved at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from time import monotonic
from typing import Any, Protocol

import numpy as np

from .errors import CheckInterrupted, GradcheckError, UserCodeError
from .problem import Problem, as_cost, raised_at

Progress = Callable[[range], AbstractContextManager[Iterable[int]]]


class Evaluator(Protocol):
    """Whatever gets the values: the loop below, a batch, a pool of processes."""

    def __call__(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        """J with component ``components[i]`` set to ``points[i, k]``, all others as in `theta`.

        Returns an array of the shape and the dtype of `points`.
        """
        ...


class PlainCalls:
    """One call after the other, with theta moved in place and put back.

    Beside the calls themselves as little as possible happens: no array is copied, no dict is made.
    """

    __slots__ = ("_kinds", "_problem", "_starts", "_theta", "_workspace", "_writers")

    def __init__(self, problem: Problem, theta: np.ndarray, dtype: Any = np.float64) -> None:
        self._problem = problem
        self._theta = theta
        self._kinds = "fiubc" if np.dtype(dtype).kind == "c" else "fiub"
        self._workspace = problem.layout.workspace(theta, dtype)
        self._writers = [self._workspace.writer(block) for block in problem.layout.blocks]
        self._starts = [block.start for block in problem.layout.blocks]

    def rows(
        self, components: np.ndarray, points: np.ndarray, fresh: bool = False
    ) -> Iterator[list[Any]]:
        """J at every point of each component, a list a component; see `Evaluator`.

        With `fresh` every call gets arrays that no call has seen.

        Raises
        ------
        UserCodeError
            Where the cost raised; says for which component.
        """
        workspace, fun, name = self._workspace, self._problem.fun, self._problem.cost_name
        kinds, starts = self._kinds, self._starts
        owners = np.searchsorted(starts, components, side="right") - 1
        as_is = points.dtype == np.float64
        where = 0
        try:
            centres = self._theta[components].tolist()
            moved = points.tolist() if as_is else points
            places = zip(owners.tolist(), components.tolist(), strict=True)
            for (owner, where), row, centre in zip(places, moved, centres, strict=True):
                write, offset = self._writers[owner], where - starts[owner]
                found = []
                for point in row:
                    if fresh:
                        workspace.load(self._theta)
                        write = workspace.writer(self._problem.layout.blocks[owner])
                    write(offset, point)
                    value = fun(workspace.params)
                    kind = type(value)
                    if kind is not np.float64 and kind is not float:
                        value = as_cost(value, name, kinds)
                    found.append(value)
                write(offset, centre)
                yield found
        except GradcheckError:
            raise
        except (Exception, SystemExit) as error:
            raise self._told(error, where) from error

    def pairs(
        self, components: np.ndarray, points: np.ndarray, tick: Callable[[int], None]
    ) -> np.ndarray:
        """As `rows`, for two real points each: the same loop without what the others need.

        `tick` hears of components a few at a time, the fewer the slower the cost is.
        """
        layout, fun, name = self._problem.layout, self._problem.fun, self._problem.cost_name
        space = self._workspace
        owners = np.searchsorted(self._starts, components, side="right") - 1
        ends = [*(np.flatnonzero(np.diff(owners)) + 1).tolist(), len(components)]
        found: list[Any] = []
        k, offset, begin, few = 0, 0, 0, 1
        try:
            for end in ends:
                block = layout.blocks[owners[begin]]
                write, offset = self._writers[owners[begin]], block.start
                numbers, params = space.numbers(block), space.params
                while begin < end:
                    part = slice(begin, min(end, begin + few))
                    places = (components[part] - offset).tolist()
                    centres = self._theta[components[part]].tolist()
                    began = monotonic()
                    costs: list[Any] = []
                    note = costs.append
                    # numbers alone: a list a component would keep the garbage collector busy
                    lows, highs = points[part].T.tolist()
                    rows = zip(places, centres, lows, highs, strict=True)
                    if numbers is not None:
                        for k, centre, low, high in rows:
                            numbers[k] = low
                            note(fun(params))
                            numbers[k] = high
                            note(fun(params))
                            numbers[k] = centre
                    else:
                        for k, centre, low, high in rows:
                            write(k, low)
                            note(fun(space.params))
                            write(k, high)
                            note(fun(space.params))
                            write(k, centre)
                    if set(map(type, costs)) != {np.float64}:
                        costs = [as_cost(value, name, self._kinds) for value in costs]
                    found += costs
                    tick(part.stop - part.start)
                    begin = part.stop
                    few = min(_CHUNK, 2 * few) if monotonic() - began < _SOON else (few + 1) // 2
        except GradcheckError:
            raise
        except (Exception, SystemExit) as error:
            raise self._told(error, offset + k) from error
        return np.array(found, dtype=float).reshape(-1, 2)

    def _told(self, error: BaseException, where: int) -> UserCodeError:
        return UserCodeError(
            f"{self._problem.cost_name} raised {type(error).__name__} with "
            f"{self._problem.layout.component(where)} moved: {error}{raised_at(error)}"
        )

    def moved(self) -> bool:
        """Whether the cost has written into its parameters."""
        return not np.array_equal(self._workspace.vector(), self._theta, equal_nan=True)


_CHUNK = 4096  # components whose points are taken out of their array at once
_SOON = 0.02  # seconds after which a bar may wait to hear more


@contextmanager
def watched(progress: Progress, count: int) -> Iterator[Callable[[int], None]]:
    """A function that notes how many more components are done, for a bar and for an interrupt.

    Raises
    ------
    CheckInterrupted
        On a keyboard interrupt; says how far it came.
    """
    done = 0

    def tick(more: int) -> None:
        nonlocal done
        done += more
        if advance is not None:
            advance(more)
        elif more == 1:
            next(places, None)
        else:
            for _ in islice(places, more):
                pass

    try:
        with progress(range(count)) as shown:
            places = iter(shown)
            advance = getattr(places, "advance", None)
            yield tick
            if advance is None:
                next(places, None)  # lets a progress bar see its end
    except KeyboardInterrupt:
        raise CheckInterrupted(
            f"stopped after {done} of {count} components; parameters and data are as they were"
        ) from None


class SerialEvaluator:
    """One call after the other, for every component.

    Parameters
    ----------
    progress
        Wraps the range of components; a `Bar` shows one after a second.
    """

    def __init__(self, progress: Progress = nullcontext) -> None:
        self.progress = progress

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
        with watched(self.progress, len(components)) as tick:
            return one_by_one(problem, theta, components, points, tick)


def one_by_one(
    problem: Problem,
    theta: np.ndarray,
    components: np.ndarray,
    points: np.ndarray,
    tick: Callable[[int], None],
) -> np.ndarray:
    """The values by plain calls; `tick` hears of every component."""
    values = np.empty_like(points)
    calls = PlainCalls(problem, theta, points.dtype)
    for first in range(0, len(components), _CHUNK):
        part = slice(first, first + _CHUNK)
        if points.dtype == np.float64 and points.shape[1] == 2:
            values[part] = calls.pairs(components[part], points[part], tick)
            continue
        rows = []
        for row in calls.rows(components[part], points[part]):
            rows.append(row)
            tick(1)
        values[part] = rows
    if calls.moved():  # the cost writes into its parameters: give it new ones at every call
        calls = PlainCalls(problem, theta, points.dtype)
        for place, row in enumerate(calls.rows(components, points, fresh=True)):
            values[place] = row
    return values
