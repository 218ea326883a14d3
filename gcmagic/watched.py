"""What a cost does with its parameters: one call with arrays that note what happens to them.

A subclass of ndarray goes through the user's function instead of the parameters. Nothing is
guessed from it: it notes the values that a tanh, a sigmoid or a rectifier really got, which
parameter arrays these came from, and how many examples the data had that one was multiplied with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .batched.objects import placed
from .problem import Problem

COMPARISONS = {np.greater, np.greater_equal, np.less, np.less_equal}
PRODUCTS = {"matmul", "dot"}
# of all other ufuncs nothing is noted but what they are called with
NOTED = {np.tanh, np.exp, np.add, np.divide, np.maximum, np.matmul, *COMPARISONS}


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One activation: what it is, the slopes that it has there, and where its input came from.

    Attributes
    ----------
    kind
        ``"tanh"``, ``"sigmoid"``, or ``"relu"`` for anything that compares with zero.
    slopes
        The derivative of the activation at each input; of a relu 0 or 1.
    names
        The parameter arrays that its input is made from and no activation before it.
    """

    kind: str
    slopes: np.ndarray
    names: tuple[str, ...]


@dataclass(slots=True)
class Seen:
    """What one call showed: activations in their order, and the numbers of examples.

    `kinds` are the dtypes that what is made from parameters had.
    """

    units: list[Unit] = field(default_factory=list)
    examples: list[tuple[str, tuple[int, ...], int]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)

    def unit(self, kind: str, slopes: np.ndarray, sources: frozenset[str]) -> None:
        """Note an activation; its layer are the arrays that are new in it."""
        new = tuple(sorted(sources - self.names))
        self.names |= sources
        if not new and self.units and self.units[-1].slopes.shape == slopes.shape:
            new = self.units[-1].names  # the same layer: x * (x > 0), the next time step
        self.units.append(Unit(kind, slopes, new))


class Watched(np.ndarray):
    """An array that knows which parameters it is made from, and whose uses are noted."""

    seen: Seen | None = None  # of an array that is none of a call's: nothing to be noted
    sources: frozenset[str] = frozenset()
    made: str = ""

    def __array_finalize__(self, obj: Any) -> None:
        """Take over what a view or a copy is made from."""
        if isinstance(obj, Watched):
            self.seen, self.sources = obj.seen, obj.sources

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Compute with plain arrays, note what was done, and watch what comes out."""
        if "out" in kwargs:
            kwargs["out"] = tuple(_plain(x) for x in kwargs["out"])
        plain = [_plain(x) for x in inputs]
        found = getattr(ufunc, method)(*plain, **kwargs)
        sources = _sources(inputs)
        result = self._like(found, sources)
        seen = self.seen
        if seen is None or method != "__call__":
            return result
        if ufunc not in NOTED and ufunc.__name__ != "expit":
            return result
        if ufunc is np.tanh:
            seen.unit("tanh", 1 - np.square(found), sources)
        elif ufunc.__name__ == "expit":
            seen.unit("sigmoid", found * (1 - found), sources)
        elif ufunc is np.exp and isinstance(result, Watched):
            result.made = "exp"
        elif ufunc is np.add and isinstance(result, Watched) and _is_exp_and_one(inputs):
            result.made = "1 + exp"
        elif ufunc is np.divide and _made(inputs[1]) == "1 + exp" and _is_one(inputs[0]):
            seen.unit("sigmoid", found * (1 - found), sources)
        elif ufunc in COMPARISONS and any(_is_zero(x) for x in plain):
            other = plain[1] if _is_zero(plain[0]) else plain[0]
            seen.unit("relu", (np.asarray(other) > 0).astype(float), sources)
        elif ufunc is np.maximum and any(_is_zero(x) for x in plain):
            seen.unit("relu", (np.asarray(found) > 0).astype(float), sources)
        elif ufunc is np.matmul:
            self._product(inputs)
        return result

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """The same for what is no ufunc: sums, reshapes, ``np.dot``."""
        if getattr(func, "__name__", "") in PRODUCTS:
            self._product(args)
        found = super().__array_function__(func, types, args, kwargs)
        sources = _sources([*args, *kwargs.values()])
        if isinstance(found, Watched):
            found.seen, found.sources = self.seen, found.sources | sources
        return found

    def _like(self, found: Any, sources: frozenset[str]) -> Any:
        if not isinstance(found, np.ndarray):
            return found
        watched = found.view(Watched)
        watched.seen, watched.sources = self.seen, sources
        if self.seen is not None:
            self.seen.kinds.add(found.dtype.name)
        return watched

    def _product(self, inputs: Any) -> None:
        """Note the free axis of plain data that a parameter array is multiplied with."""
        if self.seen is None or len(inputs) != 2:
            return
        for data, other, axis in ((inputs[0], inputs[1], 0), (inputs[1], inputs[0], 1)):
            plain = isinstance(data, np.ndarray) and not isinstance(data, Watched)
            if plain and data.ndim == 2 and isinstance(other, Watched) and len(other.sources) == 1:
                (name,) = other.sources
                self.seen.examples.append((name, data.shape, data.shape[axis]))


def watch(problem: Problem, theta: np.ndarray) -> Seen | None:
    """What the cost does with the parameters `theta`, from one call; None where it refuses them."""
    seen = Seen()
    try:
        params = problem.layout.unflatten(theta)
        for block, path in zip(problem.layout.blocks, problem.layout.paths, strict=True):
            if block.shape:
                array = np.array(theta[block.slice].reshape(block.shape)).view(Watched)
                array.seen, array.sources = seen, frozenset([block.name])
                params = placed(params, path, array)
        problem.fun(params)
    except (Exception, SystemExit):  # a second look that the check does without
        return None
    return seen


def _plain(x: Any) -> Any:
    return x.view(np.ndarray) if type(x) is Watched else x


def _made(x: Any) -> str:
    return x.made if isinstance(x, Watched) else ""


def _sources(values: Any) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for value in values:
        if type(value) is Watched:
            found = found | value.sources if found else value.sources
        elif isinstance(value, (list, tuple)):
            found |= _sources(value)
    return found


def _is_zero(x: Any) -> bool:
    return np.ndim(x) == 0 and not isinstance(x, str) and bool(x == 0)


def _is_one(x: Any) -> bool:
    return np.ndim(x) == 0 and bool(_plain(x) == 1)


def _is_exp_and_one(inputs: Any) -> bool:
    return any(_made(x) == "exp" for x in inputs) and any(_is_one(x) for x in inputs)
