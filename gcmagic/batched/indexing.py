"""Reading and writing by integers, slices, arrays and masks."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .arrays import Copies
from .batch import Foreign
from .elementwise import elementwise
from .picks import Picked, mask_of, pick, put, spots
from .representation import RULES, gather, rest_of
from .shapes import expand_dims
from .singly import singly


def _key(x: Copies, key: Any) -> tuple[Any, ...]:
    """The key as a tuple without copies; refuses where it differs from copy to copy."""
    key = key if isinstance(key, tuple) else (key,)
    return tuple(
        k._decided("indexes with values that the perturbation changes") if type(k) is Copies else k
        for k in key
    )


def _basic(key: tuple[Any, ...], ndim: int) -> tuple[list[Any], list[int]] | None:
    """One integer or slice an axis, and the places of new axes; None for any other key."""
    for k in key:
        if not (k is None or k is Ellipsis or isinstance(k, (int, np.integer, slice))):
            return None
        if isinstance(k, (bool, np.bool_)):
            return None
    used = sum(k is not None and k is not Ellipsis for k in key)
    if used > ndim:
        raise IndexError(f"too many indices: the array has {ndim} axes")
    full = [slice(None)] * (ndim - used)
    if any(k is Ellipsis for k in key):
        at = next(i for i, k in enumerate(key) if k is Ellipsis)
        items = [*key[:at], *full, *key[at + 1 :]]
    else:
        items = [*key, *full]
    new, place = [], 0
    for k in items:
        if k is None:
            new.append(place)
        place += k is None or isinstance(k, slice)
    return [k for k in items if k is not None], new


def getitem(x: Copies, key: Any) -> Any:
    """x[key]."""
    if _differs(key):
        mask = mask_of(key)
        if mask is not None and mask.shape == x.shape:
            return pick(x, mask)
        if mask is None and _is_integer(key):
            return _elsewhere(x, key)
    key = _key(x, key)
    basic = _basic(key, x.ndim)
    if basic is None:
        return take(x, np.arange(x.size).reshape(x.shape)[key])
    items, new = basic
    found = _slice(x, items)
    if new:
        if type(found) is not Copies:
            return np.expand_dims(found, tuple(new))
        found = expand_dims(found, tuple(new))
    return x.seen_as(found, key) if type(found) is Copies else found


def _differs(key: Any) -> bool:
    """Whether a key is not the same in all copies."""
    keys = key if type(key) is tuple else (key,)
    return any((type(k) is Copies and k.uniform() is None) or isinstance(k, Foreign) for k in keys)


def _is_integer(key: Any) -> bool:
    keys = key if type(key) is tuple else (key,)
    return all(k.dtype.kind in "iu" for k in keys if type(k) is Copies)


def _elsewhere(x: Copies, key: Any) -> Copies:
    """x[key] with integers that differ from copy to copy, as those of an argmax do."""
    keys = key if type(key) is tuple else (key,)
    if any(k is None or isinstance(k, (slice, type(...))) for k in keys):
        return singly(operator.getitem, x, key)
    batch = x.batch
    plain = [k for k in keys if type(k) is not Copies]
    ndim = max(k.ndim if type(k) is Copies else np.ndim(k) for k in keys)
    if any(np.asarray(k).dtype.kind not in "iu" for k in plain):
        return singly(operator.getitem, x, key)
    every: list[Any] = [batch.places.reshape(-1, *(1,) * ndim)]
    for k in keys:
        if type(k) is Copies:
            full = k.dense()
            every.append(full.reshape(batch.count, *(1,) * (ndim - k.ndim), *k.shape))
        else:
            every.append(np.asarray(k))
    rows = x.dense()[tuple(every)]
    return Copies(batch, rows.shape[1:], rows)


def _slice(x: Copies, items: list[Any]) -> Any:
    """x[items], an integer or a slice for every axis."""
    batch = x.batch
    for a, (k, n) in enumerate(zip(items, x.shape, strict=True)):
        if not isinstance(k, slice) and not -n <= k < n:
            raise IndexError(f"index {k} is out of bounds for axis {a} with size {n}")
    left = [a for a, k in enumerate(items) if isinstance(k, slice)]
    shape = tuple(len(range(*items[a].indices(x.shape[a]))) for a in left)
    rows = x.rows[(slice(None), *[items[a] for a in rest_of(x.ndim, x.axes)])]
    if not x.axes:
        return Copies(batch, shape, rows)
    assert x.base is not None
    base = x.base[tuple(items)]
    hit: Any = True
    axes, index = [], []
    for a, i in zip(x.axes, x.index, strict=True):
        k, n = items[a], x.shape[a]
        if not isinstance(k, slice):
            hit = hit & (i == k % n)
            continue
        start, _, step = k.indices(n)
        if (start, step, shape[left.index(a)]) != (0, 1, n):
            place, over = np.divmod(i - start, step)
            inside = (over == 0) & (place >= 0) & (place < shape[left.index(a)])
            hit = hit & inside
            i = np.where(inside, place, 0)
        axes.append(left.index(a))
        index.append(i)
    if hit is not True:
        if not np.any(hit):  # what is perturbed lies elsewhere: the same in all copies
            plain = np.array(base)
            plain.setflags(write=False)  # writing into it would have to reach x
            return plain if plain.ndim else plain[()]
        if not np.all(hit):
            instead = gather(np.asarray(base), tuple(axes), tuple(index))
            rows = np.where(hit.reshape(-1, *(1,) * (rows.ndim - 1)), rows, instead)
    kept = base if axes else None
    return Copies(batch, shape, rows, kept, tuple(axes), tuple(index))


def take(x: Copies, places: np.ndarray) -> Any:
    """The numbers at flat `places`, an array of any shape."""
    batch, shape = x.batch, np.shape(places)
    flat = np.reshape(places, -1)
    batch.reserve(batch.count * flat.size)
    if not x.axes:
        rows = x.rows.reshape(batch.count, -1)[:, flat]
        return Copies(batch, shape, rows.reshape(batch.count, *shape))
    assert x.base is not None
    coords = np.unravel_index(flat, x.shape)
    hit: Any = True
    for a, i in zip(x.axes, x.index, strict=True):
        hit = hit & (coords[a][None] == i[:, None])
    plain = np.array(x.base.reshape(-1)[flat])
    if not np.any(hit):
        plain.setflags(write=False)
        return plain.reshape(shape)
    rest = rest_of(x.ndim, x.axes)
    sizes = tuple(x.shape[a] for a in rest)
    inner = (
        np.ravel_multi_index(tuple(coords[a] for a in rest), sizes)
        if rest
        else np.zeros(flat.shape, dtype=int)
    )
    moved = x.rows.reshape(batch.count, -1)[:, inner]
    rows = np.where(hit, moved, plain).reshape(batch.count, *shape)
    return Copies(batch, shape, rows)


def setitem(x: Copies, key: Any, value: Any) -> None:
    """x[key] = value."""
    batch = x.batch
    mask = mask_of(key)
    if type(value) is Picked:
        if mask is None or mask.shape != x.shape:
            batch.refuse("writes what a mask picked that the perturbation changes elsewhere")
        return put(x, mask, value)
    if mask is not None:
        key = mask
    keys = key if isinstance(key, tuple) else (key,)
    if len(keys) == 1 and type(keys[0]) is Copies and keys[0].dtype == bool:
        mask = keys[0]
        if np.size(value) != 1 and mask.uniform() is None:
            batch.refuse("writes an array where a mask is that the perturbation changes")
        if np.size(value) == 1:
            mask = np.reshape(mask, mask.shape + (1,) * (x.ndim - mask.ndim))
            number = np.reshape(value, ())
            x.become(elementwise(np.where, mask, number, x).astype(x.dtype))
            return
    if np.iscomplexobj(value) or not np.can_cast(
        value.dtype if type(value) is Copies else np.asarray(value).dtype, x.dtype, "same_kind"
    ):
        batch.refuse(f"writes other numbers into an array of {x.dtype}")
    key = _key(x, key)
    if x.own and x.origin is None and not x.relatives():
        _write(x.rows, x, key, value)  # nobody else can see it
    else:
        x.become(written(x, key, value), own=True)


def written(x: Copies, key: Any, value: Any) -> Copies:
    """A copy of x with ``x[key] = value``."""
    rows = np.array(x.dense(), order="C")
    _write(rows, x, key if isinstance(key, tuple) else (key,), value)
    return Copies(x.batch, x.shape, rows)


def _write(rows: np.ndarray, x: Copies, key: tuple[Any, ...], value: Any) -> None:
    count = x.batch.count
    if _basic(key, x.ndim) is not None:
        target = rows[(slice(None), *key)]
        target[...] = _rows(value, count, target.ndim)
        return
    places = np.arange(x.size).reshape(x.shape)[key]
    flat = rows.reshape(count, -1)  # a view: `rows` is in one piece
    given = np.broadcast_to(_rows(value, count, 1 + places.ndim), (count, *places.shape))
    flat[:, places.reshape(-1)] = given.reshape(count, -1)


def _rows(value: Any, count: int, ndim: int) -> Any:
    """A value as it is written into rows of `ndim` axes."""
    if type(value) is not Copies:
        value = np.asarray(value)
        while value.ndim >= ndim and value.shape[0] == 1:  # NumPy takes (1, 3) for (3,)
            value = value[0]
        return value
    rows = value.dense()
    while rows.ndim > ndim and rows.shape[1] == 1:
        rows = rows[:, 0]
    return rows.reshape(count, *(1,) * (ndim - rows.ndim), *rows.shape[1:])


def where_not_zero(a: Copies) -> Any:
    """np.nonzero."""
    same = a.uniform()
    if same is not None:
        return np.nonzero(same)
    return spots(a if a.dtype == np.bool_ else a != 0)  # pyright: ignore


def take_along(x: Any, indices: Any, axis: Any = None, **kwargs: Any) -> Any:
    """np.take."""
    if kwargs or type(x) is not Copies:
        (x if type(x) is Copies else indices).batch.refuse("np.take as it is used here")
    places = np.arange(x.size).reshape(x.shape)
    if type(indices) is Copies:
        if indices.uniform() is None:
            return singly(np.take, x, indices, axis)
        indices = indices.row(0)
    return take(x, np.take(places, indices, axis=axis))


def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """np.take_along_axis."""
    if type(arr) is not Copies:
        return singly(np.take_along_axis, arr, indices, axis)
    if type(indices) is Copies:
        if indices.uniform() is None:
            return singly(np.take_along_axis, arr, indices, axis)
        indices = indices.row(0)
    places = np.arange(arr.size).reshape(arr.shape)
    return take(arr, np.take_along_axis(places, indices, axis=axis))


def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """np.copyto."""
    if type(dst) is not Copies:
        src.batch.refuse("writes into a plain array")
    if dst is src:
        return
    if where is not True:
        dst.batch.refuse("np.copyto with where=")
    dst[...] = src


RULES.update(
    {
        "getitem": getitem,
        "setitem": setitem,
        "written": written,
        "take": take,
        np.take: take_along,
        np.take_along_axis: take_along_axis,
        np.copyto: copyto,
        np.nonzero: where_not_zero,
        np.argwhere: lambda a: np.argwhere(a._decided("asks where a perturbed value is not zero")),
        np.flatnonzero: lambda a: np.flatnonzero(
            a._decided("asks where a perturbed value is not zero")
        ),
    }
)
