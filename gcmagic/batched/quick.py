"""The commonest elementwise cases without the general machinery, which costs more than they do.

Copies alone, beside a number, beside a plain array that does not make them larger, beside copies
that differ at the same places: what nearly all of a network consists of. None for everything else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .batch import Batch
from .chain import LARGE, Chain
from .representation import Index, Representation, picked

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


# fewer numbers than this are not worth a look at whose memory they are
WORTH = 4096


def quick(
    kind: Any,
    batch: Batch,
    ufunc: np.ufunc,
    inputs: tuple[Any, ...],
    spare: Representation | None = None,
) -> Any:
    """The copies that `ufunc` gives; None where this is none of the common cases.

    `kind` is the class of copies, which this module does not know; `spare` is an input that nobody
    will look at again.
    """
    if len(inputs) == 1:
        return _of_one(kind, batch, ufunc, inputs[0], spare) if ufunc in UNARY else None
    if len(inputs) != 2:
        return None
    a, b = inputs
    if ufunc is np.power:  # as NumPy does it for x ** 2
        instead = POWERS.get(b) if type(b) in (int, float) else None
        return None if instead is None else _of_one(kind, batch, instead, a, spare)
    if ufunc not in BINARY and ufunc not in ASKING:
        return None
    if type(a) is kind:
        if type(b) is kind:
            return _of_two(kind, batch, ufunc, a, b, spare)
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
            return _of_bias(kind, batch, ufunc, x, y, x is a)
    else:
        return None
    rows = x.rows
    shape = rows.shape
    out = (
        batch.room(shape)
        if spare is None and ufunc in BINARY
        else _room(batch, ufunc, shape, spare)
    )
    if x is a:
        rows = ufunc(rows, beside, out=out)
        base = ufunc(x.base, y) if x.axes else None
    else:
        rows = ufunc(beside, rows, out=out)
        base = ufunc(y, x.base) if x.axes else None
    return kind(batch, x.shape, rows, base, x.axes, x.index)


def may_wait(x: Any) -> bool:
    """Whether steps on `x` may wait for others: copies in full, too large for the cache."""
    return x.chain is not None or (not x.axes and x.rows.size >= LARGE)


def waiting(
    kind: Any, batch: Batch, ufunc: np.ufunc, x: Any, other: Any, first: bool, lone: bool
) -> Any:
    """The copies that `ufunc` gives, to be computed later; None where that is not to be had.

    Parameters
    ----------
    x, other
        Copies that `may_wait`, and a number or a plain array, or None.
    first
        Whether `x` is the first argument of the two.
    lone
        Whether nobody but the expression holds `x`.
    """
    if ufunc is np.power and first and type(other) in (int, float):
        ufunc, other = POWERS.get(other, ufunc), None if other in POWERS else other
    if other is None:
        if ufunc not in UNARY:
            return None
    elif ufunc not in BINARY or ufunc is np.power:
        return None
    elif type(other) is np.ndarray:
        lead = len(x.shape) - other.ndim
        if other.dtype.kind not in "fiub" or lead < 0 or not _fits(other.shape, x.shape[lead:]):
            return None
        spread = np.empty(x.shape)  # of its own: whoever has the other may write into it
        spread[...] = other
        other = spread
    elif type(other) not in _NUMBERS:
        return None
    chain = x.chain
    if chain is None or not (lone or chain.is_light):
        if x.rows.dtype is not F8:
            return None
        x.own = False
        chain = Chain(x.rows.shape, x.rows, keeper=x)
    return kind(batch, x.shape, chain.then(ufunc, other, first))


def _room(
    batch: Batch, ufunc: np.ufunc, shape: tuple[int, ...], spare: Representation | None
) -> np.ndarray:
    if ufunc in ASKING:
        return batch.room(shape, np.bool_)
    if spare is None or spare.rows.shape != shape:
        return batch.room(shape)
    rows, spare.rows = spare.rows, _GONE
    batch.live -= rows.nbytes
    return rows


_GONE = np.empty(0)


def _of_one(
    kind: Any, batch: Batch, ufunc: np.ufunc, x: Representation, spare: Representation | None
) -> Any:
    rows = x.rows
    if type(x) is not kind or rows.dtype is not F8:
        return None
    base = None
    if x.axes:
        assert x.base is not None
        if x.base.dtype is not F8:
            return None
        base = ufunc(x.base)
    out = batch.room(rows.shape) if spare is None else _room(batch, ufunc, rows.shape, spare)
    return kind(batch, x.shape, ufunc(rows, out=out), base, x.axes, x.index)


def _of_two(
    kind: Any, batch: Batch, ufunc: np.ufunc, a: Any, b: Any, spare: Representation | None
) -> Any:
    left, right = a.rows, b.rows
    if left.dtype is not F8 or right.dtype is not F8:
        return None
    shape = a.shape
    if a.axes or b.axes:
        if a.shape != b.shape:
            return _of_small(kind, batch, ufunc, a, b, spare)
        if a.axes == b.axes and _same(a.index, b.index):
            rows = ufunc(left, right, out=_room(batch, ufunc, left.shape, spare))
            return kind(batch, shape, rows, ufunc(a.base, b.base), a.axes, a.index)
        if not a.axes or not b.axes:
            return _of_dense(kind, batch, ufunc, a, b, spare)
        return None
    if shape != b.shape and (len(shape) != len(b.shape) or not _fits(b.shape, shape)):
        return None
    rows = ufunc(left, right, out=_room(batch, ufunc, left.shape, spare))
    return kind(batch, shape, rows)


def _of_dense(
    kind: Any, batch: Batch, ufunc: np.ufunc, a: Any, b: Any, spare: Representation | None
) -> Any:
    """Copies in full and copies that differ at one place: the base everywhere, then that place."""
    x = a if a.axes else b
    if x.base.dtype is not F8:
        return None
    where: list[Any] = [slice(None)] * (1 + len(x.shape))
    where[0] = batch.places
    for axis, index in zip(x.axes, x.index, strict=True):
        where[1 + axis] = index
    # what is indexed comes first, as in the rows of copies
    full, moved = (b.rows, a.rows) if x is a else (a.rows, b.rows)
    there = full[tuple(where)]
    out = _room(batch, ufunc, full.shape, spare)
    if x is a:
        there = ufunc(moved, there)
        rows = ufunc(x.base, full, out=out)
    else:
        there = ufunc(there, moved)
        rows = ufunc(full, x.base, out=out)
    rows[tuple(where)] = there
    return kind(batch, x.shape, rows)


def _of_small(
    kind: Any, batch: Batch, ufunc: np.ufunc, a: Any, b: Any, spare: Representation | None
) -> Any:
    """Copies in full and copies of a smaller array, such as a bias, which differ at one place."""
    full, x = (b, a) if a.axes else (a, b)
    lead = len(full.shape) - len(x.shape)
    if full.axes or lead < 0 or x.base.dtype is not F8 or not _fits(x.shape, full.shape[lead:]):
        return None
    rows = x.dense().reshape(batch.count, *(1,) * lead, *x.shape)
    left, right = (rows, full.rows) if x is a else (full.rows, rows)
    out = _room(batch, ufunc, full.rows.shape, spare if spare is full else None)
    return kind(batch, full.shape, ufunc(left, right, out=out))


def _of_bias(kind: Any, batch: Batch, ufunc: np.ufunc, x: Any, y: np.ndarray, first: bool) -> Any:
    """Copies of a bias, each with one number moved, beside a plain matrix that it is spread over.

    The result differs in one row, or in one column.
    """
    if y.ndim != 2 or y.dtype is not F8 or not x.axes or len(x.axes) != len(x.shape):
        return None
    lead = 2 - len(x.shape)
    if lead < 0 or not _fits(x.shape, y.shape[lead:]):
        return None
    # along an axis that is spread, the difference is everywhere
    spanned = [a for a in x.axes if x.shape[a] == y.shape[a + lead] and x.shape[a] > 1]
    if len(spanned) != 1:
        return None
    index = x.index[spanned[0]]
    axis = spanned[0] + lead
    beside = picked(y.T if axis else y, index)
    moved = x.rows[:, None]
    out = batch.room(beside.shape, np.bool_ if ufunc in ASKING else np.float64)
    if first:
        rows, base = ufunc(moved, beside, out=out), ufunc(x.base, y)
    else:
        rows, base = ufunc(beside, moved, out=out), ufunc(y, x.base)
    return kind(batch, y.shape, rows, base, (axis,), (index,))


def _same(first: Index, second: Index) -> bool:
    return all(same(i, j) for i, j in zip(first, second, strict=True))


def _fits(small: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether an array of the shape `small` broadcasts into `shape`, of as many axes."""
    if small != shape:
        for n, m in zip(small, shape, strict=True):
            if n not in (1, m):
                return False
    return True


def _beside(x: Any, y: np.ndarray) -> Any:
    """A plain array as it stands beside the rows of `x`; None where it is not plain to see."""
    shape, lead = x.shape, len(x.shape) - y.ndim
    if lead < 0 or not _fits(y.shape, shape[lead:]):
        return None
    axes = x.axes
    if not y.ndim:
        return y
    if not axes:
        if y.shape == shape or x.rows.size < WORTH:
            return y
        # as long runs of numbers, which is quicker
        return np.ascontiguousarray(np.broadcast_to(y, shape))
    if axes == (0,):
        if lead:
            return y
        return y[0] if y.shape[0] == 1 else picked(y, x.index[0])
    if len(shape) != 2:
        return None
    if axes == (1,):
        if y.shape[-1] == 1:
            return y[..., 0]  # () or (rows,), in all copies alike
        beside = picked(y.T, x.index[0])  # (n,) or (n, rows), one a copy
        return beside[:, None] if y.ndim == 1 else beside
    places = [i if n > 1 else 0 for i, n in zip(x.index[lead:], y.shape, strict=True)]
    return y[tuple(places)]
