"""Results in the memory of what nobody will look at again: never of what somebody will."""

import operator
import sys

import numpy as np
import pytest

from gcmagic.batched import arrays
from gcmagic.batched.spare import OPERAND
from tests.batched.copies import agree, copies, everything_is_large

W = np.random.default_rng(0).standard_normal((4, 4))
counting = pytest.mark.skipif(OPERAND == 0, reason="this interpreter does not count references")


def _named(a):
    z = a @ W
    h = np.tanh(z + 1.0)
    e = np.exp(z) * 2.0 - z
    z += 1.0
    return z, h, e


def _viewed(a):
    z = a @ W
    first, turned = z[0], z.T
    u = turned + 1.0
    v = first * 2.0
    return z, u, v, z.reshape(-1) - 1.0, np.tanh(z.T)


def _kept(a):
    cache = {"z": a @ W}
    h = np.tanh(cache["z"]) + cache["z"]
    both = [a @ W, a * 2.0]
    return h, both[0] + both[1], both[0] * 1.0, cache["z"]


def _starred(a):
    def layer(*args):
        return np.tanh(*args), args[0] - 1.0

    return layer(a @ W)


def _copied(a):
    z = (a @ W).copy()
    twin = z.copy()
    twin += 1.0
    return z + 0.0, twin * 1.0, np.where(z > 0, z, 0.01 * z), z


def _both_sides(a):
    z = a @ W
    return (z + 1.0) * (z - 1.0), 2.0 * (z * z), 1.0 - (z + z), -(z * 2.0) / (1.0 + z * z)


def _mapped(a):
    parts = [a @ W, a + 1.0]
    return (*map(np.tanh, parts), *parts)


def _by_operator(a):
    args = (a @ W, 1.0)
    return operator.add(args[0], args[1]), args[0] * 1.0


def _softmax(a):
    s = a @ W
    s = np.exp(s - s.max(axis=-1, keepdims=True))
    return s / s.sum(axis=-1, keepdims=True), s


FUNCTIONS = [
    *(_named, _viewed, _kept, _starred, _copied, _both_sides, _mapped, _by_operator, _softmax)
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__[1:])
@pytest.mark.parametrize("axes", [(), (0,), (1,), (0, 1)])
def test_what_is_looked_at_again_keeps_its_numbers(function, axes):
    agree(function, copies(np.random.default_rng(3), (5, 4), axes))


@counting
def test_a_chain_of_operators_takes_one_piece_of_memory(monkeypatch):
    seen = []
    quick = arrays.quick

    def watched(kind, batch, ufunc, inputs, spare=None):
        seen.append((ufunc.__name__, spare is not None))
        return quick(kind, batch, ufunc, inputs, spare)

    monkeypatch.setattr(arrays, "quick", watched)
    x = copies(np.random.default_rng(3), (5, 4), ())
    with everything_is_large():
        np.tanh(1.0 + x @ W * 2.0)
        assert seen == [("multiply", True), ("add", True), ("tanh", True)]
        seen.clear()
        z = x @ W
        np.tanh(z + 1.0)
        assert seen == [("add", False), ("tanh", True)]
        del z


def test_memory_is_counted_as_given_back():
    x = copies(np.random.default_rng(3), (5, 4), ())
    with everything_is_large():
        before = x.batch.live
        y = np.tanh(1.0 + x @ W * 2.0)
        assert x.batch.live == before + y.rows.nbytes
        del y
        assert x.batch.live == before


def test_an_interpreter_that_lends_variables_is_not_believed():
    assert (OPERAND == 0) == (sys.version_info >= (3, 14))
