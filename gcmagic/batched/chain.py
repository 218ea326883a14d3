"""Elementwise steps that wait, to be done together on a few copies at a time.

Each step over the copies of a large array waits for memory, since the array is larger than the
cache. A piece of it that fits goes through all the steps before the next piece is begun.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

# numbers of a piece: it and what is beside it stay in the cache
PIECE = 2**17
# arrays of fewer numbers are in the cache anyway
LARGE = 2**16
# steps that take longer than the memory does: they are not done twice
_LIGHT = frozenset([np.negative, np.positive, np.square, np.absolute])

Step = tuple[np.ufunc, Any, bool]


class Outer:
    """``base + left[k] right[k]^T`` for every copy k: what a difference of rank one gives.

    Parameters
    ----------
    left, right
        Vectors, one a row.
    base
        A matrix.
    """

    __slots__ = ("base", "left", "right")

    def __init__(self, left: np.ndarray, right: np.ndarray, base: np.ndarray) -> None:
        self.left, self.right, self.base = left, right, base

    def plus(self, y: Any) -> Outer:
        """With a plain array or a number added, which is the same in all copies."""
        return Outer(self.left, self.right, self.base + y)

    def write(self, copies: slice, out: np.ndarray) -> None:
        """Some copies in full."""
        np.einsum("np,nr->npr", self.left[copies], self.right[copies], out=out)
        out += self.base


class Chain:
    """Copies of an array that are still to be computed.

    Parameters
    ----------
    shape
        Of all copies in full: (n, the array's own).
    source
        What the steps begin with; not to be written into by anyone.
    steps
        Ufuncs, each with its other argument, and whether what waits is the first of the two.
    keeper
        What the memory of the source is counted with, to be held as long.
    """

    __slots__ = ("_heavy", "keeper", "shape", "source", "steps")

    def __init__(
        self,
        shape: tuple[int, ...],
        source: Outer | np.ndarray,
        steps: tuple[Step, ...] = (),
        keeper: Any = None,
    ) -> None:
        self.shape, self.source, self.steps, self.keeper = shape, source, steps, keeper
        self._heavy = any(step[1] is None and step[0] not in _LIGHT for step in steps)

    @property
    def size(self) -> int:
        """Numbers in all copies."""
        size = 1
        for n in self.shape:
            size *= n
        return size

    @property
    def is_light(self) -> bool:
        """Whether to do it twice costs less than to keep it."""
        return not self._heavy and len(self.steps) < 4

    def then(self, ufunc: np.ufunc, other: Any, first: bool) -> Chain:
        """With one more step."""
        if ufunc is np.add and not self.steps and isinstance(self.source, Outer):
            return Chain(self.shape, self.source.plus(other))
        if ufunc is np.add and self.steps and self.steps[-1][0] is np.add:
            # a bias, and what comes from the inputs: one number to add, not two
            last = (np.add, self.steps[-1][1] + other, True)
            return Chain(self.shape, self.source, (*self.steps[:-1], last), self.keeper)
        return Chain(self.shape, self.source, (*self.steps, (ufunc, other, first)), self.keeper)

    def write(self, copies: slice, out: np.ndarray) -> None:
        """Some copies, all steps done."""
        steps = self.steps
        if isinstance(self.source, Outer):
            self.source.write(copies, out)
            now = out
        else:
            now = self.source[copies]
        for ufunc, other, first in steps:
            if other is None:
                ufunc(now, out=out)
            elif first:
                ufunc(now, other, out=out)
            else:
                ufunc(other, now, out=out)
            now = out

    def pieces(self) -> list[slice]:
        """The copies, as many at a time as fit into the cache."""
        size = 1
        for n in self.shape[1:]:
            size *= n
        step = max(1, PIECE // max(1, size))
        return [slice(k, min(k + step, self.shape[0])) for k in range(0, self.shape[0], step)]

    def into(self, out: np.ndarray) -> np.ndarray:
        """All copies, written into `out`."""
        for copies in self.pieces():
            self.write(copies, out[copies])
        return out

    def reduced(self, function: Callable[..., Any], room: np.ndarray) -> np.ndarray:
        """`function` of every copy, a number each; `room` takes the first piece."""
        found = np.empty(self.shape[0])
        for copies in self.pieces():
            part = room[: copies.stop - copies.start]
            self.write(copies, part)
            found[copies] = function(part.reshape(len(part), -1), axis=1)
        return found

    def last(self) -> np.ndarray:
        """The last copy."""
        out = np.empty((1, *self.shape[1:]))
        self.write(slice(self.shape[0] - 1, self.shape[0]), out)
        return out[0]
