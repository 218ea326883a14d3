"""The products of parameter arrays with others, held still or moved while the cost runs.

Where J sees an array V only through sums Z = V A, A not of V, the chain rule gives all its slopes
from those of Z: dJ/dV = dJ/dZ A^T; `look` finds out where that is so. `Taps` stand between arrays,
in copies, and their products: these stay what they are at theta, but for those that are moved, one
element in some of the copies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Copies, of_parameter
from .batch import Untraceable
from .representation import gather, rest_of


class Leaf:
    """A parameter array in copies, and which arrays are views of it."""

    __slots__ = ("_base", "_rows", "copies")

    def __init__(self, copies: Copies) -> None:
        assert copies.base is not None
        self.copies, self._rows, self._base = copies, copies.rows, copies.base

    def places(self, x: Any) -> np.ndarray | None:
        """Where the elements of `x` lie in the array; None where it is no view of it."""
        start = self._start(x)
        if start is None:
            return None
        if x is self.copies:
            return np.arange(x.base.size).reshape(x.shape)
        # the array is ours, contiguous, and all of `x` lies in it
        found = np.array(start)
        for length, stride in zip(x.shape, x.base.strides, strict=True):
            found = found[..., None] + np.arange(length) * stride
        return found // self._base.itemsize

    def holds(self, x: Any) -> bool:
        """Whether `x` is the array, or a view of it."""
        return self._start(x) is not None

    def _start(self, x: Any) -> int | None:
        base = self._base
        if x is self.copies:
            self._see_it_unchanged()
            return 0
        if type(x) is not Copies or x.base is None:
            return None
        if any(n > 1 and axis not in x.axes for axis, n in enumerate(x.shape)):
            return None
        self._see_it_unchanged()
        if not (np.may_share_memory(x.rows, self._rows) and np.may_share_memory(x.base, base)):
            return None
        return x.base.__array_interface__["data"][0] - base.__array_interface__["data"][0]

    def _see_it_unchanged(self) -> None:
        if self.copies.rows is not self._rows or self.copies.base is not self._base:
            raise Untraceable("changes an array in place")  # what is multiplied is not the array


class Leaves:
    """The parameter arrays in copies, in the order in which they came."""

    __slots__ = ("_all", "_places")

    def __init__(self) -> None:
        self._all: list[Leaf] = []
        self._places: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, place: int) -> Leaf:
        return self._all[place]

    def add(self, copies: Copies) -> None:
        """One more."""
        self._places[id(copies)] = len(self._all)
        self._all.append(Leaf(copies))

    def place(self, x: Any) -> int | None:
        """The place of the one that `x` is, or is a view of; None where it is none."""
        if type(x) is not Copies:
            return None
        place = self._places.get(id(x))
        if place is not None and self._all[place].holds(x):  # as nearly always
            return place
        return next((k for k, leaf in enumerate(self._all) if leaf.holds(x)), None)


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """What is done with one product of an array.

    Attributes
    ----------
    copies
        In which copies.
    offsets, values
        The flat place of its moved element in each of them, and what it is there.
    """

    copies: slice
    offsets: np.ndarray
    values: np.ndarray


class Taps:
    """What a batched call does with the products of the watched arrays; see the module.

    Parameters
    ----------
    moves
        By the place of the array among those that are watched, and of the product among its own.
    along
        Where several products are moved: the axis of all of them that tells examples apart, which
        keeps what a copy differs in to one example.
    index
        The example of every copy.
    """

    def __init__(
        self,
        moves: Mapping[tuple[int, int], Move] | None = None,
        along: int = 0,
        index: np.ndarray | None = None,
    ) -> None:
        self._moves = {} if moves is None else moves
        self._along, self._index = along, index
        self._leaves = Leaves()
        self._seen: list[int] = []

    def watch(self, leaf: Copies) -> None:
        """One more array."""
        self._leaves.add(leaf)
        self._seen.append(0)

    def product(self, a: Any, b: Any) -> Any:
        """``a @ b``; None where neither is an array of its."""
        left = self._leaves.place(a)
        number = self._leaves.place(b) if left is None else left
        if number is None:
            return None
        array, other = (b, a) if left is None else (a, b)
        if not self._moves and type(other) is Copies:
            raise Untraceable("multiplies an array by what comes from it")
        value = other @ array.base if left is None else array.base @ other
        place = number, self._seen[number]
        self._seen[number] += 1
        move = self._moves.get(place)
        return value if move is None else self._moved(array, value, move)

    def joined(self, ufunc: np.ufunc, method: str, inputs: Any, kwargs: Any) -> Any:
        """Sums are none of its business."""
        return None

    def _moved(self, array: Copies, value: Any, move: Move) -> Copies:
        batch, shape = array.batch, value.shape
        if self._index is None:  # in all copies, and nothing else
            return of_parameter(batch, value, move.offsets, move.values)
        along, index, own = self._along, self._index, move.copies
        where = np.unravel_index(move.offsets, shape)
        every = np.arange(own.start, own.stop)
        if type(value) is not Copies:
            rows = batch.room((batch.count, shape[1 - along]))
            np.take(value if along == 0 else value.T, index, axis=0, out=rows)
            rows[every, where[1 - along]] = move.values
            return Copies(batch, shape, rows, value, (along,), (index,))
        if value.axes and all(
            np.array_equal(i[own], where[axis])
            for axis, i in zip(value.axes, value.index, strict=True)
        ):
            assert value.base is not None
            rows = value.rows.copy()
            rows[own] = gather(value.base, value.axes, tuple(i[own] for i in value.index))
            rest = rest_of(value.ndim, value.axes)
            rows[(every, *(where[axis] for axis in rest))] = move.values
            return Copies(batch, shape, rows, value.base, value.axes, value.index)
        rows = value.dense().copy()
        rows[(every, *where)] = move.values
        return Copies(batch, shape, rows)
