"""Functions that join, split, pad and repeat arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Copies
from .elementwise import same
from .reductions import axes_of
from .representation import RULES, gather, rest_of
from .shapes import ravel
from .singly import singly


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
        bases: list[Any] = [x.base if y is x else y for y in arrays]
        base = np.concatenate(bases, axis)
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
        bases = [x.base if type(x) is Copies else x for x in arrays]
        base = np.concatenate(bases, axis)
    return Copies(batch, shape, np.concatenate(rows, axis=1 + rest.index(axis)), base, axes, index)


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
    if callable(mode) or isinstance(pad_width, dict):
        return singly(np.pad, x, pad_width, mode, **kwargs)
    widths = [tuple(map(int, w)) for w in np.broadcast_to(np.asarray(pad_width), (x.ndim, 2))]
    how: Any = mode
    plain = mode == "constant" and np.ndim(kwargs.get("constant_values", 0)) == 0
    if mode == "constant" and not plain:
        return singly(np.pad, x, pad_width, mode, **kwargs)
    if x.axes and plain:
        index = tuple(i + widths[a][0] for a, i in zip(x.axes, x.index, strict=True))
        inner = [(0, 0), *[widths[a] for a in rest_of(x.ndim, x.axes)]]
        base = np.pad(x.base, widths, how, **kwargs)
        rows = np.pad(x.rows, inner, how, **kwargs)
        return Copies(x.batch, base.shape, rows, base, x.axes, index)
    rows = np.pad(x.dense(), [(0, 0), *widths], how, **kwargs)
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


RULES.update(
    {
        np.concatenate: concatenate,
        np.stack: stack,
        np.vstack: vstack,
        np.hstack: hstack,
        np.column_stack: column_stack,
        np.dstack: dstack,
        np.append: append,
        np.array_split: array_split,
        np.split: split,
        np.pad: pad,
        np.tile: tile,
        np.repeat: repeat,
        np.atleast_1d: _at_least(1),
        np.atleast_2d: _at_least(2),
        np.atleast_3d: _at_least(3),
        np.vsplit: lambda x, n: split(x, n, 0),
        np.hsplit: lambda x, n: split(x, n, 0 if x.ndim == 1 else 1),
    }
)
