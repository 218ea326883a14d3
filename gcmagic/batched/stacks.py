"""Products of stacks of matrices, which keep to the matrix, or its row, in which copies differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import Copies
from .quick import same
from .representation import RULES


def stacked(a: Any, b: Any) -> Copies:
    """Products over leading axes."""
    thin: Any = None
    if a.shape[:-2] == b.shape[:-2]:
        if type(b) is not Copies:
            thin = _thin(a, b)
        elif type(a) is not Copies:
            thin = _thin(RULES[np.swapaxes](b, -1, -2), np.swapaxes(a, -1, -2))
            thin = None if thin is None else np.swapaxes(thin, -1, -2)
        else:
            thin = _alike(a, b)
    if thin is not None:
        return thin
    batch = (a if type(a) is Copies else b).batch
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    shape = (*lead, a.shape[-2], b.shape[-1])
    size = batch.count * int(np.prod(shape))
    batch.reserve(size)

    def rows(x: Any) -> np.ndarray:
        if type(x) is not Copies:
            return x
        full = x.dense()
        return full.reshape(batch.count, *(1,) * (len(shape) - x.ndim), *x.shape)

    out = batch.pool.empty((batch.count, *shape))
    return Copies(batch, shape, np.matmul(rows(a), rows(b), out=out))


def _thin(a: Copies, b: np.ndarray) -> Copies | None:
    """Copies of a stack of matrices that differ in one row, or column, or matrix, times a stack."""
    ndim, axes = a.ndim, a.axes
    if not axes or a.dtype != np.float64 or b.dtype != np.float64:
        return None
    lead = tuple(range(ndim - 2))
    if axes[: len(lead)] == lead:
        return _of_one_matrix(a, b, len(lead))
    return _of_all_matrices(a, b) if axes in ((ndim - 1,), (ndim - 2,)) else None


def _of_all_matrices(a: Copies, b: np.ndarray) -> Copies | None:
    """The same row, or column, of every matrix of the stack differs."""
    batch, ndim = a.batch, a.ndim
    assert a.base is not None
    shape = (*a.shape[:-1], b.shape[-1])
    if a.axes == (ndim - 2,):  # (n, lead, q) of one row
        batch.reserve(batch.count * int(np.prod(shape)) // shape[-2])
        rows = np.matmul(np.moveaxis(a.rows, 0, -2), b)
        rows = np.ascontiguousarray(np.moveaxis(rows, -2, 0))
        return Copies(batch, shape, rows, np.matmul(a.base, b), a.axes, a.index)
    delta = a.delta()
    if delta is None:
        return None
    factor = np.moveaxis(b, -2, 0)[a.index[0]]  # (n, lead, r)
    rows = np.multiply(
        delta[..., None], factor[..., None, :], out=batch.room((batch.count, *shape))
    )
    rows += np.matmul(a.base, b)
    return Copies(batch, shape, rows)


def _of_one_matrix(a: Copies, b: np.ndarray, lead: int) -> Copies | None:
    """One matrix of the stack differs: all of it, or a row, or a column, or one number of it."""
    batch, where = a.batch, a.index[:lead]
    assert a.base is not None
    shape, base = (*a.shape[:-1], b.shape[-1]), np.matmul(a.base, b)
    if a.axes[-1] != a.ndim - 1:
        batch.reserve(a.rows.size // a.shape[-1] * shape[-1])
        return Copies(batch, shape, _each_by_its_own(a.rows, b, where), base, a.axes, a.index)
    delta = a.delta()
    if delta is None:
        return None
    left, index = a.axes[:-1], a.index[:-1]
    factor = b[(*where, a.index[-1])]  # (n, r)
    if len(left) == lead:  # a column: of every row a number
        factor = factor[:, None, :]
    rows = batch.room((*delta.shape, shape[-1]))
    np.multiply(delta[..., None], factor, out=rows)
    rows += base[index]
    return Copies(batch, shape, rows, base, left, index)


def _alike(a: Copies, b: Copies) -> Copies | None:
    """Two stacks that differ in the same matrix."""
    lead = tuple(range(a.ndim - 2))
    if a.axes[: len(lead)] != lead or b.axes[: len(lead)] != lead:
        return None
    where = a.index[: len(lead)]
    if not all(same(i, j) for i, j in zip(where, b.index, strict=False)):
        return None
    assert a.base is not None
    assert b.base is not None
    shape = (*a.shape[:-1], b.shape[-1])
    rows = np.matmul(a.on(lead), b.on(lead))
    return Copies(a.batch, shape, rows, np.matmul(a.base, b.base), lead, where)


# stacks of more matrices are taken apart by copies, not by matrices
_MATRICES = 64


def _each_by_its_own(rows: np.ndarray, b: np.ndarray, where: tuple[np.ndarray, ...]) -> np.ndarray:
    """Rows, (n, q) or (n, p, q), times the matrix at `where` of a stack."""
    out = np.empty((*rows.shape[:-1], b.shape[-1]))
    which = np.ravel_multi_index(where, b.shape[:-2])
    flat = b.reshape(-1, *b.shape[-2:])
    if len(flat) > _MATRICES:
        if rows.ndim == 2:
            return np.matmul(rows[:, None, :], flat[which])[:, 0]
        return np.matmul(rows, flat[which], out=out)
    for k in range(len(flat)):
        own = np.flatnonzero(which == k)
        if own.size:
            out[own] = np.matmul(rows[own], flat[k])
    return out
