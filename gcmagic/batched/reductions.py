"""Functions that reduce axes: sums, means, extremes, norms, cumulative sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Copies
from .elementwise import elementwise
from .quick import WORTH
from .representation import RULES, gather, rest_of
from .singly import singly

_NO = np._NoValue


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes that may be None, one, negative, as a sorted tuple."""
    if axis is None:
        return tuple(range(ndim))
    given = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    found = []
    for a in given:
        if not -ndim <= a < ndim:
            raise np.exceptions.AxisError(int(a), ndim)
        found.append(int(a) % ndim)
    return tuple(sorted(found))


def drop(x: Copies, axes: tuple[int, ...]) -> Copies:
    """Without `axes`, each of length one."""
    keep = rest_of(x.ndim, axes)
    shape = tuple(x.shape[a] for a in keep)
    left = [a for a in x.axes if a in keep]
    new = tuple(keep.index(a) for a in left)
    rest = [shape[k] for k in rest_of(len(shape), new)]
    base = x.base.reshape(shape) if new and x.base is not None else None
    rows = x.rows.reshape(x.batch.count, *rest)
    return Copies(x.batch, shape, rows, base, new, x.index_of(tuple(left)))


def reduction(function: Callable[..., Any], linear: bool = False) -> Callable[..., Any]:
    """The rule of a function with the arguments axis and keepdims."""

    def rule(x: Any, axis: Any = None, **kwargs: Any) -> Any:
        if axis is None and not kwargs and not x.axes:  # in one run, as NumPy does without copies
            chain = x.chain
            if chain is not None and chain.is_light and function in (np.sum, np.mean):
                room = x.batch.room((chain.pieces()[0].stop, *x.shape))
                return Copies(x.batch, (), chain.reduced(function, room))
            return Copies(x.batch, (), function(x.rows.reshape(x.batch.count, -1), axis=1))
        if axis is None and not kwargs and linear and (delta := x.delta()) is not None:
            flat = delta.reshape(x.batch.count, -1)
            few = flat.shape[1] <= _SHORT  # which NumPy's own loop takes one row at a time
            moved = np.einsum("ij->i", flat) if few else np.add.reduce(flat, axis=1)
            if function is np.mean:
                moved /= x.size
            return Copies(x.batch, (), moved + function(x.base))
        keepdims = kwargs.pop("keepdims", _NO)
        keepdims = False if keepdims is _NO else bool(keepdims)
        kwargs = {k: v for k, v in kwargs.items() if v is not _NO and v is not None}
        if kwargs.get("where") is True:
            del kwargs["where"]
        if kwargs.keys() - {"ddof", "dtype", "correction"}:  # initial and where
            return singly(function, x, axis=axis, keepdims=keepdims, **kwargs)
        over = axes_of(axis, x.ndim)
        shape = tuple(1 if a in over else n for a, n in enumerate(x.shape))
        count = x.batch.count
        if not x.axes and len(over) == x.ndim:  # in one run, as NumPy does without copies
            flat = function(x.rows.reshape(count, -1), axis=1, **kwargs)
            found = Copies(x.batch, shape, flat.reshape(count, *shape))
        elif not x.axes and not kwargs and (quick := _along_last(function, x, over)) is not None:
            found = Copies(x.batch, shape, quick)
        elif not set(over) & set(x.axes):
            rest = rest_of(x.ndim, x.axes)
            places = _one(tuple(1 + rest.index(a) for a in over))
            base = function(x.base, axis=_one(over), keepdims=True, **kwargs) if x.axes else None
            rows = function(x.rows, axis=places, keepdims=True, **kwargs)
            found = Copies(x.batch, shape, rows, base, x.axes, x.index)
        elif linear and not kwargs and (delta := x.delta()) is not None:
            found = _moved(function, x, over, shape, delta)
        elif not set(x.axes) <= set(over):  # what differs in other axes as well lies at one index
            left = tuple(a for a in x.axes if a not in over)
            rest = rest_of(x.ndim, left)
            places = _one(tuple(1 + rest.index(a) for a in over))
            base = function(x.base, axis=_one(over), keepdims=True, **kwargs)
            rows = function(x.on(left), axis=places, keepdims=True, **kwargs)
            found = Copies(x.batch, shape, rows, base, left, x.index_of(left))
        else:
            places = _one(tuple(1 + a for a in over))
            if len(over) == x.ndim:
                full = x.dense().reshape(count, -1)
                rows = function(full, axis=1, **kwargs).reshape(count, *shape)
            else:
                rows = function(x.dense(), axis=places, keepdims=True, **kwargs)
            found = Copies(x.batch, shape, rows)
        return found if keepdims else drop(found, over)

    return rule


_SHORT = 64  # numbers along an axis that NumPy adds one by one anyway


