"""Functions that move numbers about: reshape, transpose, join, split, pad, repeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import RULES, Copies, gather, rest_of
from .elementwise import elementwise, same
from .reductions import axes_of


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
        return x.view(Copies(x.batch, new, x.rows, x.base, x.axes, x.index))
    if x.axes:
        found = _regroup(x, new)
        if found is not None:
            return x.view(found)
    return x.view(Copies(x.batch, new, x.dense().reshape(x.batch.count, *new)))


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
    return x.view(Copies(x.batch, shape, rows, base, moved, index))


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


def _batch_of(arrays: Any) -> Any:
    return next(x.batch for x in arrays if type(x) is Copies)


def concatenate(arrays: Any, axis: Any = 0, **kwargs: Any) -> Any:
    """np.concatenate."""
    if type(arrays) is Copies:
        arrays = list(arrays)
    batch = _batch_of(arrays)
    if kwargs:
        batch.refuse(f"np.concatenate with {' '.join(kwargs)}")
    if axis is None:
        arrays, axis = [np.ravel(x) for x in arrays], 0
    arrays = [x if type(x) is Copies else np.asarray(x) for x in arrays]
    if any(x.ndim != arrays[0].ndim for x in arrays):
        raise ValueError("all the input array dimensions must match")
    (axis,) = axes_of(axis, arrays[0].ndim)
    copies = [x for x in arrays if type(x) is Copies]
    ndim = copies[0].ndim
    sizes = {a: n for a, n in enumerate(copies[0].shape) if a != axis}
    if any(x.shape[a] != n for x in arrays for a, n in sizes.items()):
        raise ValueError("all the input array dimensions except the one joined must match")
    shape = tuple(
        sum(x.shape[axis] for x in arrays) if a == axis else n
        for a, n in enumerate(copies[0].shape)
    )
    if len(copies) == 1 and axis in copies[0].axes:
        (x,) = copies
        at = next(k for k, y in enumerate(arrays) if y is x)
        offset = sum(y.shape[axis] for y in arrays[:at])
        index = tuple(i + offset if a == axis else i for a, i in zip(x.axes, x.index, strict=True))
        base = np.concatenate([x.base if y is x else y for y in arrays], axis)
        return Copies(batch, shape, x.rows, base, x.axes, index)
    found = dict(zip(copies[0].axes, copies[0].index, strict=True))
    for x in copies:
        own = dict(zip(x.axes, x.index, strict=True))
        found = {a: i for a, i in found.items() if a != axis and a in own and same(own[a], i)}
    axes = tuple(sorted(found))
    index = tuple(found[a] for a in axes)
    rest = rest_of(ndim, axes)
    batch.reserve(batch.count * np.prod([shape[a] for a in rest], dtype=float))
    rows = []
    for x in arrays:
        if type(x) is Copies:
            rows.append(x.on(axes))
        elif axes:
            rows.append(gather(x, axes, index))
        else:
            rows.append(np.broadcast_to(x, (batch.count, *x.shape)))
    base = None
    if axes:
        base = np.concatenate([x.base if type(x) is Copies else x for x in arrays], axis)
    return Copies(
        batch, shape, np.concatenate(rows, axis=1 + rest.index(axis)), base, axes, index
    )


def stack(arrays: Any, axis: int = 0, **kwargs: Any) -> Any:
    """np.stack."""
    return concatenate([np.expand_dims(x, axis) for x in arrays], axis, **kwargs)


def vstack(tup: Any, **kwargs: Any) -> Any:
    """np.vstack."""
    return concatenate([np.atleast_2d(x) for x in tup], 0, **kwargs)


def hstack(tup: Any, **kwargs: Any) -> Any:
    """np.hstack."""
    arrays = [np.atleast_1d(x) for x in tup]
    return concatenate(arrays, 0 if arrays[0].ndim == 1 else 1, **kwargs)


def column_stack(tup: Any) -> Any:
    """np.column_stack."""
    return concatenate([np.reshape(x, (-1, 1)) if np.ndim(x) < 2 else x for x in tup], 1)


def dstack(tup: Any) -> Any:
    """np.dstack."""
    return concatenate([np.atleast_3d(x) for x in tup], 2)


def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """np.append."""
    return concatenate([arr, values], axis)


def _at_least(ndim: int) -> Callable[..., Any]:
    def rule(*arrays: Any) -> Any:
        found = []
        for x in arrays:
            shape = np.shape(x)
            if ndim == 3 and len(shape) < 3:
                shape = {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}[len(shape)]
            else:
                shape = (1,) * (ndim - len(shape)) + shape
            found.append(np.reshape(x, shape))
        return found[0] if len(found) == 1 else tuple(found)

    return rule


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """np.array_split, and np.split, which is the same where it is defined."""
    (axis,) = axes_of(axis, x.ndim)
    places = np.array_split(np.arange(x.shape[axis]), indices_or_sections)
    start, found = 0, []
    bounds = np.ndim(indices_or_sections) > 0
    if bounds:
        ends = [*map(int, indices_or_sections), x.shape[axis]]
        starts = [0, *ends[:-1]]
    else:
        ends = [int(e) for e in np.cumsum([len(p) for p in places])]
        starts = [start, *ends[:-1]]
    for a, b in zip(starts, ends, strict=True):
        found.append(x[(slice(None),) * axis + (slice(a, b),)])
    return found


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """np.split."""
    if np.ndim(indices_or_sections) == 0 and x.shape[axis] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(x, indices_or_sections, axis)


def pad(x: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """np.pad."""
    if callable(mode):
        x.batch.refuse("np.pad with a function")
    if isinstance(pad_width, dict):
        x.batch.refuse("np.pad with a dict")
    widths = [tuple(map(int, w)) for w in np.broadcast_to(pad_width, (x.ndim, 2))]
    plain = mode == "constant" and np.ndim(kwargs.get("constant_values", 0)) == 0
    if mode == "constant" and not plain:
        x.batch.refuse("np.pad with several constants")
    if x.axes and plain:
        index = tuple(i + widths[a][0] for a, i in zip(x.axes, x.index, strict=True))
        inner = [(0, 0), *[widths[a] for a in rest_of(x.ndim, x.axes)]]
        base = np.pad(x.base, widths, mode, **kwargs)
        rows = np.pad(x.rows, inner, mode, **kwargs)
        return Copies(x.batch, base.shape, rows, base, x.axes, index)
    rows = np.pad(x.dense(), [(0, 0), *widths], mode, **kwargs)
    return Copies(x.batch, rows.shape[1:], rows)


def tile(A: Any, reps: Any) -> Any:
    """np.tile."""
    reps = tuple(reps) if np.iterable(reps) else (reps,)
    shape = (1,) * (len(reps) - A.ndim) + A.shape
    reps = (1,) * (len(shape) - len(reps)) + reps
    A.batch.reserve(A.batch.count * np.prod(shape, dtype=float) * np.prod(reps, dtype=float))
    rows = np.tile(A.dense().reshape(A.batch.count, *shape), (1, *reps))
    return Copies(A.batch, rows.shape[1:], rows)


def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    """np.repeat."""
    if axis is None:
        x, axis = ravel(x), 0
    (axis,) = axes_of(axis, x.ndim)
    return x[(slice(None),) * axis + (np.repeat(np.arange(x.shape[axis]), repeats),)]


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
        np.concatenate: concatenate,
        np.stack: stack,
        np.vstack: vstack,
        np.hstack: hstack,
        np.column_stack: column_stack,
        np.dstack: dstack,
        np.append: append,
        np.atleast_1d: _at_least(1),
        np.atleast_2d: _at_least(2),
        np.atleast_3d: _at_least(3),
        np.array_split: array_split,
        np.split: split,
        np.vsplit: lambda x, n: split(x, n, 0),
        np.hsplit: lambda x, n: split(x, n, 0 if x.ndim == 1 else 1),
        np.pad: pad,
        np.tile: tile,
        np.repeat: repeat,
        np.diff: lambda a, n=1, axis=-1: _diff(a, n, axis),
    }
)
for _function in (np.flip, np.fliplr, np.flipud, np.roll, np.rot90, np.diagonal, np.matrix_transpose):
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
