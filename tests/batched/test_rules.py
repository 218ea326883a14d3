"""Every rule: row b of the result is the function of copy b."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gcmagic.batched.arrays import Copies
from gcmagic.batched.batch import Batch
from gcmagic.batched.representation import RULES
from tests.batched.copies import COUNT, agree, copies

sides = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=20, deadline=None, derandomize=True)


@st.composite
def arrays(draw, min_dims=0, max_dims=3, shape=None):
    """Copies in any representation."""
    if shape is None:
        shape = tuple(draw(st.lists(sides, min_size=min_dims, max_size=max_dims)))
    axes = tuple(a for a in range(len(shape)) if draw(st.booleans()))
    return copies(np.random.default_rng(draw(seeds)), shape, axes)


@st.composite
def broadcasting(draw):
    """Copies and something that broadcasts with them: plain, or copies of the same batch."""
    x = draw(arrays())
    shape = [1 if draw(st.booleans()) else n for n in x.shape]
    if draw(st.booleans()):
        shape = [*[draw(sides) for _ in range(draw(st.integers(0, 1)))], *shape]
    else:
        shape = shape[draw(st.integers(0, len(shape))) :]
    rng = np.random.default_rng(draw(seeds))
    kind = draw(st.sampled_from(["plain", "same places", "elsewhere"]))
    if kind == "plain":
        return x, rng.standard_normal(shape)
    off = len(shape) - x.ndim
    if kind == "same places" and off >= 0:
        axes = [a for a in x.axes if shape[a + off] == x.shape[a]]
        index = x.index_of(tuple(axes))
        return x, copies(rng, shape, tuple(a + off for a in axes), x.batch, index)
    axes = tuple(a for a in range(len(shape)) if draw(st.booleans()))
    return x, copies(rng, shape, axes, x.batch)


TWO = [
    *(np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.arctan2),
    *(np.less, np.greater_equal, np.equal, np.logaddexp, np.hypot, np.copysign),
    *(np.isclose, lambda a, b: np.where(a > b, a, 2 * b), lambda a, b: np.clip(a, -0.5, b)),
]
ONE = [
    *(np.exp, np.tanh, np.square, np.sign, np.abs, np.sin, np.expm1, np.floor, np.isnan),
    *(lambda a: np.log(a * a + 1), lambda a: np.log1p(a**2), lambda a: np.sqrt(np.abs(a))),
    *(lambda a: -a, lambda a: 1 / (1 + np.exp(-a)), lambda a: a.clip(0), lambda a: a.round(2)),
    *(lambda a: a**2, lambda a: np.abs(a) ** 0.5, lambda a: 2.0**a, lambda a: (a > 0) * a),
    *(np.zeros_like, np.ones_like, lambda a: np.full_like(a, 3.0), lambda a: a.astype(bool)),
    *(lambda a: np.nan_to_num(a), lambda a: a.copy() * 2, lambda a: ~(a > 0), lambda a: abs(a)),
]


@quick
@given(broadcasting(), st.sampled_from(TWO), st.booleans())
def test_functions_of_two_arrays(pair, function, turned):
    a, b = reversed(pair) if turned else pair
    agree(function, a, b)


@quick
@given(arrays(), st.sampled_from(ONE))
def test_functions_of_one_array(x, function):
    agree(function, x)


@quick
@given(arrays(1), st.data())
def test_reductions(x, data):
    function = data.draw(
        st.sampled_from(
            [np.sum, np.mean, np.max, np.min, np.std, np.var, np.prod, np.any, np.all, np.median]
        )
    )
    axis = data.draw(
        st.one_of(
            st.none(),
            st.integers(-x.ndim, x.ndim - 1),
            st.lists(st.integers(0, x.ndim - 1), unique=True, min_size=1).map(tuple),
        )
    )
    keepdims = data.draw(st.booleans())
    agree(lambda a: function(a, axis=axis, keepdims=keepdims), x)


@quick
@given(arrays(1), st.data())
def test_functions_along_one_axis(x, data):
    axis = data.draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1)))
    function = data.draw(
        st.sampled_from(
            [np.cumsum, np.cumprod, np.argmax, np.argmin, np.linalg.norm, np.sort, np.ptp]
        )
    )
    if function is np.linalg.norm and axis is None:
        agree(lambda a: function(a.ravel()), x)
    else:
        agree(lambda a: function(a, axis=axis), x)


@quick
@given(st.data())
def test_products(data):
    p, q, r = data.draw(sides), data.draw(sides), data.draw(sides)
    lead = data.draw(st.sampled_from([(), (2,), (1,)]))
    left = data.draw(st.sampled_from([(q,), (p, q), (*lead, p, q)]))
    right = data.draw(st.sampled_from([(q,), (q, r), (*lead, q, r)]))
    rng = np.random.default_rng(data.draw(seeds))
    a, b = data.draw(arrays(shape=left)), data.draw(arrays(shape=right))
    kind = data.draw(st.sampled_from(["left", "right", "both"]))
    if kind == "both":
        b = copies(rng, right, b.axes, a.batch)
    elif kind == "left":
        b = rng.standard_normal(right)
    else:
        a = rng.standard_normal(left)
    agree(np.matmul, a, b)
    agree(lambda a, b: a @ b, a, b)
    agree(np.dot, a, b)
    if len(right) < 3 or kind != "right":  # NumPy's own method, which asks for an array
        agree(lambda a, b: a.dot(b), a, b)
    agree(np.inner, np.swapaxes(a, 0, -1), b if len(right) == 1 else np.swapaxes(b, -1, -2)) if (
        len(left) == 1
    ) else None
    agree(np.outer, a, b)
    agree(lambda a, b: np.tensordot(a, b, axes=([-1], [-2 if np.ndim(b) > 1 else 0])), a, b)
    agree(lambda a, b: np.multiply.outer(a, b), a, b)


EINSUMS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("bij,bjk->bki", (2, 3, 4), (2, 4, 2)),
    ("ijk,il->jl", (2, 3, 4), (2, 2)),
    ("ij,ij->", (2, 3), (2, 3)),
    ("ij,ij->i", (2, 3), (2, 3)),
    ("...ij,jk->...ik", (2, 2, 3), (3, 4)),
    ("bthd,bshd->bhts", (2, 3, 2, 2), (2, 4, 2, 2)),
    ("i,j->ij", (2,), (3,)),
]


@pytest.mark.parametrize(("text", "left", "right"), EINSUMS)
@pytest.mark.parametrize("which", ["left", "right", "both"])
def test_einsum(text, left, right, which):
    rng = np.random.default_rng(0)
    for k in range(2 ** (len(left) + len(right))):
        bits = [bool(k >> i & 1) for i in range(len(left) + len(right))]
        batch = Batch(COUNT)
        a = copies(rng, left, tuple(i for i in range(len(left)) if bits[i]), batch)
        b = copies(rng, right, tuple(i for i in range(len(right)) if bits[len(left) + i]), batch)
        a = rng.standard_normal(left) if which == "right" else a
        b = rng.standard_normal(right) if which == "left" else b
        agree(lambda a, b: np.einsum(text, a, b), a, b)


def test_einsum_of_one_and_of_three():
    rng = np.random.default_rng(0)
    agree(lambda a: np.einsum("ii", a), copies(rng, (3, 3), (0, 1)))
    agree(lambda a: np.einsum("ij->j", a), copies(rng, (2, 3), (0,)))
    b, c = rng.standard_normal((3, 4)), rng.standard_normal(4)
    agree(lambda a: np.einsum("ij,jk,k->i", a, b, c), copies(rng, (2, 3), (0, 1)))


def _shapes(size):
    return [
        shape
        for n in range(1, 5)
        for shape in itertools.product([1, 2, 3, 4, 6, 8, 12, 24], repeat=n)
        if np.prod(shape) == size
    ]


@quick
@given(st.data())
def test_reshaping(data):
    old, new = (data.draw(st.sampled_from(_shapes(24))) for _ in range(2))
    x = data.draw(arrays(shape=old))
    order = data.draw(st.sampled_from("CF"))
    agree(lambda a: a.reshape(new, order=order), x)
    agree(lambda a: np.reshape(a, (*new[:-1], -1)), x)
    agree(lambda a: a.ravel(), x)
    agree(lambda a: a.flatten(order), x)
    agree(np.squeeze, x)
    agree(lambda a: a.T, x)
    axes = data.draw(st.permutations(range(x.ndim)))
    agree(lambda a: a.transpose(axes), x)
    agree(lambda a: a.transpose(*axes), x)
    agree(lambda a: np.moveaxis(a, axes[0], axes[-1]), x)
    agree(lambda a: a.swapaxes(axes[0], -1), x)
    place = data.draw(st.integers(0, x.ndim))
    agree(lambda a: np.expand_dims(a, place), x)
    agree(lambda a: np.broadcast_to(a, (2, *a.shape)), x)
    agree(lambda a: np.flip(a, axes[0]), x)
    agree(lambda a: np.roll(a, 1, axes[0]), x)
    agree(lambda a: np.diff(a, axis=axes[0]), x)


@quick
@given(st.data())
def test_joining_and_splitting(data):
    x = data.draw(arrays(1))
    rng = np.random.default_rng(data.draw(seeds))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    shape = list(x.shape)
    shape[axis] = data.draw(sides)
    plain = rng.standard_normal(shape)
    same = copies(rng, x.shape, x.axes, x.batch, x.index)
    elsewhere = copies(rng, x.shape, x.axes, x.batch)
    agree(lambda a, b: np.concatenate([b, a, b], axis), x, plain)
    agree(lambda a, b: np.concatenate((a, b, a), axis), x, same)
    agree(lambda a, b: np.concatenate((a, b), axis), x, elsewhere)
    agree(lambda a, b: np.concatenate((a, b), None), x, plain)
    agree(lambda a, b: np.stack([a, b], axis), x, same)
    agree(lambda a, b: np.vstack([a, b]), x, elsewhere)
    agree(lambda a, b: np.hstack([a, b]), x, elsewhere)
    agree(lambda a, b: np.append(a, b), x, plain)
    agree(lambda a: np.array_split(a, 2, axis), x)
    cut = data.draw(st.integers(0, x.shape[axis]))
    agree(lambda a: np.split(a, [cut], axis), x)
    before, after = data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2))
    agree(lambda a: np.pad(a, (before, after)), x)
    agree(lambda a: np.pad(a, before, mode="edge"), x)
    agree(lambda a: np.pad(a, before, constant_values=1.5), x)
    agree(lambda a: np.tile(a, (2, *[1] * a.ndim)), x)
    agree(lambda a: np.tile(a, 2), x)
    agree(lambda a: np.repeat(a, 2, axis), x)
    agree(lambda a: a.repeat(3), x)


@st.composite
def keys(draw, shape):
    """Anything that NumPy takes between brackets."""
    key, advanced = [], False
    for n in shape[: draw(st.integers(0, len(shape)))]:
        kind = draw(st.sampled_from(["int", "slice", "new", "array", "mask"]))
        if kind == "int":
            key.append(draw(st.integers(-n, n - 1)))
        elif kind == "slice":
            key.append(slice(draw(st.integers(-n, n)), None, draw(st.sampled_from([1, 2, -1]))))
        elif kind == "new":
            key += [None, slice(None)]
        elif advanced:
            key.append(slice(None))
        elif kind == "array":
            advanced = True
            key.append(np.array(draw(st.lists(st.integers(-n, n - 1), min_size=1, max_size=4))))
        else:
            advanced = True
            key.append(np.array([draw(st.booleans()) for _ in range(n)]))
    if draw(st.booleans()):
        key.append(Ellipsis)
    return tuple(key)


@quick
@given(st.data())
def test_reading(data):
    x = data.draw(arrays(1))
    key = data.draw(keys(x.shape))
    agree(lambda a: a[key], x)
    agree(lambda a: np.array(0.0) + sum(part.sum() for part in a), x)
    if x.ndim == 2:
        rows = np.arange(x.shape[0])
        columns = np.array([data.draw(st.integers(0, x.shape[1] - 1)) for _ in rows])
        agree(lambda a: a[rows, columns], x)
        agree(lambda a: np.take_along_axis(a, columns[:, None], axis=1), x)
    agree(lambda a: np.take(a, [0, 0], axis=0), x)


@quick
@given(st.data())
def test_writing(data):
    x = data.draw(arrays(1))
    key = data.draw(keys(x.shape))
    part = np.zeros(x.shape)[key]
    rng = np.random.default_rng(data.draw(seeds))
    value = data.draw(st.sampled_from(["number", "array", "copies"]))
    given_ = {
        "number": 2.5,
        "array": rng.standard_normal(part.shape),
        "copies": copies(rng, part.shape, (), x.batch),
    }[value]

    def write(a, v):
        a = a.copy()
        whole = a
        a[key] = v
        a[key] *= 2
        a += 1
        return whole

    agree(write, x, given_)


def _through_views(a):
    a = a.copy()
    a *= 1 + 0 * a.sum()  # the same in no two places
    first, row = a[:, 0], a[1]
    first += 1.0
    row[1] = 5.0
    a[0] *= 2.0
    return a + 0 * row.sum() + first[:, None] + row


def _masked(a):
    a = a.copy()
    a[a < 0] = 0
    a[a > 1] = np.float64(0.5)
    return a


def _filled(a):
    out = np.zeros_like(a)
    for k in range(len(a)):
        out[k] = np.cumsum(a[k]) + (out[k - 1] if k else 0)
    return out


def _totals(a):
    total = np.zeros(a.shape[1])
    for row in a:
        total += row
    return total


@pytest.mark.parametrize("function", [_through_views, _masked, _filled, _totals])
@pytest.mark.parametrize("axes", [(), (0,), (1,), (0, 1)])
def test_arrays_that_are_written_into(function, axes):
    agree(function, copies(np.random.default_rng(3), (3, 4), axes))


@pytest.mark.parametrize("function", [np.diag, np.tril, np.triu, np.trace, np.rot90, np.fliplr])
@pytest.mark.parametrize("axes", [(), (0,), (1,), (0, 1)])
def test_functions_of_matrices(function, axes):
    agree(function, copies(np.random.default_rng(3), (3, 3), axes))


@pytest.mark.parametrize("axes", [(), (0,), (0, 1)])
def test_plain_arrays_with_a_method_dot(axes):
    X = np.random.default_rng(4).standard_normal((5, 3))

    def cost(W):
        Z = X.dot(W)
        Z += 1.0
        return np.tanh(Z).sum(axis=0) + X.dot(W[:, 0]).mean() + X.dot(W).T[:, 0] + len(Z)

    agree(cost, copies(np.random.default_rng(3), (3, 4), axes))


def _written(a, b):
    a = a.copy()
    a[:] = b
    a[0] += b[1]
    return a


BESIDE = {
    "difference": lambda a, b: (-b - a, a - b, a * -b),
    "joined": lambda a, b: (np.concatenate([a, b], 1), np.vstack([b, a]), np.stack([a, b])),
    "chosen": lambda a, b: (np.where(a > 0, b, a), np.where(b > 0, a, b), np.clip(b, -1, a + 1)),
    "multiplied": lambda a, b: (a.T @ b, np.dot(a.T, b), a.T.dot(b), np.einsum("ij,ij->", a, b)),
    "in place": lambda a, b: np.subtract(np.copy(a), b, out=np.copy(a)),
    "written": _written,
    "key": lambda a, b: np.where(a[:, 0] > 0, a[:, 1], 0) + a[b > 9].sum(),
}


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("axes", [(), (0,), (0, 1)])
def test_a_product_by_the_method_dot_stands_beside_copies(name, axes):
    X = np.random.default_rng(4).standard_normal((3, 3))  # of the shape that the product has
    agree(lambda W: BESIDE[name](X @ W, X.dot(W)), copies(np.random.default_rng(3), (3, 3), axes))


def test_what_does_not_reach_the_perturbed_part_stays_plain():
    rng = np.random.default_rng(0)
    x = copies(rng, (6,), (0,), index=(np.array([1, 0, 2, 1, 0]),))
    assert type(x[3:]) is np.ndarray
    assert type(x[:3]) is Copies
    assert type(x[4]) is np.float64


def test_products_of_one_hot_copies_stay_thin():
    rng = np.random.default_rng(0)
    W, X = copies(rng, (30, 20), (0, 1)), rng.standard_normal((20, 8))
    Z = np.tanh(W @ X + rng.standard_normal((30, 1)))
    assert Z.axes == (0,)
    assert Z.rows.shape == (COUNT, 8)
    assert (Z.T @ rng.standard_normal((30, 4))).rows.shape == (COUNT, 8, 4)


def test_sums_do_not_cancel():
    """The noise of a batched sum is not above that of a plain one."""
    base = np.full((50, 50), 1e6)
    places = np.arange(40)
    x = Copies(Batch(40), (50, 50), 1e6 + 1e-3 * places, base, (0, 1), (places, places))
    wanted = [x.row(k).sum() for k in places]
    np.testing.assert_allclose(x.sum().rows, wanted, rtol=2e-16)


def test_every_rule_names_a_function():
    assert all(callable(rule) for rule in RULES.values())
