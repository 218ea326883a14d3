"""Products of matrices: a difference at one index becomes a change of rank one."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays import Copies
from .batch import Batch
from .chain import LARGE, Chain, Outer
from .reductions import axes_of
from .representation import RULES, picked
from .shapes import transpose
from .stacks import stacked


def matmul(a: Any, b: Any, **kwargs: Any) -> Any:
    """np.matmul."""
    if type(a) is list or type(b) is list:
        a, b = (np.asarray(x) if type(x) is list else x for x in (a, b))
    if not kwargs and len(a.shape) == len(b.shape) == 2 and a.shape[1] == b.shape[0]:
        return _product(a, b)
    if kwargs:
        (a if type(a) is Copies else b).batch.refuse(f"np.matmul with {' '.join(kwargs)}")
    a, b = (x if type(x) is Copies else np.asarray(x) for x in (a, b))
    if not a.ndim or not b.ndim:
        raise ValueError("matmul: Input operand does not have enough dimensions")
    q = a.shape[-1]
    if q != b.shape[-2 if b.ndim > 1 else 0]:
        raise ValueError(f"matmul: shapes {a.shape} and {b.shape} not aligned")
    if a.ndim == b.ndim == 2:
        return _product(a, b)
    row, column = a.ndim == 1, b.ndim == 1
    if row:
        a = np.reshape(a, (1, q))
    if column:
        b = np.reshape(b, (q, 1))
    if b.ndim == 2:
        found = _tapped(a, b) if type(a) is type(b) else _in_rows(a, b)
        if found is not None:
            return found[..., 0] if column else found
        found = _product(np.reshape(a, (-1, q)), b)
        if a.ndim > 2:
            found = np.reshape(found, (*a.shape[:-1], b.shape[1]))
    else:
        found = stacked(a, b)
    if row or column:
        shape = found.shape
        shape = shape[:-1] if column else shape
        shape = (shape[:-2] + shape[-1:] if not column else shape[:-1]) if row else shape
        found = np.reshape(found, shape)
    return found


def _product(a: Any, b: Any) -> Any:
    """Two matrices, at least one of them in copies."""
    found = _tapped(a, b)
    if found is not None:
        return found
    if type(b) is not Copies:
        return _left(a, b)
    if type(a) is not Copies:
        return _right(a, b)
    return _both(a, b)


def _in_rows(a: Any, b: Any) -> Copies | None:
    """Copies of a stack that differ in a row, or in some of it, times a plain matrix."""
    if type(a) is not Copies or type(b) is Copies or a.ndim < 3 or a.dtype != np.float64:
        return None
    axes = tuple(axis for axis in a.axes if axis < a.ndim - 1)
    if not axes or len(a.axes) == a.ndim or b.dtype != np.float64:
        return None
    assert a.base is not None
    full = a.on(axes)
    many = full.reshape(-1, a.shape[-1])
    rows = _rows(many, b, a.batch.room((len(many), b.shape[1])))
    rows = rows.reshape(*full.shape[:-1], b.shape[1])
    shape = (*a.shape[:-1], b.shape[1])
    return Copies(a.batch, shape, rows, np.matmul(a.base, b), axes, a.index_of(axes))


def _tapped(a: Any, b: Any) -> Any:
    taps = (a if type(a) is Copies else b).batch.taps
    return None if taps is None else taps.product(a, b)


def _left(a: Copies, b: np.ndarray) -> Copies:
    """Copies of a matrix times a plain one."""
    batch = a.batch
    n, p, r = batch.count, a.shape[0], b.shape[1]
    axes = a.axes
    delta = a.delta() if 1 in axes else None
    if not axes or (1 in axes and delta is None):
        return Copies(batch, (p, r), _each(batch, a.dense(), b))
    assert a.base is not None
    base = a.base @ b
    if axes == (0,):
        rows = _rows(a.rows, b, batch.room((n, r)))
        return Copies(batch, (p, r), rows, base, (0,), a.index)
    assert delta is not None
    if axes == (1,):
        return Copies(batch, (p, r), _moved(batch, base, delta, picked(b, a.index[0])))
    i, j = a.index
    rows = np.multiply(picked(b, j), delta[:, None], out=batch.room((n, r)))
    rows += picked(base, i)
    return Copies(batch, (p, r), rows, base, (0,), (i,))


def _right(a: np.ndarray, b: Copies) -> Copies:
    """A plain matrix times copies of one."""
    batch = b.batch
    n, p, r = batch.count, a.shape[0], b.shape[1]
    axes = b.axes
    delta = b.delta() if 0 in axes else None
    if not axes or (0 in axes and delta is None):
        full = b.dense()
        if r == 1:
            return Copies(batch, (p, 1), _rows(full[:, :, 0], a.T, batch.room((n, p)))[:, :, None])
        return Copies(batch, (p, r), np.matmul(a, full, out=batch.room((n, p, r))))
    assert b.base is not None
    base = a @ b.base
    if axes == (1,):
        rows = _rows(b.rows, a.T, batch.room((n, p)))
        return Copies(batch, (p, r), rows, base, (1,), b.index)
    assert delta is not None
    if axes == (0,):
        return Copies(batch, (p, r), _moved(batch, base, picked(a.T, b.index[0]), delta))
    i, j = b.index
    rows = np.multiply(picked(a.T, i), delta[:, None], out=batch.room((n, p)))
    rows += picked(base.T, j)
    return Copies(batch, (p, r), rows, base, (1,), (j,))


def _moved(
    batch: Batch, base: np.ndarray, left: np.ndarray, right: np.ndarray
) -> np.ndarray | Chain:
    """The base, and a product of rank one a copy, which is what the difference adds."""
    shape = (batch.count, left.shape[1], right.shape[1])
    if shape[0] * shape[1] * shape[2] >= LARGE:
        return Chain(shape, Outer(left, right, base))
    rows = np.einsum("np,nr->npr", left, right, out=batch.room(shape))
    rows += base
    return rows


# multiplications and more than this is shared out among threads by the libraries that NumPy calls,
# which wait for each other a hundred times longer than they compute where other programs run too
_TOGETHER = 2**18
# a call for every copy costs as much as this many multiplications
_CALL = 4000


def _each(batch: Batch, full: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One product a copy."""
    n, p, q = full.shape
    r = b.shape[1]
    out = batch.room((n, p, r))
    if p * q * r >= _CALL:
        return np.matmul(full, b, out=out)
    _rows(full.reshape(n * p, q), b, out.reshape(n * p, r))
    return out


