"""The commonest elementwise cases without the general machinery, which costs more than they do.

Copies alone, beside a number, beside a plain array that does not make them larger, beside copies
that differ at the same places: what nearly all of a network consists of. None for everything else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .batch import Batch
from .representation import Index, Representation

F8 = np.dtype(np.float64)
_NUMBERS = frozenset([int, float, np.float64])
_UFUNCS = [u for u in vars(np).values() if type(u) is np.ufunc and u.signature is None]
# those that give float64 for float64, so that memory which is there already can take it
UNARY = frozenset(u for u in _UFUNCS if u.nin == 1 and "d->d" in u.types)
BINARY = frozenset(u for u in _UFUNCS if u.nin == 2 and "dd->d" in u.types)
# those that give truth values
ASKING = frozenset(u for u in _UFUNCS if u.nin == 2 and u.nout == 1 and "dd->?" in u.types)
POWERS: dict[float, np.ufunc] = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}


def same(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two indices perturb the same places."""
    return first is second or np.array_equal(first, second)


def quick(kind: Any, batch: Batch, ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Any:
    """The copies that `ufunc` gives; None where this is none of the common cases.

    `kind` is the class of copies, which this module does not know.
    """
    if len(inputs) == 1:
        return _of_one(kind, batch, ufunc, inputs[0]) if ufunc in UNARY else None
    if len(inputs) != 2:
        return None
    a, b = inputs
    if ufunc is np.power:  # as NumPy does it for x ** 2
        instead = POWERS.get(b) if type(b) in (int, float) else None
        return None if instead is None else _of_one(kind, batch, instead, a)
    if ufunc not in BINARY and ufunc not in ASKING:
        return None
    if type(a) is kind:
        if type(b) is kind:
            return _of_two(kind, batch, ufunc, a, b)
        x, y = a, b
    else:
        x, y = b, a
    if x.rows.dtype is not F8 or (x.axes and x.base.dtype is not F8):
        return None
    if type(y) in _NUMBERS:
        beside = y
    elif type(y) is np.ndarray and (y.dtype is F8 or y.dtype.kind in "iub"):
        beside = _beside(x, y)
        if beside is None:
            return None
    else:
        return None
    out = _room(batch, ufunc, x.rows.shape)
    if x is a:
        rows = ufunc(x.rows, beside, out=out)
        base = ufunc(x.base, y) if x.axes else None
    else:
        rows = ufunc(beside, x.rows, out=out)
        base = ufunc(y, x.base) if x.axes else None
    return kind(batch, x.shape, rows, base, x.axes, x.index)


def _room(batch: Batch, ufunc: np.ufunc, shape: tuple[int, ...]) -> np.ndarray | None:
    return batch.room(shape) if ufunc in BINARY else batch.room(shape, np.bool_)


def _of_one(kind: Any, batch: Batch, ufunc: np.ufunc, x: Representation) -> Any:
    rows = x.rows
    if type(x) is not kind or rows.dtype is not F8:
        return None
    base = None
    if x.axes:
        assert x.base is not None
        if x.base.dtype is not F8:
            return None
        base = ufunc(x.base)
    return kind(batch, x.shape, ufunc(rows, out=batch.room(rows.shape)), base, x.axes, x.index)


def _of_two(kind: Any, batch: Batch, ufunc: np.ufunc, a: Any, b: Any) -> Any:
    if a.rows.dtype is not F8 or b.rows.dtype is not F8:
        return None
    if a.axes or b.axes:
        if a.axes != b.axes or a.shape != b.shape or not _same(a.index, b.index):
            return None
        rows = ufunc(a.rows, b.rows, out=_room(batch, ufunc, a.rows.shape))
        return kind(batch, a.shape, rows, ufunc(a.base, b.base), a.axes, a.index)
    shape = a.shape
    if shape != b.shape and (len(shape) != len(b.shape) or not _fits(b.shape, shape)):
        return None
    rows = ufunc(a.rows, b.rows, out=_room(batch, ufunc, a.rows.shape))
    return kind(batch, shape, rows)


def _same(first: Index, second: Index) -> bool:
    return all(same(i, j) for i, j in zip(first, second, strict=True))


def _fits(small: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether an array of the shape `small` broadcasts into `shape`, of as many axes."""
    return all(n in (1, m) for n, m in zip(small, shape, strict=True))


def _beside(x: Any, y: np.ndarray) -> Any:
    """A plain array as it stands beside the rows of `x`; None where it is not plain to see."""
    shape, lead = x.shape, len(x.shape) - y.ndim
    if lead < 0 or not _fits(y.shape, shape[lead:]):
        return None
    axes = x.axes
    if not axes or not y.ndim:
        return y
    if axes == (0,):
        if lead:
            return y
        return y[0] if y.shape[0] == 1 else y[x.index[0]]
    if len(shape) != 2:
        return None
    if axes == (1,):
        column = y[..., 0] if y.shape[-1] == 1 else y[..., x.index[0]].T
        # () or (rows,) in all copies alike; (n,) or (n, rows) one a copy
        if y.shape[-1] == 1:
            return column
        return column[:, None] if y.ndim == 1 else column
    places = [i if n > 1 else 0 for i, n in zip(x.index[lead:], y.shape, strict=True)]
    return y[tuple(places)]
