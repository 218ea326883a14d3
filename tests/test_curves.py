"""Difference against epsilon, on functions whose truncation and rounding are known."""

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.comparison import Status
from gcmagic.curves import SAMPLE, curve, spread
from gcmagic.errors import InputError
from gcmagic.schemes import SCHEMES

from .networks import double_w2, network


def curve_of(report, name="theta"):
    return curve(report.problem, report.phases[0], name, report.settings.scheme)


def cube(factor=1.0, scheme="central"):
    """J = sum w**5: the k-th slope is known, and so is the error of every scheme."""
    w = np.linspace(1.0, 2.0, 5)
    return gcm.check(lambda w: (w**5).sum(), lambda w: factor * 5 * w**4, w, scheme=scheme, steps=0)


@pytest.mark.parametrize(
    ("scheme", "lost"),
    [
        ("forward", lambda w, h: 10 * w**3 * h),
        ("central", lambda w, h: 10 * w**2 * h**2),
        ("complex-step", lambda w, h: 10 * w**2 * h**2),
    ],
)
def test_truncation_is_that_of_the_scheme(scheme, lost):
    w = np.linspace(1.0, 2.0, 5)
    found = curve_of(cube(scheme=scheme))
    total = 2 * np.linalg.norm(5 * w**4)
    wanted = np.array([np.linalg.norm(lost(w, h)) / total for h in found.epsilons])
    np.testing.assert_allclose(found.truncation, wanted, rtol=0.1)


def test_richardson_is_of_order_four():
    found = curve_of(cube(scheme="richardson"))
    steps = np.diff(np.log10(found.truncation)) / np.diff(np.log10(found.epsilons))
    np.testing.assert_allclose(steps, 4)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_right_code_stays_at_the_sum_of_both_branches(scheme):
    found = curve_of(cube(scheme=scheme))
    finite = np.isfinite(found.differences) & (found.epsilons < 0.03)
    both = found.truncation + found.rounding
    assert np.all(found.differences[finite] <= 20 * both[finite] + 1e-15)


def test_wrong_code_stays_above_and_flat():
    found = curve_of(cube(factor=2.0))
    middle = (found.epsilons > 1e-9) & (found.epsilons < 1e-3)
    np.testing.assert_allclose(found.differences[middle], 1 / 3, rtol=1e-5)


def test_the_floor_lies_where_the_branches_cross():
    epsilon, floor = curve_of(cube()).floor
    assert 1e-6 <= epsilon <= 1e-4
    assert 1e-13 < floor < 1e-9


def test_a_large_array_is_looked_at_in_a_sample_that_holds_the_worst():
    report = network(double_w2, widths=(3, 30, 20), steps=0)
    block = report.phases[0].block("W2")
    places = spread(block, SAMPLE[0])
    assert len(places) <= SAMPLE[0] + 2
    assert set(block.worst(2)) <= set(places)
    found = curve_of(report, "W2")
    assert (found.looked, found.size) == (len(places), 600)


def test_a_step_that_is_lost_beside_theta_is_not_a_number():
    report = gcm.check(lambda w: float(w @ w), lambda w: 2 * w, np.full(2, 1e6), steps=0)
    found = curve_of(report)
    assert np.isnan(found.differences[0])
    assert found.differences[-1] < 1e-7


def test_an_array_that_is_not_there_is_told():
    report = network(steps=0)
    assert report.phases[0].blocks[0].count(Status.AGREES) == 12
    with pytest.raises(InputError, match="W9 was not looked at in 'given parameters'"):
        curve_of(report, "W9")
