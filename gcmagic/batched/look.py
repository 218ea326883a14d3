"""One call of the cost that shows which parameter arrays it sees only in sums, and in which.

The arrays are copies, each with some components moved. Their products with other arrays are given
as they are at theta, so that nothing moves that comes from an array only in this way, and as a
`Held`, which notes what is done with it. So Z = X W + H V + b is seen to be one sum: what J sees of
each of its parts it sees of the whole, and one set of slopes dJ/dZ serves W, V and b::

    dJ/dW = X^T dJ/dZ    dJ/dV = H^T dJ/dZ    dJ/db = dJ/dZ, summed over what b is spread over
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Copies
from .batch import Batch, Untraceable
from .nested import exchanged
from .taps import Leaves


class Node:
    """A product, or a sum in which one stands.

    Attributes
    ----------
    uses
        How often anything was done with it.
    within
        The sum that it is a part of; None for none.
    """

    __slots__ = ("shape", "uses", "within")

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape, self.uses = shape, 0
        self.within: Node | None = None

    def whole(self) -> Node:
        """The largest sum that J sees all of it through."""
        node = self
        while node.within is not None and node.uses == 1:
            node = node.within
        return node


class Held(np.ndarray):
    """A product, or a sum with one, as it is at theta; an ordinary array once it is changed."""

    node: Node | None

    def __array_finalize__(self, obj: Any) -> None:
        self.node = None
        if type(obj) is Held and obj.node is not None:
            obj.node.uses += 1  # a part of it, or another shape

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        look = next((x.batch.taps for x in inputs if type(x) is Copies), None)
        found = _sum_of(look, ufunc, method, inputs, kwargs)
        if found is not None:
            return found
        if "out" in kwargs:
            kwargs["out"] = plain(kwargs["out"])
        return getattr(ufunc, method)(*plain(inputs), **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return func(*plain(args), **plain(kwargs))

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if self.node is not None and not isinstance(found, np.ndarray):
            self.node.uses += 1  # a number of it; an array tells of itself
        return found

    def dot(self, *args: Any, **kwargs: Any) -> Any:
        """The method asks nobody but the array itself."""
        return np.dot(plain(self), *plain(args), **plain(kwargs))

    def __setitem__(self, key: Any, value: Any) -> None:
        self.view(np.ndarray)[key] = value
        if self.node is not None:
            self.node.uses += 1
            self.node = None


def plain(value: Any) -> Any:
    """With ordinary arrays in the places of those that are held, which counts as a use."""
    return exchanged(value, Held, _used)


def _used(held: Held) -> np.ndarray:
    if held.node is not None:
        held.node.uses += 1
    return held.view(np.ndarray)


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """One product Z of an array V, or of a view of it, with another array.

    Attributes
    ----------
    array
        Which of the arrays that are looked at.
    nth
        How many products of the same array came before.
    node
        What stands for Z.
    other
        What V is multiplied with, (q, r) on its right or (p, q) on its left.
    is_left
        Whether V stands on the left.
    places
        V's flat index of every element of the matrix that is multiplied.
    value
        Z at theta.
    """

    array: int
    nth: int
    node: Node
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


@dataclass(frozen=True, slots=True, eq=False)
class Addend:
    """One place where an array is added to a sum, spread over it.

    Attributes
    ----------
    array, node
        As of a `Product`; the node is the sum with it.
    places
        The array's flat index of every element of the sum.
    """

    array: int
    node: Node
    places: np.ndarray

    def slopes(self, of_sums: np.ndarray, size: int) -> np.ndarray:
        """dJ/db from dJ/dZ."""
        return np.bincount(self.places.reshape(-1), of_sums.reshape(-1), size)

    variances = slopes


class Look:
    """What the cost does with its arrays, one product and one sum after the other.

    Parameters
    ----------
    owners
        Which array every copy has a component moved of.
    """

    def __init__(self, owners: np.ndarray) -> None:
        self._owners = owners
        self.products: list[Product] = []
        self.addends: list[Addend] = []
        self.blamed: set[int] = set()  # arrays that J does not see in sums alone
        self._leaves = Leaves()

    def watch(self, leaf: Copies) -> None:
        """One more array."""
        self._leaves.add(leaf)

    def product(self, a: Any, b: Any) -> Any:
        """``a @ b``; None where neither is an array."""
        left, right = self.found(a), self.found(b)
        if left is not None and right is not None:
            self.blamed = {left[0], right[0]}
            raise Untraceable("multiplies an array by an array")
        if left is None and right is None:
            return None
        is_left = left is not None
        array, other = (a, b) if is_left else (b, a)
        number, places = left or right  # pyright: ignore
        if places.ndim != 2:
            return None
        if type(other) is Copies:
            self.blamed = self._behind(other)
            raise Untraceable("multiplies an array by what comes from it")
        other = plain(other)
        if type(other) is not np.ndarray:
            raise Untraceable(f"multiplies an array by a {type(other).__name__}")
        value = array.base @ other if is_left else other @ array.base
        if value.dtype != np.float64:
            raise Untraceable(f"a product of {value.dtype}")
        self._counted(value.size, array.batch)
        nth = sum(product.array == number for product in self.products)
        parts = self._kept(other, array.batch), is_left, places, value.copy()
        self.products.append(Product(number, nth, Node(value.shape), *parts))
        return _held(value, self.products[-1].node)

    def _kept(self, other: np.ndarray, batch: Batch) -> np.ndarray:
        """A copy, since the cost may change it; the last one where that is the same."""
        last = self.products[-1].other if self.products else None
        if last is not None and last.shape == other.shape and np.array_equal(last, other):
            return last
        self._counted(other.size, batch)
        return np.array(other, float)

    def _counted(self, size: int, batch: Batch) -> None:
        batch.reserve(size)
        batch.live += 8 * size  # for as long as the look is

    def joined(self, ufunc: np.ufunc, method: str, inputs: Any, kwargs: Any) -> Any:
        """The sum of two, at least one of them held; None where it is none."""
        return _sum_of(self, ufunc, method, inputs, kwargs)

    def found(self, x: Any) -> tuple[int, np.ndarray] | None:
        """Which array `x` is a view of, and where its elements lie in it."""
        number = self._leaves.place(x)
        if number is None:
            return None
        places = self._leaves[number].places(x)
        assert places is not None
        return number, places

    def _behind(self, x: Copies) -> set[int]:
        """The arrays that `x` comes from, as far as the components that are moved show it."""
        # a few copies of every array are enough: it is only left out
        first = np.searchsorted(self._owners, np.arange(len(self._leaves)))
        copies = np.concatenate([first, np.minimum(first + 1, self._owners.size - 1)])
        rows = np.array([x.row(int(k)).reshape(-1) for k in copies])
        differs = np.any(rows != np.median(rows, axis=0), axis=1)
        return set(self._owners[copies[differs]].tolist())


def _sum_of(look: Any, ufunc: np.ufunc, method: str, inputs: Any, kwargs: Any) -> Any:
    """The sum of two, at least one of them held, `look` knowing the arrays; None for no such."""
    if ufunc is not np.add or method != "__call__" or len(inputs) != 2:
        return None
    if kwargs and (list(kwargs) != ["out"] or type(kwargs["out"][0]) is not Held):
        return None
    # np.shape would be told of as a use
    left, right = (getattr(x, "shape", ()) for x in inputs)
    shape = left if left == right else np.broadcast_shapes(left, right)
    held = [x for x in inputs if type(x) is Held]
    parts = [x.node for x in held if x.node is not None]
    if not parts or any(x.shape != shape for x in held):
        return None
    numbers, arrays = [], []
    for x in inputs:
        if type(x) is Copies:
            own = look.found(x) if type(look) is Look else None
            if own is None:
                return None
            arrays.append(own)
            numbers.append(x.base)
        else:
            numbers.append(x.view(np.ndarray) if type(x) is Held else x)
    total = np.add(*numbers, out=kwargs["out"][0].view(np.ndarray) if kwargs else None)
    if total.dtype != np.float64:
        return None
    node = Node(shape)
    for part in parts:
        part.uses += 1
        part.within = node
    for number, places in arrays:
        look.addends.append(Addend(number, node, np.broadcast_to(places, shape)))
    return _held(total, node)


def _held(value: np.ndarray, node: Node) -> Held:
    found = value.view(Held)
    found.node = node
    return found