def _along_last(function: Any, x: Copies, over: tuple[int, ...]) -> np.ndarray | None:
    """A short last axis, which NumPy's own loop takes one row at a time; None for any other."""
    rows = x.rows
    size = rows.shape[-1]
    if over != (x.ndim - 1,) or size > _SHORT or rows.size < WORTH or rows.dtype != np.float64:
        return None
    if function in _EXTREMES:
        # side by side, so that the processor compares several rows at once
        turned = x.batch.room((size, rows.size // size))
        np.copyto(turned, rows.reshape(-1, size).T)
        return function(turned, axis=0).reshape(*rows.shape[:-1], 1)
    if function in (np.sum, np.mean):
        found = np.einsum("...j->...", rows)[..., None]
        return found / size if function is np.mean else found
    return None


_EXTREMES = (np.max, np.min)


def _one(axes: tuple[int, ...]) -> Any:
    return axes[0] if len(axes) == 1 else axes  # argmax takes no tuple


def _moved(
    function: Any, x: Copies, over: tuple[int, ...], shape: tuple[int, ...], delta: np.ndarray
) -> Copies:
    """A sum or mean over the axis of the difference: that of the base, and what moved."""
    assert x.base is not None
    base = function(x.base, axis=over, keepdims=True)
    rest = rest_of(x.ndim, x.axes)
    inner = tuple(1 + k for k, a in enumerate(rest) if a in over)
    moved = np.sum(delta, axis=inner, keepdims=True) if inner else delta
    if function is np.mean:
        moved = moved / np.prod([x.shape[a] for a in over])
    left = tuple(a for a in x.axes if a not in over)
    moved = moved.reshape(x.batch.count, *[shape[a] for a in rest_of(x.ndim, left)])
    index = x.index_of(left)
    return Copies(x.batch, shape, gather(base, left, index) + moved, base, left, index)


def cumulative(function: Callable[..., Any]) -> Callable[..., Any]:
    """The rule of a function that works along one axis and keeps its shape."""

    def rule(x: Any, axis: Any = None, **kwargs: Any) -> Any:
        if kwargs.keys() - {"kind", "stable"}:
            x.batch.refuse(f"np.{function.__name__} with {' '.join(kwargs)}")
        if axis is None:
            x, axis = np.ravel(x), 0
        (axis,) = axes_of(axis, x.ndim)
        if axis in x.axes:
            return Copies(x.batch, x.shape, function(x.dense(), axis=1 + axis, **kwargs))
        place = 1 + rest_of(x.ndim, x.axes).index(axis)
        base = function(x.base, axis=axis, **kwargs) if x.axes else None
        rows = function(x.rows, axis=place, **kwargs)
        return Copies(x.batch, x.shape, rows, base, x.axes, x.index)

    return rule


def sort(x: Any, axis: Any = -1, **kwargs: Any) -> Any:
    """np.sort."""
    return cumulative(np.sort)(x, axis=axis, **kwargs)


def argsort(x: Any, axis: Any = -1, **kwargs: Any) -> Any:
    """np.argsort."""
    return cumulative(np.argsort)(x, axis=axis, **kwargs)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """np.linalg.norm, of vectors, and Frobenius' of matrices."""
    vector = x.ndim == 1 if axis is None else np.ndim(axis) == 0
    if ord in (None, "fro") or (ord == 2 and vector):
        return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))  # pyright: ignore
    if vector and ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)  # pyright: ignore
    if vector and ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)  # pyright: ignore
    return singly(np.linalg.norm, x, ord, axis, keepdims)


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """np.average."""
    if weights is None:
        return np.mean(x, axis=axis)
    if np.shape(weights) != np.shape(x):
        return singly(np.average, x, axis, weights)
    return np.sum(np.multiply(x, weights), axis=axis) / np.sum(weights, axis=axis)


def ptp(x: Any, axis: Any = None) -> Any:
    """np.ptp."""
    return np.max(x, axis=axis) - np.min(x, axis=axis)


RULES.update({f: reduction(f, linear=f in (np.sum, np.mean)) for f in (np.sum, np.mean)})
RULES.update(
    {
        f: reduction(f)
        for f in (
            *(np.max, np.min, np.amax, np.amin, np.prod, np.any, np.all, np.std, np.var),
            *(np.argmax, np.argmin, np.median, np.nansum, np.nanmean, np.nanmax, np.nanmin),
            *(np.count_nonzero,),
        )
    }
)
RULES.update({f: cumulative(f) for f in (np.cumsum, np.cumprod)})
RULES.update(
    {
        np.sort: sort,
        np.argsort: argsort,
        np.linalg.norm: norm,
        np.average: average,
        np.ptp: ptp,
        np.array_equal: lambda a, b: (
            np.shape(a) == np.shape(b) and np.all(elementwise(np.equal, a, b))
        ),
        np.allclose: lambda a, b, **kwargs: np.all(np.isclose(a, b, **kwargs)),
    }
)