def _rows(many: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
    """A product with a tall matrix, some rows at a time."""
    if many.shape[1] == 1 or b.shape[1] == 1 or many.dtype != out.dtype:
        return np.matmul(many, b, out=out)
    step = max(32, _TOGETHER // b.size)
    for k in range(0, len(many), step):
        np.matmul(many[k : k + step], b, out=out[k : k + step])
    return out


def _both(a: Copies, b: Copies) -> Copies:
    """Copies of both matrices: the base of one, and what differs in it."""
    if not b.axes and a.axes:
        return transpose(_both(transpose(b), transpose(a)))
    batch = a.batch
    n, shape = batch.count, (a.shape[0], b.shape[1])
    delta = b.delta() if 0 in b.axes else None
    if not b.axes or (0 in b.axes and delta is None):
        return Copies(batch, shape, np.matmul(a.dense(), b.dense(), out=batch.room((n, *shape))))
    assert b.base is not None
    full = a.dense()
    out = _each(batch, full, b.base)
    every = batch.places
    if b.axes == (0, 1):
        assert delta is not None
        i, j = b.index
        out[every, :, j] += full[every, :, i] * delta[:, None]
    elif b.axes == (0,):
        assert delta is not None
        out += full[every, :, b.index[0]][:, :, None] * delta[:, None, :]
    else:
        out[every, :, b.index[0]] = np.matmul(full, b.rows[:, :, None])[:, :, 0]
    return Copies(batch, shape, out)


def dot(a: Any, b: Any) -> Any:
    """np.dot."""
    if not np.ndim(a) or not np.ndim(b):
        return np.multiply(a, b)
    if np.ndim(b) <= 2:
        return matmul(a, b)
    return tensordot(a, b, ([-1], [-2]))


def inner(a: Any, b: Any) -> Any:
    """np.inner."""
    if not np.ndim(a) or not np.ndim(b):
        return np.multiply(a, b)
    return tensordot(a, b, ([-1], [-1]))


def outer(a: Any, b: Any) -> Any:
    """np.outer."""
    return np.multiply(np.reshape(a, (-1, 1)), np.reshape(b, (1, -1)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """np.tensordot."""
    ndim_a, ndim_b = np.ndim(a), np.ndim(b)
    if np.ndim(axes) == 0 and not isinstance(axes, (tuple, list)):
        count = int(axes)
        from_a, from_b = list(range(ndim_a - count, ndim_a)), list(range(count))
    else:
        from_a, from_b = ([*np.atleast_1d(x)] for x in axes)
    from_a = [axes_of(k, ndim_a)[0] for k in from_a]
    from_b = [axes_of(k, ndim_b)[0] for k in from_b]
    left_a = [k for k in range(ndim_a) if k not in from_a]
    left_b = [k for k in range(ndim_b) if k not in from_b]
    shape_a, shape_b = np.shape(a), np.shape(b)
    if [shape_a[k] for k in from_a] != [shape_b[k] for k in from_b]:
        raise ValueError("shape-mismatch for sum")
    inside = int(np.prod([shape_a[k] for k in from_a]))
    flat_a = np.reshape(np.transpose(a, (*left_a, *from_a)), (-1, inside))
    flat_b = np.reshape(np.transpose(b, (*from_b, *left_b)), (inside, -1))
    out = (*[shape_a[k] for k in left_a], *[shape_b[k] for k in left_b])
    return np.reshape(matmul(flat_a, flat_b), out)


def einsum(subscripts: Any, *operands: Any, **kwargs: Any) -> Any:
    """np.einsum, of one or two operands as products, of more with all copies in full."""
    if not isinstance(subscripts, str):
        subscripts, operands = _lettered(subscripts, *operands)
    batch = next(x.batch for x in operands if type(x) is Copies)
    kwargs.pop("optimize", None)
    if kwargs:
        batch.refuse(f"np.einsum with {' '.join(kwargs)}")
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if not arrow:
        letters = inputs.replace(",", "").replace(".", "")
        output = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
        output = "..." * ("..." in inputs) + output
    plain = "..." not in text and all(len(set(t)) == len(t) for t in terms)
    if plain and len(terms) == 2:
        return _pair(terms, output, operands)
    spare = next(c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in text)
    full = [x.dense() if type(x) is Copies else x for x in operands]
    marked = [spare * (type(x) is Copies) + t for t, x in zip(terms, operands, strict=True)]
    rows = np.einsum(f"{','.join(marked)}->{spare}{output}", *full, optimize=len(terms) > 2)
    return Copies(batch, rows.shape[1:], rows)


def _lettered(*given: Any) -> tuple[str, tuple[Any, ...]]:
    """``np.einsum(A, [0, 1], B, [1, 2], [0, 2])`` as a text and its operands."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    words = ["".join("..." if k is ... else letters[k] for k in axes) for axes in given[1::2]]
    operands = given[: 2 * (len(given) // 2) : 2]
    output = "".join("..." if k is ... else letters[k] for k in given[-1])
    text = ",".join(words[: len(operands)])
    return (text + "->" + output if len(given) % 2 else text), operands


def _pair(terms: Sequence[str], output: str, operands: Sequence[Any]) -> Any:
    """Einsum of two operands as one product of stacks of matrices."""
    cleaned, letters = [], []
    for k in (0, 1):
        alone = [i for i, c in enumerate(terms[k]) if c not in output and c not in terms[1 - k]]
        cleaned.append(np.sum(operands[k], axis=tuple(alone)) if alone else operands[k])
        letters.append([c for i, c in enumerate(terms[k]) if i not in alone])
    a, b = cleaned
    sizes = dict(zip(letters[0], np.shape(a), strict=True))
    for c, n in zip(letters[1], np.shape(b), strict=True):
        if sizes.setdefault(c, n) != n:
            raise ValueError(f"einsum: operands could not be broadcast along {c}")
    both = [c for c in letters[0] if c in letters[1]]
    lead = [c for c in both if c in output]
    inside = [c for c in both if c not in output]
    own = [[c for c in one if c not in both] for one in letters]

    def size(names: Sequence[str]) -> int:
        return int(np.prod([sizes[c] for c in names]))

    a = np.transpose(a, [letters[0].index(c) for c in (*lead, *own[0], *inside)])
    b = np.transpose(b, [letters[1].index(c) for c in (*lead, *inside, *own[1])])
    front = [size(lead)] if lead else []
    a = np.reshape(a, (*front, size(own[0]), size(inside)))
    b = np.reshape(b, (*front, size(inside), size(own[1])))
    found = matmul(a, b)
    order = [*lead, *own[0], *own[1]]
    found = np.reshape(found, tuple(sizes[c] for c in order))
    return np.transpose(found, [order.index(c) for c in output])


RULES.update(
    {
        np.matmul: matmul,
        np.dot: dot,
        np.inner: inner,
        np.outer: outer,
        np.vdot: lambda a, b: matmul(np.ravel(a), np.ravel(b)),
        np.tensordot: tensordot,
        np.einsum: einsum,
        np.linalg.multi_dot: lambda arrays: functools.reduce(matmul, arrays),
        np.linalg.matmul: matmul,
    }
)
if hasattr(np, "vecdot"):
    RULES[np.vecdot] = lambda a, b: np.sum(np.multiply(a, b), axis=-1)
