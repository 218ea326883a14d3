"""Numbers that a mask picks, where the mask differs from copy to copy: ``Z[Z < 0] *= 0.01``.

Each copy has a number of them of its own, so no array holds them all. What course code does with
them goes number by number, and back to the places that they came from.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NoReturn

import numpy as np

from .arrays import Copies
from .batch import Batch, Foreign

_GOES_ON = "goes on with what a mask picked that the perturbation changes"


class _Refusing(Foreign):
    """Refuses what there is no rule for; an ordinary array once the call is over."""

    __slots__ = ("batch",)
    batch: Batch

    def _last(self) -> Any:
        """What the last copy would have left behind."""
        raise NotImplementedError

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.batch.closed:
            return np.array(self._last(), dtype=dtype)
        self.batch.refuse(_GOES_ON)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        self.batch.refuse(_GOES_ON)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self.batch.closed:
            return getattr(self._last(), name)
        self.batch.refuse(_GOES_ON)

    def _no(self, *_: Any) -> NoReturn:
        self.batch.refuse(_GOES_ON)

    __len__ = __iter__ = __getitem__ = __setitem__ = __bool__ = __float__ = __int__ = _no
    __index__ = __contains__ = _no


class Picked(np.lib.mixins.NDArrayOperatorsMixin, _Refusing):
    """What a mask picked in each of the copies, one after the other in one array.

    Parameters
    ----------
    mask
        Of every copy: (n, shape).
    flat
        The numbers.
    """

    __slots__ = ("flat", "mask")

    def __init__(self, batch: Batch, mask: np.ndarray, flat: np.ndarray) -> None:
        self.batch, self.mask, self.flat = batch, mask, flat

    def _last(self) -> np.ndarray:
        return self.flat[self.flat.size - np.count_nonzero(self.mask[-1]) :]

    def _counts(self) -> np.ndarray:
        return np.count_nonzero(self.mask.reshape(len(self.mask), -1), axis=1)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if self.batch.closed:
            inputs = tuple(np.asarray(x) if isinstance(x, _Refusing) else x for x in inputs)
            return getattr(ufunc, method)(*inputs, **kwargs)
        target = kwargs.pop("out", (None,))[0]
        if method != "__call__" or kwargs or ufunc.nout != 1 or type(target) not in _TARGETS:
            self.batch.refuse(_GOES_ON)
        found = ufunc(*(self._beside(x) for x in inputs))
        if target is None:
            return Picked(self.batch, self.mask, found)
        target.flat = found.astype(target.flat.dtype, casting="same_kind", copy=False)
        return target

    def _beside(self, x: Any) -> Any:
        if type(x) is Picked and same_mask(x.mask, self.mask):
            return x.flat
        if type(x) is Copies and not x.shape:
            return np.repeat(x.dense(), self._counts())
        if np.ndim(x) == 0 and not isinstance(x, Foreign):
            return x
        self.batch.refuse(_GOES_ON)

    def _each(self, function: Any) -> Copies:
        """A number for every copy."""
        ends = [0, *np.cumsum(self._counts()).tolist()]
        rows = np.array([function(self.flat[a:b]) for a, b in pairwise(ends)])
        return Copies(self.batch, (), rows)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if self.batch.closed:
            args = tuple(np.asarray(x) if isinstance(x, _Refusing) else x for x in args)
            return func(*args, **kwargs)
        if func not in (np.sum, np.mean, np.size) or kwargs or len(args) != 1:
            self.batch.refuse(_GOES_ON)
        return self._each(func)

    def sum(self) -> Any:
        """Of every copy."""
        return np.sum(self)  # pyright: ignore

    def mean(self) -> Any:
        """Of every copy."""
        return np.mean(self)  # pyright: ignore

    def copy(self) -> Picked:
        """The same numbers."""
        return Picked(self.batch, self.mask, self.flat)


_TARGETS = (type(None), Picked)


class Spots(_Refusing):
    """One of the arrays that ``np.where(mask)`` gives, which may only pick what the mask would."""

    __slots__ = ("axis", "mask")

    def __init__(self, mask: Copies, axis: int) -> None:
        self.batch, self.mask, self.axis = mask.batch, mask, axis

    def _last(self) -> np.ndarray:
        return np.nonzero(self.mask)[self.axis]  # pyright: ignore


def spots(condition: Copies) -> tuple[Spots, ...]:
    """What ``np.where(condition)`` gives."""
    return tuple(Spots(condition, axis) for axis in range(condition.ndim))


def mask_of(key: Any) -> Copies | None:
    """The mask that a key stands for, None for any other."""
    if type(key) is Copies:
        return key if key.dtype == np.bool_ and key.shape else None
    if type(key) is not tuple or not key or type(key[0]) is not Spots:
        return None
    mask = key[0].mask
    same = all(type(k) is Spots and k.mask is mask and k.axis == a for a, k in enumerate(key))
    return mask if same and len(key) == mask.ndim else None


def pick(x: Copies, mask: Copies) -> Picked:
    """``x[mask]``."""
    where = mask.dense()
    return Picked(x.batch, where, x.dense()[where])


def put(x: Copies, mask: Copies, value: Picked) -> None:
    """``x[mask] = value``."""
    where = mask.dense()
    if not same_mask(where, value.mask):
        x.batch.refuse(_GOES_ON)
    rows = np.array(x.dense(), order="C")
    rows[where] = value.flat
    x.become(Copies(x.batch, x.shape, rows), own=True)


def same_mask(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two masks pick the same places."""
    return a is b or np.array_equal(a, b)
