"""Where a cost goes up and down within every step, nothing is told wrong."""

from __future__ import annotations

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.problem import Problem
from gcmagic.rough import hidden, is_rough, within

ONE = np.zeros(1, dtype=int)


def rough(problem, cost, noise):
    """Whether J is rough within a step of 1e-5 at zero, and the evaluations."""
    _, moved = within(problem, np.zeros(1), ONE, np.full(1, 1e-5), cost)
    return bool(is_rough(moved, noise)[0]), moved.size


def wave(seed, often):
    """A sine that turns `often` times within a unit of its scores, and a sigmoid after it."""
    rng = np.random.default_rng(seed)
    n, d, h = int(rng.integers(2, 9)), int(rng.integers(1, 5)), int(rng.integers(1, 5))
    X, y = rng.standard_normal((n, d)), rng.random(n)
    params = {"W": 1000 * rng.standard_normal((d, h)), "V": rng.standard_normal(h)}

    def forward(p):
        u = often * (X @ p["W"])
        return u, 1 / (1 + np.exp(-(np.sin(u) @ p["V"])))

    def cost(p):
        return float(np.mean((forward(p)[1] - y) ** 2))

    def grad(p):
        u, a = forward(p)
        dz = 2 * (a - y) * a * (1 - a) / n
        return {"W": often * X.T @ (dz[:, None] * p["V"] * np.cos(u)), "V": np.sin(u).T @ dz}

    return Problem(cost, grad, params)


@pytest.mark.parametrize("often", [1e5, 1e7])
def test_right_code_is_not_told_wrong(often):
    for seed in (3, 7, 11, 15, 19, 23):
        problem = wave(seed, often)
        report = gcm.check(problem.fun, problem.grad, problem.params, seed=seed, repair=0)
        assert report.verdict is not gcm.FAIL, report


@pytest.mark.parametrize(
    ("fun", "wanted"),
    [
        (lambda x: np.sin(1e7 * x), True),
        (lambda x: np.sin(x), False),
        (lambda x: np.exp(3e4 * x), False),
        (lambda x: np.abs(x - 1e-6), False),
        (lambda x: 5.0, False),
    ],
    ids=["turns", "smooth", "bends", "kink", "still"],
)
def test_only_what_goes_up_and_down_within_the_step_is_rough(fun, wanted):
    problem = Problem(lambda w: float(fun(w[0])), lambda w: w, np.zeros(1))
    cost = problem.cost_at(np.zeros(1))
    found, nfev = rough(problem, cost, 1e-15)
    assert found is wanted
    assert nfev == 9


def test_rounding_is_no_roughness():
    rng = np.random.default_rng(0)
    problem = Problem(lambda w: float(1e-9 * rng.standard_normal()), lambda w: w, np.zeros(1))
    assert not rough(problem, 0.0, 6e-9)[0]
    assert rough(problem, 0.0, 6e-11)[0]


def test_noise_that_was_measured_on_the_waves_hides_them_not():
    problem = Problem(lambda w: float(np.sin(1e7 * w[0])), lambda w: w, np.zeros(1))
    for noise, wanted in ((0.6, True), (3.0, False)):
        assert rough(problem, 0.0, noise)[0] is wanted


@pytest.mark.parametrize(
    ("often", "times", "wanted"),
    [(1e7, 1.0, True), (1e7, 1.001, False), (1e7, -1.0, False), (1e14, 1.0, True)],
    ids=["right", "off by a thousandth", "a sign", "no step is short enough"],
)
def test_roughness_hides_nothing_where_a_shorter_step_shows_the_slope(often, times, wanted):
    problem = Problem(lambda w: float(np.sin(often * w[0])), lambda w: w, np.ones(1))
    cost, slope = np.sin(often), often * np.cos(often)
    at = problem, np.ones(1), ONE, np.array([times * slope]), np.full(1, 1e-5)
    assert bool(hidden(*at, cost, 1e-9)[0][0]) is wanted
