"""What a check takes where there are few components: what it shares weighs most there."""

from __future__ import annotations

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.comparison import Status
from gcmagic.noise import noise_of, rounding_of
from gcmagic.problem import Problem

MOST = 7  # evaluations a component and point
SEEDS = [25, 33, 57, 73, 97, 105, *range(1, 8)]


def logistic(seed, scale=1.0, offset=0.0, single=False):
    """Logistic regression of 3 to 12 components, with its loss written as courses do."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(4, 20)), int(rng.integers(2, 12))
    X, y = rng.standard_normal((n, d)), (rng.random(n) > 0.5) * 1.0
    params = {"w": scale * rng.standard_normal(d), "b": scale * rng.standard_normal(1)}

    def activation(p):
        if single:
            p = {name: value.astype(np.float32) for name, value in p.items()}
        return 1 / (1 + np.exp(-(X @ p["w"] + p["b"])))

    def cost(p):
        a = activation(p)
        return offset - np.mean(y * np.log(a + 1e-12) + (1 - y) * np.log(1 - a + 1e-12))

    def grad(p):
        a = 1 / (1 + np.exp(-(X @ p["w"] + p["b"])))
        d = ((1 - y) / (1 - a + 1e-12) - y / (a + 1e-12)) * a * (1 - a) / n
        return {"w": X.T @ d, "b": np.sum(d, keepdims=True)}

    return Problem(cost, grad, params)


def share(report):
    return report.nfev / (report.problem.layout.size * len(report.phases))


@pytest.mark.parametrize(
    "kind",
    [{}, {"scale": 12.0}, {"offset": 3e7}, {"offset": 2e8}, {"single": True}],
    ids=["plain", "saturated", "large loss", "huge loss", "float32"],
)
def test_right_code_takes_seven_evaluations_a_component_and_point(kind):
    for seed in SEEDS:
        problem = logistic(seed, **kind)
        report = gcm.check(problem.fun, problem.grad, problem.params, seed=seed)
        assert report.verdict is gcm.PASS, report
        # what a point and an array take however few their components
        few = kind and problem.layout.size < 6
        assert share(report) <= (11 if few else MOST), seed


def test_what_the_first_point_settled_takes_no_longer_steps_at_the_second():
    blunt = 0
    for seed in SEEDS:
        problem = logistic(seed, offset=2e8)
        report = gcm.check(problem.fun, problem.grad, problem.params, seed=seed)
        first, second = report.phases
        if first.verdict is gcm.PASS:
            blunt += any(block.count(Status.NOISY) for block in second.blocks)
            assert second.nfev <= 2 * problem.layout.size + 2
    assert blunt, "else nothing was left out"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scale", [1.0, 12.0])
def test_a_hundredth_too_long_is_told_of_each_array(scale, seed):
    problem = logistic(seed, scale)
    for name in problem.params:

        def wrong(p, name=name):
            return {**problem.grad(p), name: 1.01 * problem.grad(p)[name]}

        report = gcm.check(problem.fun, wrong, problem.params, repair=0, seed=seed)
        assert report.wrong == (name,), report


def saturated():
    """Two examples on the flat of log(1 - a + 1e-12), in stairs of 1 - a that are 1e-4 of it."""
    X, y = np.array([[28.0], [27.5], [0.3]]), np.array([0.0, 0.0, 1.0])

    def cost(p):
        a = 1 / (1 + np.exp(-(X @ p)))
        return -np.mean(y * np.log(a + 1e-12) + (1 - y) * np.log(1 - a + 1e-12))

    def grad(p):
        a = 1 / (1 + np.exp(-(X @ p)))
        return X.T @ (((1 - y) / (1 - a + 1e-12) - y / (a + 1e-12)) * a * (1 - a) / len(y))

    return Problem(cost, grad, np.ones(1))


@pytest.mark.skipif(
    bool(np.finfo(np.longdouble).eps >= np.finfo(float).eps), reason="no extended precision here"
)
def test_digits_that_saturation_takes_are_seen_in_one_evaluation():
    problem = saturated()
    theta = np.ones(1)
    cost = problem.cost_at(theta)
    shown, lost = noise_of(problem, theta, cost, 0).level, rounding_of(problem, theta, cost)
    assert lost > 1e4 * shown, "a short line stays on one stair"
    report = gcm.check(problem.fun, problem.grad, theta, steps=0)
    first = report.phases[0]
    assert first.lost
    assert first.blocks[0].status[0] == Status.NOISY
    assert "unconfirmed" not in {f.code for f in report.findings}
    plain = gcm.check(np.sum, np.ones_like, np.ones(3))
    assert not any(phase.lost for phase in plain.phases)


def test_what_extended_precision_does_not_give_is_no_number():
    def narrow(p):
        return float(np.array(p, dtype=np.float64).view(np.float64)[0]) ** 2

    def refusing(p):
        if p.dtype != np.float64:
            raise TypeError("float64 only")
        return p[0] ** 2

    one = np.ones(1)
    assert rounding_of(Problem(narrow, lambda p: 2 * p, one), one, 1.0) == 0.0
    assert np.isnan(rounding_of(Problem(refusing, lambda p: 2 * p, one), one, 1.0))
