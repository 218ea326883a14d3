"""The products of a parameter array with others, seen, held still, or moved.

Where J sees an array V only through sums Z = V A, A not of V, the chain rule gives all its slopes
from those of Z: dJ/dV = dJ/dZ A^T. A `Taps` looks on while the cost runs with the array as
`Copies`, in one of two ways::

    chosen = None   every product is what it is at theta, and noted: what then still moves J are
                    the other ways in which it depends on the array, a penalty for example
    chosen = k      the array stays as it is at theta, and the k-th product is moved, one of its
                    components a copy
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Copies, of_parameter
from .batch import Untraceable


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """One product Z of the array, or of a view of it, with another array.

    Attributes
    ----------
    other
        What it is multiplied with, (q, r) on its right or (p, q) on its left.
    is_left
        Whether the array stands on the left.
    places
        The array's flat index of every element of the matrix that is multiplied.
    value
        Z at theta.
    """

    other: np.ndarray
    is_left: bool
    places: np.ndarray
    value: np.ndarray

    @property
    def terms(self) -> int:
        """How many elements of Z one component of the array goes into."""
        return self.other.shape[1] if self.is_left else self.other.shape[0]

    def slopes(self, of_sums: np.ndarray, size: int) -> np.ndarray:
        """dJ/dV from dJ/dZ, flat, one for each of the array's `size` components."""
        other = self.other.T
        return self._spread(of_sums @ other if self.is_left else other @ of_sums, size)

    def variances(self, of_sums: np.ndarray, size: int) -> np.ndarray:
        """The same of squares, as errors that know nothing of each other add up."""
        other = np.square(self.other.T)
        return self._spread(of_sums @ other if self.is_left else other @ of_sums, size)

    def _spread(self, found: np.ndarray, size: int) -> np.ndarray:
        out = np.zeros(size)
        out[self.places.reshape(-1)] = found.reshape(-1)
        return out


class Taps:
    """What a batched call does with the products of the watched array; see the module.

    Parameters
    ----------
    chosen
        Which product is moved, by its place in the order of the calls.
    offsets, values
        The flat place of its moved element in every copy, and what it is there.
    """

    def __init__(
        self,
        chosen: int | None = None,
        offsets: np.ndarray | None = None,
        values: np.ndarray | None = None,
    ) -> None:
        self.chosen, self.offsets, self.values = chosen, offsets, values
        self.products: list[Product] = []
        self._leaf: Copies | None = None
        self._rows = self._base = np.empty(0)
        self._seen = 0

    def watch(self, leaf: Copies) -> None:
        """Whose products these are."""
        assert leaf.base is not None
        self._leaf, self._rows, self._base = leaf, leaf.rows, leaf.base

    def product(self, a: Any, b: Any) -> Any:
        """``a @ b``; None where neither is the array."""
        left, right = self._places(a), self._places(b)
        if left is not None and right is not None:
            raise Untraceable("multiplies an array by itself")
        places = right if left is None else left
        if places is None:
            return None
        is_left = left is not None
        array, other = (a, b) if is_left else (b, a)
        if type(other) is Copies:
            if self.chosen is None:
                raise Untraceable("multiplies an array by what comes from it")
            return a.base @ b if is_left else a @ b.base
        if type(other) is not np.ndarray:
            raise Untraceable(f"multiplies an array by a {type(other).__name__}")
        value = array.base @ other if is_left else other @ array.base
        place, self._seen = self._seen, self._seen + 1
        if self.chosen is None:
            if value.dtype != np.float64:
                raise Untraceable(f"a product of {value.dtype}")
            array.batch.reserve(other.size)
            self.products.append(Product(np.array(other, float), is_left, places, value.copy()))
        elif self.chosen == place:
            assert self.offsets is not None
            assert self.values is not None
            return of_parameter(array.batch, value, self.offsets, self.values)
        return value

    def _places(self, x: Any) -> np.ndarray | None:
        """Where the elements of `x` lie in the array; None where it is no view of it."""
        leaf = self._leaf
        if leaf is None or type(x) is not Copies or len(x.axes) != len(x.shape) or x.ndim != 2:
            return None
        if leaf.rows is not self._rows or leaf.base is not self._base:
            raise Untraceable("changes an array in place")  # what is multiplied is not the array
        assert x.base is not None
        base = self._base
        if not (np.may_share_memory(x.rows, self._rows) and np.may_share_memory(x.base, base)):
            return None
        # the array is ours, contiguous, and all of `x` lies in it
        first = x.base.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        (rows, columns), (down, right) = x.shape, x.base.strides
        places = np.arange(rows)[:, None] * down + np.arange(columns) * right
        return (first + places) // base.itemsize
