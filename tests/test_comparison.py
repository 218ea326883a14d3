"""Formula (2) and the verdict on one array."""

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from gcmagic import FAIL, INCONCLUSIVE, PASS
from gcmagic.comparison import Comparison, Status, Verdict, difference
from gcmagic.parameters import Block

vectors = hnp.arrays(
    np.float64, 5, elements=st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-3)
)


@given(vectors, st.floats(-10, 10))
def test_a_factor_c_gives_the_difference_of_c_minus_one_over_c_plus_one(a, c):
    assume(np.any(a))
    assert difference(c * a, a) == pytest.approx(abs(c - 1) / (abs(c) + 1), abs=1e-12)


@given(vectors, vectors, st.sampled_from([1e-200, 1e-8, 1e150]))
def test_the_difference_is_symmetric_bounded_and_without_scale(g, a, scale):
    assume(np.any(g) or np.any(a))
    d = difference(g, a)
    assert 0 <= d <= 1 + 1e-12
    assert difference(a, g) == pytest.approx(d)
    assert difference(scale * g, scale * a) == pytest.approx(d, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(
    ("g", "a"), [([0.0], [0.0]), ([np.nan], [1.0]), ([1.0], [np.nan]), ([np.inf], [1.0])]
)
def test_what_has_no_difference_gets_nan_and_not_zero(g, a):
    assert np.isnan(difference(np.array(g), np.array(a)))


def comparison(analytic, numeric, status, error=1e-12):
    analytic = np.array(analytic, dtype=float)
    n = analytic.size
    return Comparison(
        Block("W", (n,), 0, n),
        np.arange(n),
        analytic,
        np.array(numeric, dtype=float),
        np.full(n, error),
        np.array(status, dtype=np.int8),
    )


@pytest.mark.parametrize(
    ("analytic", "numeric", "status", "verdict"),
    [
        ([1, 2], [1, 2], [Status.AGREES, Status.AGREES], PASS),
        ([1, 2], [1, 3], [Status.AGREES, Status.WRONG], FAIL),
        ([1, 2], [1, 3], [Status.KINK, Status.WRONG], FAIL),
        ([1, 2], [1, 3], [Status.AGREES, Status.KINK], INCONCLUSIVE),
        ([1, 2], [1, 3], [Status.AGREES, Status.NOISY], INCONCLUSIVE),
        ([1, np.nan], [1, 3], [Status.AGREES, Status.NOT_FINITE], INCONCLUSIVE),
        ([1, 2], [1, 3], [Status.AGREES, Status.UNCONFIRMED], INCONCLUSIVE),
        ([0, 0], [0, 1e-13], [Status.AGREES, Status.AGREES], INCONCLUSIVE),  # nothing moved
        ([], [], [], INCONCLUSIVE),  # nothing checked
    ],
)
def test_the_verdict_on_an_array(analytic, numeric, status, verdict):
    assert comparison(analytic, numeric, status).verdict is verdict


def test_only_pass_is_true():
    assert [bool(v) for v in Verdict] == [True, False, False]


@given(vectors, vectors)
def test_discrepancies_add_up_to_the_difference(g, a):
    assume(np.any(g) or np.any(a))
    block = comparison(g, a, [0] * 5)
    assert np.sqrt(np.sum(block.discrepancies**2)) == pytest.approx(block.difference, abs=1e-14)


def test_the_worst_components_come_first_and_equal_ones_in_order():
    # 1.00 and 1.004 are equal to two digits: rounding elsewhere must not swap them
    off = comparison([1.0, 3.0, 1.004, 2.0, 9.0], [0] * 5, [Status.WRONG] * 4 + [Status.AGREES])
    assert off.worst(4) == [1, 3, 0, 2]
    assert off.component(1) == "W[1]"


@pytest.mark.parametrize("count", [1, 3])
def test_of_many_wrong_components_those_that_are_far_off_alone_are_put_in_order(count):
    rng = np.random.default_rng(0)
    off = np.round(rng.uniform(1.0, 3.0, size=400), 3)
    off[[30, 77, 310]] = 4.0, 3.99, np.nan  # two of them equal to two digits
    block = comparison(off, np.zeros(400), [Status.WRONG] * 400)
    assert block.worst(count) == block.worst(200)[:count] == [310, 30, 77][:count]
