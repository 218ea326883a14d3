"""Arrays along their own gradients: what no component shows under a large loss."""

from __future__ import annotations

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.comparison import Status
from gcmagic.joint import RESOLUTION, SHARP, along
from gcmagic.options import Options
from gcmagic.problem import Problem

X = np.linspace(-1, 1, 120).reshape(6, 20)
START = np.linspace(-0.3, 0.4, 20)


def under(offset):
    """A cost that is large beside its slopes, and its gradient."""

    def cost(w):
        return offset + np.sum(np.tanh(X @ w) ** 2)

    def backward(w):
        Z = np.tanh(X @ w)
        return X.T @ (2 * Z * (1 - Z**2))

    return cost, backward


@pytest.mark.parametrize("offset", [1e6, 1e7, 1e8, 3e8, 1e9])
def test_a_ten_thousandth_too_long_shows_under_a_large_loss_and_right_code_does_not(offset):
    cost, backward = under(offset)
    assert gcm.check(cost, backward, START).passed
    report = gcm.check(cost, lambda w: 1.0001 * backward(w), START, repair=0)
    assert report.verdict is gcm.FAIL
    if offset >= 1e8:
        (block,) = report.phases[0].blocks
        assert block.count(Status.WRONG) == 0, "no component resolves it"
        assert block.joint.status == Status.WRONG
        assert block.joint.floor < 0.3 * block.floor
        assert "along-gradient" in {f.code for f in report.findings}
        assert "off as a whole" in str(report)
        assert "off as a whole" in report._repr_html_()


def test_what_another_point_contradicts_is_not_told_wrong():
    cost, backward = under(1e8)

    def here_only(w):
        return (1.0001 if np.array_equal(w, START) else 1.0) * backward(w)

    report = gcm.check(cost, here_only, START, steps=0)
    assert report.verdict is gcm.INCONCLUSIVE
    assert report.phases[0].blocks[0].joint.status == Status.UNCONFIRMED
    assert "unconfirmed" in {f.code for f in report.findings}


def test_sharp_components_are_not_looked_at_again():
    cost, backward = under(0.0)
    report = gcm.check(cost, backward, START)
    assert all(block.joint is None for phase in report.phases for block in phase.blocks)


@pytest.mark.parametrize("bend", [1.0, 30.0, 300.0])
@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
def test_the_error_holds_the_slope_whatever_the_noise_and_the_curvature(bend, offset):
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(20):
        theta, c = rng.standard_normal(12) / bend, rng.standard_normal(12)

        def cost(w, c=c):
            return offset + np.sum(c * np.sin(bend * w)) / bend

        gradient = c * np.cos(bend * theta)
        problem = Problem(cost, lambda w: w, theta)
        noise = 2.0**-53 * max(1.0, offset)
        settings = Options().settings(problem.layout)
        (block,) = problem.layout.blocks
        joint, nfev = along(problem, theta, block, gradient, cost(theta), noise, settings)
        told = 3 * joint.error <= RESOLUTION * abs(joint.numeric)  # else it says nothing
        inside += not told or abs(joint.analytic - joint.numeric) <= 3 * joint.error
        assert joint.status != Status.WRONG
        assert 6 <= nfev <= 14
        if not offset:
            assert joint.floor <= SHARP
    assert inside == 20


def test_a_kink_at_the_point_itself_is_in_the_error():
    theta = np.zeros(4)
    problem = Problem(lambda w: np.sum(np.maximum(w, 0.0)), lambda w: w, theta)
    (block,) = problem.layout.blocks
    settings = Options().settings(problem.layout)
    joint, _ = along(problem, theta, block, np.ones(4), 0.0, 1e-16, settings)
    assert joint.status == Status.NOISY


def test_an_array_without_a_gradient_has_no_direction():
    problem = Problem(lambda w: np.sum(w**2), lambda w: w, np.zeros(3))
    settings = Options().settings(problem.layout)
    found = along(problem, np.zeros(3), problem.layout.blocks[0], np.zeros(3), 0.0, 0.0, settings)
    assert found == (None, 0)
