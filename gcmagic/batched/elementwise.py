"""Functions that act on each number by itself: ufuncs, where, clip, casts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Copies
from .batch import Batch
from .choosing import chosen
from .quick import BINARY, POWERS, UNARY, same
from .representation import RULES, UFUNCS, Index, gather, rest_of
from .singly import singly

_broadcast = functools.lru_cache(maxsize=512)(np.broadcast_shapes)


def shared(copies: list[Copies], ndim: int, shape: tuple[int, ...]) -> tuple[list[int], Index]:
    """The axes of the result along which all that differs lies at one index, and that index."""
    found: dict[int, np.ndarray] | None = None
    for x in copies:
        off = ndim - len(x.shape)
        # along an axis that is broadcast the difference is everywhere
        own = {a + off: i for a, i in zip(x.axes, x.index, strict=True) if _spans(x, a, off, shape)}
        if found is None:
            found = own
        else:
            found = {a: i for a, i in found.items() if a in own and same(own[a], i)}
    axes = sorted(found or {})
    return axes, tuple(found[a] for a in axes) if found else ()


def _spans(x: Copies, axis: int, off: int, shape: tuple[int, ...]) -> bool:
    return x.shape[axis] == shape[axis + off]


def elementwise(function: Callable[..., Any], *inputs: Any, **kwargs: Any) -> Any:
    """`function`, which broadcasts its arguments, on all copies."""
    copies = [x for x in inputs if type(x) is Copies]
    batch = copies[0].batch
    shapes = [x.shape if type(x) is Copies else np.shape(x) for x in inputs]
    shape = shapes[0] if len(shapes) == 1 else _broadcast(*shapes)
    ndim = len(shape)
    axes, index = shared(copies, ndim, shape)
    kept = tuple(axes)
    rest = [shape[a] for a in rest_of(ndim, kept)]
    size = batch.count
    for n in rest:
        size *= n
    batch.reserve(size)
    rows, bases = [], []
    for x in inputs:
        if type(x) is Copies:
            off = ndim - len(x.shape)
            part = x.on(tuple(a - off for a in kept))
            rows.append(part.reshape(batch.count, *(1,) * off, *part.shape[1:]) if off else part)
            bases.append(x.base)
        else:
            rows.append(_alongside(x, ndim, kept, index))
            bases.append(x)
    if not kwargs and _in_floats(function, rows):
        found = function(*rows, out=batch.pool.empty((batch.count, *rest)))
    else:
        found = function(*rows, **kwargs)
    base = function(*bases, **kwargs) if kept else None
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiub":
        batch.refuse(f"{getattr(function, '__name__', function)} gives no array of real numbers")
    return Copies(batch, shape, found, base, kept, index)


def _in_floats(function: Any, rows: list[Any]) -> bool:
    """Whether a ufunc gives float64 here, into memory that is there already."""
    if function not in BINARY and function not in UNARY:
        return False
    return all(
        x.dtype == np.float64 if isinstance(x, np.ndarray) else type(x) in (int, float)
        for x in rows
    )


def _alongside(x: Any, ndim: int, axes: tuple[int, ...], index: Index) -> Any:
    """A plain argument as it stands beside rows with `axes` taken out."""
    if x is None or isinstance(x, (int, float)):
        return x
    x = np.asarray(x)
    if not axes or x.ndim == 0:
        return x
    lifted = x.reshape((1,) * (ndim - x.ndim) + x.shape)
    full = tuple(a for a in axes if lifted.shape[a] != 1)
    found = gather(lifted, full, tuple(index[axes.index(a)] for a in full))
    # the axes of length one among `axes` are still there
    left = rest_of(ndim, full)
    drop = tuple(1 + k for k, a in enumerate(left) if a in axes)
    return found.reshape([n for k, n in enumerate(found.shape) if k not in drop])


def _call(batch: Batch, ufunc: np.ufunc, *inputs: Any, **kwargs: Any) -> Any:
    if ufunc.signature is not None:
        rule = RULES.get(ufunc)
        return singly(ufunc, *inputs, **kwargs) if rule is None else rule(*inputs, **kwargs)
    if ufunc.nout != 1:
        return singly(ufunc, *inputs, **kwargs)
    if kwargs.pop("where", True) is not True:
        batch.refuse(f"np.{ufunc.__name__} with where=")
    if kwargs.keys() - {"dtype", "casting", "subok", "order"}:
        batch.refuse(f"np.{ufunc.__name__} with {' '.join(kwargs)}")
    if ufunc is np.power and not kwargs and type(inputs[1]) in (int, float):
        quick = POWERS.get(inputs[1])  # as NumPy does it for x ** 2
        if quick is not None and inputs[0].dtype.kind == "f":
            return elementwise(quick, inputs[0])
    return elementwise(ufunc, *inputs, **kwargs)


def _reduce(batch: Batch, ufunc: np.ufunc, x: Any, axis: Any = 0, **kwargs: Any) -> Any:
    rule = {
        np.add: np.sum,
        np.multiply: np.prod,
        np.maximum: np.max,
        np.minimum: np.min,
        np.logical_and: np.all,
        np.logical_or: np.any,
    }.get(ufunc)
    if rule is None:
        return singly(ufunc.reduce, x, axis=axis, **kwargs)
    return RULES[rule](x, axis=axis, **kwargs)


def _accumulate(batch: Batch, ufunc: np.ufunc, x: Any, axis: Any = 0, **kwargs: Any) -> Any:
    rule = {np.add: np.cumsum, np.multiply: np.cumprod}.get(ufunc)
    if rule is None or kwargs:
        return singly(ufunc.accumulate, x, axis=axis, **kwargs)
    return RULES[rule](x, axis=axis)


def _outer(batch: Batch, ufunc: np.ufunc, a: Any, b: Any, **kwargs: Any) -> Any:
    shape = (*np.shape(a), *(1,) * np.ndim(b))
    return _call(batch, ufunc, np.reshape(a, shape), b, **kwargs)


def _reduceat(batch: Batch, ufunc: np.ufunc, x: Any, *args: Any, **kwargs: Any) -> Any:
    return singly(ufunc.reduceat, x, *args, **kwargs)


UFUNCS.update(
    __call__=_call, reduce=_reduce, accumulate=_accumulate, reduceat=_reduceat, outer=_outer
)


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """np.where."""
    if x is None or y is None:
        return RULES[np.nonzero](condition)
    found = chosen(condition, x, y)
    return elementwise(np.where, condition, x, y) if found is None else found


def clip(x: Any, a_min: Any = None, a_max: Any = None, **kwargs: Any) -> Any:
    """np.clip."""
    low, high = kwargs.pop("min", a_min), kwargs.pop("max", a_max)
    if low is None or high is None:  # NumPy takes None, broadcasting does not
        if low is not None:
            x = np.maximum(x, low)
        return x if high is None else np.minimum(x, high)
    return elementwise(np.clip, x, low, high, **kwargs)


def astype(x: Copies, dtype: Any) -> Any:
    """x.astype."""
    wanted = np.dtype(dtype)
    return elementwise(lambda v: np.asarray(v).astype(wanted), x)


def copy(x: Copies, order: Any = "K", subok: bool = False) -> Copies:
    """np.copy; the numbers are shared until they are written into."""
    x.own = False
    return Copies(x.batch, x.shape, x.rows, x.base, x.axes, x.index)


def _simple(function: Any) -> Callable[..., Any]:
    def rule(x: Any, *args: Any, **kwargs: Any) -> Any:
        return elementwise(lambda v: function(v, *args, **kwargs), x)

    return rule


for _function in (np.nan_to_num, np.round, np.around, np.real, np.sinc, np.i0):
    RULES[_function] = _simple(_function)
for _function in (np.isclose,):
    RULES[_function] = lambda a, b, _f=_function, **kwargs: elementwise(_f, a, b, **kwargs)


def filled(value: Any, x: Any, dtype: Any) -> Any:
    """An array like `x` that is the same in all copies, and that copies may be written into."""
    if type(x) is not Copies:
        return np.full_like(x, value, dtype=dtype)
    if type(value) is Copies:
        return broadcast_to(value, x.shape)
    dtype = x.dtype if dtype is None else np.dtype(dtype)
    rows = np.broadcast_to(np.asarray(value, dtype=dtype), x.rows.shape)
    base = None if x.base is None else np.full(x.shape, value, dtype=dtype)
    return Copies(x.batch, x.shape, rows, base, x.axes, x.index)


def broadcast_to(x: Any, shape: Any, subok: bool = False) -> Any:
    """np.broadcast_to."""
    shape = tuple(shape) if np.iterable(shape) else (shape,)
    if np.broadcast_shapes(x.shape, shape) != shape:
        raise ValueError(f"cannot broadcast an array of shape {x.shape} to {shape}")

    def spread(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.broadcast_to(a, np.broadcast_shapes(a.shape, b.shape))

    return x.seen_as(elementwise(spread, x, np.broadcast_to(np.float64(0.0), shape)))


RULES.update(
    {
        np.where: where,
        np.clip: clip,
        "astype": astype,
        np.copy: copy,
        np.zeros_like: lambda x, dtype=None: filled(0, x, dtype),
        np.ones_like: lambda x, dtype=None: filled(1, x, dtype),
        np.empty_like: lambda x, dtype=None: filled(0, x, dtype),
        np.full_like: lambda x, fill_value, dtype=None: filled(fill_value, x, dtype),
        np.broadcast_to: broadcast_to,
        np.shape: lambda x: x.shape,
        np.ndim: lambda x: x.ndim,
        np.size: lambda x, axis=None: x.size if axis is None else x.shape[axis],
        np.iscomplexobj: lambda x: False,
        np.isrealobj: lambda x: True,
        np.result_type: lambda *xs: np.result_type(
            *(x.dtype if type(x) is Copies else x for x in xs)
        ),
    }
)
