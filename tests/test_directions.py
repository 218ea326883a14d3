"""Samples where all components would take too long."""

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.check import check_problem
from gcmagic.directions import coordinates, sample_for, signs
from gcmagic.parameters import Block
from gcmagic.problem import Problem
from tests.problems import tanh_network, with_bug

LARGE, SMALL = Block("W", (50, 40), 0, 2000), Block("b", (50,), 2000, 2050)


def test_a_sample_is_seeded_in_order_and_without_repetition():
    offsets = coordinates(LARGE, 100, 3)
    assert offsets.size == np.unique(offsets).size == 100
    assert np.all(np.diff(offsets) > 0)
    np.testing.assert_array_equal(offsets, coordinates(LARGE, 100, 3))
    assert not np.array_equal(offsets, coordinates(LARGE, 100, 4))
    np.testing.assert_array_equal(coordinates(SMALL, 100, 3), np.arange(50))
    np.testing.assert_array_equal(coordinates(LARGE, None, 3), np.arange(2000))


@pytest.mark.parametrize(
    ("seconds", "budget", "sample"),
    [(1e-5, 60, None), (1e-2, 60, 100), (0.1, 60, 20), (10, 60, 5), (10, None, None)],
)
def test_the_sample_fits_the_budget(seconds, budget, sample):
    assert sample_for((LARGE.size, SMALL.size), seconds, budget, 2) == sample


def large(**bugs):
    return with_bug(tanh_network((30, 40, 3)), **bugs)


def test_what_is_over_budget_is_screened_by_directions_and_says_so():
    report = check_problem(large(), budget=1e-9)
    assert report.verdict is gcm.PASS
    assert report.summary.endswith("at 2 points, by random directions")
    assert [b.analytic.size for b in report.phases[0].blocks] == [5, 5, 5, 3]
    assert "over-budget" in {f.code for f in report.findings}
    assert "W1" in report._repr_html_()


def test_what_directions_cannot_tell_is_sampled_and_says_what_that_proves():
    x = np.linspace(-1, 1, 200)  # a corner at zero in every direction
    problem = Problem(
        lambda p: np.sum(np.abs(p["w"] - x)), lambda p: {"w": np.sign(p["w"] - x)}, {"w": x * 1.0}
    )
    report = check_problem(problem, budget=1e-9, steps=0)
    (finding,) = [f for f in report.findings if f.code == "sampled"]
    assert "60% or more" in finding.evidence
    assert report.phases[0].block("w").analytic.size == 5


def test_a_sample_fails_wrong_code():
    report = check_problem(large(W1=lambda g: 2 * g), budget=1e-9)
    assert report.wrong == ("W1",)


def test_nan_on_a_sample_is_not_pass():
    right = large()
    problem = Problem(lambda p: np.nan, right.grad, right.params)
    assert check_problem(problem, budget=1e-9).verdict is gcm.INCONCLUSIVE


@pytest.mark.parametrize("budget", [0, -1, float("nan")])
def test_a_budget_that_is_none_is_refused(budget):
    with pytest.raises(gcm.InputError, match="budget is"):
        check_problem(large(), budget=budget)


def test_signs_are_those_that_choice_draws():
    one, other = np.random.default_rng(7), np.random.default_rng(7)
    np.testing.assert_array_equal(signs(one, (3, 50)), other.choice([-1.0, 1.0], (3, 50)))
    assert one.random() == other.random()  # and as many numbers were drawn for them
