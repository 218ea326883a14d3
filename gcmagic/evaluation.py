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
from .workspace import Workspace

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

    __slots__ = ("_call", "_few", "_kinds", "_problem", "_theta", "_workspace")

    def __init__(self, problem: Problem, theta: np.ndarray, dtype: Any = np.float64) -> None:
        self._problem = problem
        self._theta = theta
        self._kinds = "fiubc" if np.dtype(dtype).kind == "c" else "fiub"
        self._workspace = problem.layout.workspace(theta, dtype)
        self._few = 1  # components until something else is looked at: the fewer the slower J is
        self._call = self._number if np.dtype(dtype) != np.float64 else problem.fun

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
        workspace, layout = self._workspace, self._problem.layout
        where = 0
        try:
            moved = points.tolist() if points.dtype == np.float64 else points
            for where, row in zip(components.tolist(), moved, strict=True):
                block, found = layout.block_of(where), []
                write = workspace.writer(block)
                for point in row:
                    if fresh:
                        workspace.load(self._theta)
                        write = workspace.writer(block)
                    write(where, point)
                    found.append(self._number(workspace.params))
                write(where, self._theta[where])
                yield found
        except GradcheckError:
            raise
        except (Exception, SystemExit) as error:
            raise self._told(error, where) from error

    def values(
        self, components: np.ndarray, points: np.ndarray, tick: Callable[[int], None]
    ) -> np.ndarray:
        """As `rows`, in one array, with next to nothing done between one call and the next.

        `tick` hears of components a few at a time, the fewer the slower the cost is.

        Raises
        ------
        UserCodeError
            Where the cost raised; says for which component.
        """
        ends = {*range(_CHUNK, len(components), _CHUNK), len(components)}
        if object in self._problem.layout.kinds:  # numbers are written in another way than arrays
            owners = self._problem.layout.owners(components)
            ends.update((np.flatnonzero(np.diff(owners)) + 1).tolist())
        found, begin = np.empty_like(points), 0
        for end in sorted(ends) if len(components) else ():
            part = slice(begin, end)
            costs = self._costs(components[part], points[part], tick)
            found[part] = np.array(costs, found.dtype).reshape(-1, points.shape[1])
            begin = end
        return found

    def _costs(
        self, components: np.ndarray, points: np.ndarray, tick: Callable[[int], None]
    ) -> list[Any]:
        """J at all points of components of arrays, or of one number, in their order."""
        fun, space, layout = self._problem.fun, self._workspace, self._problem.layout
        block, each = layout.block_of(int(components[0])), points.shape[1]
        alone = layout.kinds[layout.place_of(block)] is object
        numbers = None if alone else space.numbers()
        write = space.writer(block) if numbers is None else numbers.__setitem__
        # lists, made at once: NumPy asked for a few numbers now and then, when the cost has filled
        # the caches with other things, takes a hundredth of the time of the calls
        places, centres = components.tolist(), self._theta[components].tolist()
        # two of them apart: a list a component would keep the garbage collector busy
        pairs = numbers is not None and each == 2
        rows = [places, centres, *(points.T.tolist() if pairs else [points.tolist()])]
        costs: list[Any] = []
        done = 0
        try:
            while done < len(places):
                began = monotonic()
                some = zip(*(row[done : done + self._few] for row in rows), strict=True)
                if numbers is not None and pairs:
                    _two(self._call, space.params, numbers, some, costs)
                else:
                    _each(self._call, space, write, some, costs)
                few, spent = len(costs) // each - done, monotonic() - began
                new = slice(each * done, None)
                if self._call is fun and not _FLOATS.issuperset(map(type, costs[new])):
                    # an array of one number, say, into which the cost may write the next one
                    self._call = self._number
                    del costs[new]
                    continue
                done += few
                tick(few)
                grown = _SOON / spent if spent > _SOON / _GROWTH else _GROWTH
                self._few = max(1, min(_CHUNK, int(few * grown)))
        except KeyboardInterrupt:
            tick(len(costs) // each - done)
            raise
        except GradcheckError:
            raise
        except (Exception, SystemExit) as error:
            raise self._told(error, components[min(len(costs) // each, len(places) - 1)]) from error
        return costs

    def _number(self, params: Any) -> Any:
        """J as one number, whatever the cost returns it as."""
        return as_cost(self._problem.fun(params), self._problem.cost_name, self._kinds)

    def _told(self, error: BaseException, where: int) -> UserCodeError:
        return UserCodeError(
            f"{self._problem.cost_name} raised {type(error).__name__} with "
            f"{self._problem.layout.component(where)} moved: {error}{raised_at(error)}"
        )

    def moved(self) -> bool:
        """Whether the cost has written into its parameters."""
        now, theta = self._workspace.vector(), self._theta
        # to look for NaN takes ten times as long
        return not (np.array_equal(now, theta) or np.array_equal(now, theta, equal_nan=True))


_CHUNK = 4096  # components whose points are taken out of their array at once
_SOON = 0.05  # seconds after which a bar may wait to hear more
_GROWTH = 8  # times as many at once, at most, as were just now
_FLOATS = {float, np.float64}  # what nobody changes after it was returned


def _two(
    call: Callable[[Any], Any],
    params: Any,
    numbers: memoryview[float],
    rows: Iterable[tuple[int, float, float, float]],
    costs: list[Any],
) -> None:
    """The loop: of each component its place in `numbers`, what it is, and two values."""
    for k, centre, low, high in rows:
        numbers[k] = low
        costs.append(call(params))
        numbers[k] = high
        costs.append(call(params))
        numbers[k] = centre


def _each(
    call: Callable[[Any], Any],
    space: Workspace,
    write: Callable[[int, Any], None],
    rows: Iterable[tuple[int, float, list[Any]]],
    costs: list[Any],
) -> None:
    """The same for any number of values, and for parameters that no memory is shared with."""
    for k, centre, row in rows:
        for value in row:
            write(k, value)
            costs.append(call(space.params))
        write(k, centre)


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
    calls = PlainCalls(problem, theta, points.dtype)
    values = calls.values(components, points, tick)
    if calls.moved():  # the cost writes into its parameters: give it new ones at every call
        calls = PlainCalls(problem, theta, points.dtype)
        for place, row in enumerate(calls.rows(components, points, fresh=True)):
            values[place] = row
    return values
