"""One array that stands for many copies of itself, each perturbed elsewhere.

A NumPy function that is called with a `Copies` in place of a parameter computes the same thing for
all the copies at once. A copy differs from a shared base at one index along each of some axes::

    axes = all       one-hot: one component differs         rows has the shape (n,)
    axes = some      slab: one row, column, ... differs     rows has the shape (n, the other axes)
    axes = ()        stack: everything may differ           rows has the shape (n, all axes)

so that what is the same in all copies is computed once. How NumPy's functions act on it stands in
the rules, which enter themselves into `RULES`; everything else is refused by raising `Untraceable`.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .batch import Batch
from .chain import Chain

Index = tuple[np.ndarray, ...]
_F8 = np.dtype(np.float64)

RULES: dict[Any, Callable[..., Any]] = {}
UFUNCS: dict[str, Callable[..., Any]] = {}  # by method: __call__, reduce, ...


def rest_of(ndim: int, axes: Iterable[int]) -> list[int]:
    """The axes that are not among `axes`."""
    taken = set(axes)
    return [a for a in range(ndim) if a not in taken]


def picked(array: np.ndarray, index: np.ndarray) -> np.ndarray:
    """``array[index]``, in a third of the time."""
    # take makes a copy of what does not lie in one piece
    if len(array) <= 2 * len(index) or array.flags.c_contiguous:
        return array.take(index, axis=0)
    return array[index]


def gather(array: np.ndarray, axes: tuple[int, ...], index: Index) -> np.ndarray:
    """Values of a plain array at `index` along `axes`: (n, the other axes), (1, all) for none."""
    if not axes:
        return array[None]
    if len(axes) == 1 and array.ndim <= 2:
        return picked(array.T if axes[0] else array, index[0])
    if axes[-1] == len(axes) - 1:
        return array[index]
    return np.moveaxis(array, axes, range(len(axes)))[index]


class Representation:
    """Many copies of one array; see the module."""

    __slots__ = (
        "__weakref__",
        "_delta",
        "axes",
        "base",
        "batch",
        "chain",
        "family",
        "index",
        "origin",
        "own",
        "rows",
        "shape",
    )

    def __init__(
        self,
        batch: Batch,
        shape: tuple[int, ...],
        rows: np.ndarray | Chain,
        base: np.ndarray | None = None,
        axes: tuple[int, ...] = (),
        index: Index = (),
    ) -> None:
        self.batch = batch
        self.shape = shape
        self.chain: Chain | None = None
        if type(rows) is Chain:
            self.chain = rows  # `rows` is not there until somebody asks for it: see `made`
            batch.enter(self, rows.size, 0)
        else:
            self.rows: np.ndarray = rows  # pyright: ignore
            batch.enter(self, rows.size, rows.nbytes)  # pyright: ignore
        self.base = base
        self.axes = axes
        self.index = index
        self.own = False  # nobody else sees `rows`: it may be written into
        self.family: list[weakref.ref[Representation]] | None = None  # views of the same memory
        self.origin: tuple[Representation, Any] | None = None
        self._delta: tuple[np.ndarray, bool] | None = None

    def __del__(self) -> None:
        if not self.batch.closed and self.chain is None:
            self.batch.live -= self.rows.nbytes

    def made(self) -> np.ndarray:
        """The rows, computed now that they are asked for."""
        chain = self.chain
        assert chain is not None
        if self.batch.closed:
            self.rows = chain.last()
        else:
            self.rows = chain.into(self.batch.room(chain.shape))
            self.batch.live += self.rows.nbytes
            self.batch.largest = max(self.batch.largest, self.rows.nbytes)
        self.chain = None
        return self.rows

    @property
    def ndim(self) -> int:
        """Number of axes, of one copy."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Numbers in one copy."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Their type."""
        return _F8 if self.chain is not None else self.rows.dtype

    def on(self, keep: tuple[int, ...]) -> np.ndarray:
        """Rows as they are where only the axes `keep`, some of `axes`, are indexed."""
        if keep == self.axes:
            return self.rows
        assert self.base is not None
        count = self.batch.count
        rest = rest_of(self.ndim, keep)
        self.batch.reserve(count * np.prod([self.shape[a] for a in rest], dtype=float))
        dropped = [k for k, a in enumerate(self.axes) if a not in keep]
        dtype = np.result_type(self.base, self.rows)
        if keep:
            out = gather(self.base, keep, self.index_of(keep)).astype(dtype, copy=False)
        else:
            shape = (count, *self.shape)
            out = self.batch.pool.empty(shape) if dtype == np.float64 else np.empty(shape, dtype)
            out[...] = self.base
        where = [1 + rest.index(self.axes[k]) for k in dropped]
        moved = np.moveaxis(out, where, range(1, 1 + len(where)))
        moved[(self.batch.places, *(self.index[k] for k in dropped))] = self.rows
        return out

    def dense(self) -> np.ndarray:
        """All copies in full, (n, shape); not to be written into."""
        return self.on(())

    def index_of(self, axes: tuple[int, ...]) -> Index:
        """The index along some of `axes`."""
        return tuple(self.index[self.axes.index(a)] for a in axes)

    def delta(self) -> np.ndarray | None:
        """Rows less the base there; None where that is not finite."""
        if self.base is None:
            return None
        if self._delta is None:  # of a parameter it is asked for at every layer, or step in time
            with np.errstate(invalid="ignore", over="ignore"):
                found = self.rows - gather(self.base, self.axes, self.index)
            self._delta = found, bool(np.isfinite(found).all())
        return self._delta[0] if self._delta[1] else None

    def row(self, k: int) -> np.ndarray:
        """The array of copy `k`."""
        if self.chain is not None and k == -1:
            return self.chain.last()
        if not self.axes:
            return self.rows[k]
        assert self.base is not None
        same = self.base.dtype is self.rows.dtype
        out = (
            self.base.copy() if same else np.array(self.base, np.result_type(self.base, self.rows))
        )
        rest: list[Any] = [slice(None)] * self.ndim
        for a, i in zip(self.axes, self.index, strict=True):
            rest[a] = i[k]
        out[tuple(rest)] = self.rows[k]
        return out

    def uniform(self) -> np.ndarray | None:
        """The array that all copies are, None where they differ."""
        first = self.row(0)
        same = self.rows == gather(first, self.axes, self.index)
        if np.all(same) and (not self.axes or np.all(self.base == first)):
            return first
        return None

    def seen_as(self, other: Any, key: Any = None) -> Any:
        """`other`, noted as what NumPy would have made a view of this array, ``self[key]``."""
        if self.family is None:
            self.family = [weakref.ref(self)]
        self.family[:] = [ref for ref in self.family if ref() is not None]
        self.family.append(weakref.ref(other))
        other.family = self.family
        other.origin = None if key is None else (self, key)
        return other

    def relatives(self) -> list[Representation]:
        """The views of the same memory that are still there, without this one, oldest first."""
        seen = (ref() for ref in self.family or ())
        return [member for member in seen if member is not None and member is not self]

    def become(self, other: Any, own: bool = False) -> Any:
        """Take the values of another array: every name of this one sees them, and every view."""
        if not isinstance(other, Representation):
            other = np.asarray(other)
            shared = np.broadcast_to(other, (self.batch.count, *other.shape))
            other = type(self)(self.batch, other.shape, shared)
        if other.shape != self.shape:
            raise ValueError(f"cannot write shape {other.shape} into an array of {self.shape}")
        if not np.can_cast(other.dtype, self.dtype, "same_kind"):
            self.batch.refuse(f"writes {other.dtype} into an array of {self.dtype}")
        root, above = self, {id(self)}
        while root.origin is not None:
            root = root.origin[0]
            above.add(id(root))
        beside = [member for member in self.relatives() if id(member) not in above]
        if any(member.origin is None for member in beside):
            self.batch.refuse("writes into an array that another array is a view of")
        self._take(other, own)
        below = self
        while below.origin is not None:  # x[0] += 1 writes into x too
            parent, key = below.origin
            parent._take(RULES["written"](parent, key, below), own=True)
            below = parent
        for member in beside:
            assert member.origin is not None
            parent, key = member.origin
            member._take(RULES["getitem"](parent, key), own=False)
        return self

    def _take(self, other: Any, own: bool) -> None:
        self.batch.live += other.rows.nbytes - self.rows.nbytes
        self.rows = other.rows.astype(self.dtype, copy=False)
        self.base, self.axes, self.index = other.base, other.axes, other.index
        self.own = own
        self._delta = None

    def _plain(self) -> np.ndarray:
        """What it stands for once the call is over."""
        return self.rows
