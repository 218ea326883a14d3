"""Arrays along their own gradients: what no component shows under a large loss."""

from __future__ import annotations

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.along import RESOLUTION, SHARP, SHOWING, along, looked
from gcmagic.comparison import Status
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
        blocks = problem.layout.blocks
        found, nfev = along(problem, theta, blocks, gradient, cost(theta), noise, settings)
        (joint,) = found.values()
        told = 3 * joint.error <= RESOLUTION * abs(joint.numeric)  # else it says nothing
        inside += not told or abs(joint.analytic - joint.numeric) <= 3 * joint.error
        assert joint.status != Status.WRONG
        assert 6 <= nfev <= 14
        if not offset:
            assert joint.floor <= SHOWING * SHARP
    assert inside == 20


def test_a_kink_at_the_point_itself_is_in_the_error():
    theta = np.zeros(4)
    problem = Problem(lambda w: np.sum(np.maximum(w, 0.0)), lambda w: w, theta)
    settings = Options().settings(problem.layout)
    found, _ = along(problem, theta, problem.layout.blocks, np.ones(4), 0.0, 1e-16, settings)
    (joint,) = found.values()
    assert joint.status == Status.NOISY


def test_an_array_without_a_gradient_has_no_direction():
    problem = Problem(lambda w: np.sum(w**2), lambda w: w, np.zeros(3))
    settings = Options().settings(problem.layout)
    found = along(problem, np.zeros(3), problem.layout.blocks, np.zeros(3), 0.0, 0.0, settings)
    assert found == ({}, 0)


def three(offset, wrong="", beside=1.0):
    """Nine parameters in three arrays, one of which may be shorter; one may be told 1e-4 wrong."""
    sizes = {"u": beside, "v": 1.0, "w": 1.0}

    def cost(p):
        return offset + sum(size * np.sum(np.sin(p[name])) for name, size in sizes.items())

    def grad(p):
        found = {name: size * np.cos(p[name]) for name, size in sizes.items()}
        return {name: (1.0001 if name == wrong else 1.0) * g for name, g in found.items()}

    parts = np.split(np.linspace(0.1, 1.0, 9), 3)
    return Problem(cost, grad, dict(zip(sizes, parts, strict=True)))


def seen(problem, offset):
    theta = problem.layout.flatten(problem.params)
    gradient, cost = problem.gradient_at(theta), problem.cost_at(theta)
    settings, blocks = Options().settings(problem.layout), problem.layout.blocks
    return looked(problem, theta, blocks, gradient, cost, 2.0**-53 * offset, settings)


@pytest.mark.parametrize("wrong", ["u", "v", "w"])
def test_arrays_of_few_components_share_a_line_and_only_one_that_is_wrong_is_told(wrong):
    joints, nfev = seen(three(1e7), 1e7)
    assert nfev <= 8, "three steps, not three for each of three arrays"
    assert {joint.status for joint in joints.values()} == {Status.AGREES}
    joints, _ = seen(three(1e7, wrong), 1e7)
    assert {name for name, joint in joints.items() if joint.status == Status.WRONG} == {wrong}
    report = gcm.check(three(3e8).fun, three(3e8, wrong).grad, three(3e8).params, repair=0)
    assert report.wrong == (wrong,)


@pytest.mark.parametrize("offset", [1e8, 1e9])
def test_an_array_that_is_short_beside_the_others_has_a_line_of_its_own(offset):
    joints, nfev = seen(three(offset, beside=0.01), offset)
    assert joints["v"].error == joints["w"].error != joints["u"].error
    assert nfev <= 14
    joints, _ = seen(three(offset, "u", beside=0.01), offset)
    assert joints["v"].status == joints["w"].status == Status.AGREES
