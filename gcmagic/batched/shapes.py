"""Functions that move numbers about: reshape, transpose, flip, roll, diagonals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Copies
from .elementwise import elementwise
from .reductions import axes_of
from .representation import RULES, rest_of


def reshape(x: Any, shape: Any = None, order: str = "C", **kwargs: Any) -> Any:
    """np.reshape."""
    shape = kwargs.pop("newshape", shape)
    kwargs.pop("copy", None)
    if kwargs or order not in ("C", "F", "A"):
        x.batch.refuse(f"np.reshape with {' '.join(kwargs) or order}")
    new = tuple(int(n) for n in shape) if np.iterable(shape) else (int(shape),)
    if order == "F":
        return transpose(reshape(transpose(x), new[::-1]))
    new = np.broadcast_to(np.int8(0), x.shape).reshape(new).shape  # fills in -1, or raises
    if new == x.shape:
        return x.seen_as(Copies(x.batch, new, x.rows, x.base, x.axes, x.index))
    if x.axes:
        found = _regroup(x, new)
        if found is not None:
            return x.seen_as(found)
    return x.seen_as(Copies(x.batch, new, x.dense().reshape(x.batch.count, *new)))


def _regroup(x: Copies, new: tuple[int, ...]) -> Copies | None:
    """Axes that merge or split among themselves keep the index; None where they mix with others."""
    olds = [a for a in range(x.ndim) if x.shape[a] != 1]
    news = [a for a in range(len(new)) if new[a] != 1]
    where = dict(zip(x.axes, x.index, strict=True))
    index: dict[int, np.ndarray] = {}
    i = j = 0
    while i < len(olds) or j < len(news):
        from_, to = [], []
        left = right = 1
        while not from_ or left != right:
            if not from_ or left < right:
                from_.append(olds[i])
                left *= x.shape[olds[i]]
                i += 1
            else:
                to.append(news[j])
                right *= new[news[j]]
                j += 1
        inside = [a in where for a in from_]
        if any(inside) and not all(inside):
            return None
        if all(inside):
            sizes = tuple(x.shape[a] for a in from_)
            if len(from_) == len(to) == 1:
                index[to[0]] = where[from_[0]]
                continue
            flat = np.ravel_multi_index(tuple(where[a] for a in from_), sizes)
            parts = np.unravel_index(flat, tuple(new[a] for a in to))
            index.update(zip(to, parts, strict=True))
    axes = tuple(sorted(index))
    rest = [new[a] for a in rest_of(len(new), axes)]
    base = x.base.reshape(new) if axes and x.base is not None else None
    rows = x.rows.reshape(x.batch.count, *rest)
    return Copies(x.batch, new, rows, base, axes, tuple(index[a] for a in axes))


def transpose(x: Any, axes: Any = None) -> Any:
    """np.transpose."""
    order = tuple(reversed(range(x.ndim))) if axes is None else tuple(int(a) for a in axes)
    if sorted(a % x.ndim if -x.ndim <= a < x.ndim else x.ndim for a in order) != list(
        range(x.ndim)
    ):
        raise ValueError("axes don't match array")
    order = tuple(a % x.ndim for a in order)
    rest = rest_of(x.ndim, x.axes)
    moved = tuple(k for k, a in enumerate(order) if a in x.axes)
    rows = x.rows.transpose(0, *[1 + rest.index(a) for a in order if a in rest])
    index = x.index_of(tuple(order[k] for k in moved))
    base = x.base.transpose(order) if x.axes else None
    shape = tuple(x.shape[a] for a in order)
    return x.seen_as(Copies(x.batch, shape, rows, base, moved, index))


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """np.swapaxes."""
    order = list(range(x.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, order)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """np.moveaxis."""
    from_ = [a % x.ndim for a in np.atleast_1d(source)]
    to = [a % x.ndim for a in np.atleast_1d(destination)]
    order = [a for a in range(x.ndim) if a not in from_]
    for d, s in sorted(zip(to, from_, strict=True)):
        order.insert(d, s)
    return transpose(x, order)


def rollaxis(x: Any, axis: int, start: int = 0) -> Any:
    """np.rollaxis."""
    axis = axis % x.ndim
    start = start + x.ndim if start < 0 else start
    return moveaxis(x, axis, start - 1 if axis < start else start)


def squeeze(x: Any, axis: Any = None) -> Any:
    """np.squeeze."""
    ones = tuple(a for a, n in enumerate(x.shape) if n == 1)
    gone = ones if axis is None else axes_of(axis, x.ndim)
    if set(gone) - set(ones):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return reshape(x, tuple(n for a, n in enumerate(x.shape) if a not in gone))


def expand_dims(x: Any, axis: Any) -> Any:
    """np.expand_dims."""
    given = tuple(axis) if np.iterable(axis) else (axis,)
    ndim = x.ndim + len(given)
    places = axes_of(given, ndim)
    old = iter(x.shape)
    return reshape(x, tuple(1 if a in places else next(old) for a in range(ndim)))


def ravel(x: Any, order: str = "C") -> Any:
    """np.ravel."""
    return reshape(x, (-1,), order="C" if order == "K" else order)


def _along(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that only moves numbers: see where it takes each place."""

    def rule(x: Any, *args: Any, **kwargs: Any) -> Any:
        places = np.arange(x.size).reshape(x.shape)
        moved = function(places, *args, **kwargs)
        return RULES["take"](x, moved)

    return rule


RULES.update(
    {
        np.reshape: reshape,
        np.transpose: transpose,
        np.swapaxes: swapaxes,
        np.moveaxis: moveaxis,
        np.rollaxis: rollaxis,
        np.squeeze: squeeze,
        np.expand_dims: expand_dims,
        np.ravel: ravel,
        np.diff: lambda a, n=1, axis=-1: _diff(a, n, axis),
    }
)
for _function in (
    np.flip,
    np.fliplr,
    np.flipud,
    np.roll,
    np.rot90,
    np.diagonal,
    np.matrix_transpose,
):
    RULES[_function] = _along(_function)
for _function in (np.lib.stride_tricks.sliding_window_view,):
    RULES[_function] = _along(_function)


def _diag(v: Any, k: int = 0) -> Any:
    if v.ndim == 1:
        size = v.size + abs(k)
        at = np.arange(v.size)
        mask = np.zeros((size, size), dtype=bool)
        mask[at + max(-k, 0), at + max(k, 0)] = True
        source = np.zeros((size, size), dtype=int)
        source[mask] = at
        return elementwise(np.where, mask, RULES["take"](v, source), 0.0)
    return RULES["take"](v, np.diag(np.arange(v.size).reshape(v.shape), k))


def _diff(a: Any, n: int, axis: int) -> Any:
    (axis,) = axes_of(axis, a.ndim)
    lead = (slice(None),) * axis
    for _ in range(n):
        a = a[(*lead, slice(1, None))] - a[(*lead, slice(None, -1))]
    return a


RULES[np.diag] = _diag
RULES[np.trace] = lambda a: np.sum(_diag(a))
for _function in (np.tril, np.triu):
    RULES[_function] = lambda m, k=0, _f=_function: elementwise(
        np.where, _f(np.ones(m.shape[-2:], dtype=bool), k), m, 0.0
    )
