"""Keys that differ from copy to copy, and functions that take one copy after the other."""

import operator

import numpy as np
import pytest

from gcmagic.batched.arrays import Copies
from gcmagic.batched.batch import Untraceable
from gcmagic.batched.singly import _NAMES, _OF_MATRICES
from tests.batched.copies import agree, copies

EVERY = [(), (0,), (1,), (0, 1)]


def _sigmoid(x):
    z, top = np.zeros_like(x), np.ones_like(x)
    up, down = x >= 0, x < 0
    z[up] = np.exp(-x[up])
    z[down] = np.exp(x[down])
    top[down] = z[down]
    return top / (1 + z)


def _leaky(x):
    x = x.copy()
    x[x < 0] *= 0.01
    return x


def _elu(x):
    x = x.copy()
    x[x < 0] = 0.5 * (np.exp(x[x < 0]) - 1.0)
    return x


def _numbers_beside(x):
    x = x.copy()
    m = x > 0
    x[m] = (x[m] - x.max()) / (1 + x[m] ** 2) + x[m].copy()
    x[~m] -= x[m].sum()
    return x


def _places(x):
    x = x.copy()
    x[np.where(x < 0)] = 0.0
    x[np.nonzero(x > 0.5)] += x.sum()
    return x


MASKED = {
    "sigmoid": _sigmoid,
    "leaky": _leaky,
    "elu": _elu,
    "numbers": _numbers_beside,
    "places": _places,
    "sum": lambda x: x[x > 0].sum() + np.sum(x[np.where(x < 0)]) * np.size(x[x > 0]),
    "mean": lambda x: x[x > x.mean()].mean(),
}


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("axes", EVERY)
def test_masks_that_the_perturbation_changes(name, axes):
    agree(MASKED[name], copies(np.random.default_rng(3), (3, 4), axes))


REFUSED = {
    "length": lambda x: len(x[x > 0]),
    "shape": lambda x: x[x > 0].shape[0],
    "another mask": lambda x: x[x > 0] + x[x < 0],
    "another array": lambda x: x[x > 0] * np.ones(12),
    "sorted": lambda x: np.sort(x[x > 0]),
    "one of them": lambda x: x[x > 0][0],
    "elsewhere": lambda x: operator.setitem(x.copy(), x < 0, x[x > 0]),
    "part of the places": lambda x: x[np.where(x > 0)[0]],
    "an axis": lambda x: np.sum(x[x > 0], axis=0),
    "an array of places": lambda x: np.array(np.where(x > 0)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_masks_picked_goes_no_further_than_is_right(name):
    with pytest.raises(Untraceable, match="mask"):
        REFUSED[name](copies(np.random.default_rng(3), (3, 4), ()))


def test_what_a_mask_picked_is_that_of_the_last_copy_once_the_call_is_over():
    x = copies(np.random.default_rng(3), (3, 4), (0,))
    last = x.row(-1)
    kept = x[x > 0]
    x.batch.close()
    np.testing.assert_array_equal(kept * 2, last[last > 0] * 2)
    np.testing.assert_array_equal(np.sort(kept), np.sort(last[last > 0]))
    assert kept.shape == (np.count_nonzero(last > 0),)


COLUMNS = np.arange(4)
PICKING = {
    "pooling": lambda x: x[np.argmax(x, axis=0), range(4)],
    "rows": lambda x: x[x.argmax(axis=0)],
    "number": lambda x: x.ravel()[np.argmax(x)],
    "with a slice": lambda x: x[np.argmin(x[:, 0]), 1:],
    "with new axes": lambda x: x[np.argmax(x, axis=0)[:, None], COLUMNS[None, :2]],
    "unravelled": lambda x: x[np.unravel_index(np.argmax(x), x.shape)],
    "sorted": lambda x: np.take_along_axis(x, np.argsort(x, axis=0), axis=0),
    "taken": lambda x: x.take(np.argsort(x[0]), axis=1),
}


@pytest.mark.parametrize("name", PICKING)
@pytest.mark.parametrize("axes", EVERY)
def test_integers_that_the_perturbation_changes(name, axes):
    agree(PICKING[name], copies(np.random.default_rng(3), (3, 4), axes))


Y = np.random.default_rng(1).standard_normal((3, 3))
SINGLY = {
    "solve": lambda x: np.linalg.solve(x @ x.T + np.eye(3), Y),
    "inv": lambda x: np.linalg.inv(np.eye(3) + x @ x.T),
    "named": lambda x: np.linalg.slogdet(np.eye(3) + x @ x.T).logabsdet,
    "several": lambda x: list(np.linalg.svd(x)),
    "norms": lambda x: np.linalg.norm(x, "nuc") + np.linalg.norm(x, 1) + np.linalg.norm(x[0], 3),
    "kron": lambda x: np.kron(Y, x),
    "convolve": lambda x: np.convolve(Y[0], x[0], "same"),
    "polyval": lambda x: np.polyval(x[0], Y),
    "lists": lambda x: np.block([[x, Y], [np.zeros((1, 3)), x[:1]]]),
    "rows": lambda x: np.apply_along_axis(lambda r: r / r.sum(), 1, x),
    "where": lambda x: np.sum(x, axis=0, where=x > 0, initial=1.0),
    "weights": lambda x: np.average(x, axis=0, weights=x[:, 0] ** 2),
    "constants": lambda x: np.pad(x, ((1, 0), (0, 2)), constant_values=((1, 2), (3, 4))),
    "reduced": lambda x: np.logaddexp.reduce(x, axis=1),
    "accumulated": lambda x: np.maximum.accumulate(x, axis=1),
    "remainders": lambda x: list(divmod(x, 0.5)),
    "axes for letters": lambda x: np.einsum(x, [0, 1], Y, [1, 2], [2, 0]),
}


@pytest.mark.parametrize("name", SINGLY)
@pytest.mark.parametrize("axes", EVERY)
def test_functions_of_one_copy_after_the_other(name, axes):
    agree(SINGLY[name], copies(np.random.default_rng(3), (3, 3), axes))


def test_copies_that_get_shapes_of_their_own_are_refused():
    x = copies(np.random.default_rng(0), (4, 3), ())
    with pytest.raises(Untraceable, match="trim_zeros gives each copy a shape of its own"):
        np.trim_zeros(np.maximum(x[:, 0], 0))


def test_names_of_functions_are_not_mistyped():
    # gone by NumPy 2.4, and there since NumPy 2.1 only
    some = {"trapz", "unstack", "cumulative_sum"}
    assert all(hasattr(np, name) for name in {*_NAMES} - some)
    assert all(hasattr(np.linalg, name) for name in _OF_MATRICES)


def test_numbers_are_computed_only_where_they_are_asked_for():
    def cost(x):
        safe = np.divide(1.0, x, out=np.zeros_like(x), where=x > 0)
        return safe + np.log(x, out=x.copy(), where=x > 0.5)

    with np.errstate(all="raise"):
        agree(cost, copies(np.random.default_rng(3), (3, 4), ()))


def test_methods_that_sort_and_turn():
    def cost(x):
        z = x @ np.ones((4, 4))
        z.sort(axis=0)
        return z + x.mT.T + x.real + x.flat[3] + x.item(0, 1) + round(x[0, 0], 2)

    for axes in EVERY:
        agree(cost, copies(np.random.default_rng(3), (3, 4), axes))


def test_sorting_in_place_is_seen_by_every_name():
    x = copies(np.random.default_rng(3), (3, 4), ()).copy()
    other = x
    assert x.sort() is None
    assert type(other) is Copies
    assert np.all(np.diff(other.rows, axis=-1) >= 0)
