"""A forward pass in float16: what it hides is told, what is far off is found."""

from __future__ import annotations

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.noise import NOISE_BOUND, noise_of, takes_single
from gcmagic.problem import Problem

HALF = np.float16


def network(seed, offset=0.0, kind=HALF, big=1.0):
    """A tanh network of 13 to 33 components whose forward pass casts to half precision."""
    rng = np.random.default_rng(seed)
    n, d, h = int(rng.integers(4, 12)), int(rng.integers(2, 5)), int(rng.integers(2, 5))
    X, T = rng.standard_normal((n, d)), big * rng.standard_normal((n, 2))
    params = {
        "W1": rng.standard_normal((d, h)),
        "b1": 0.1 * rng.standard_normal(h),
        "W2": rng.standard_normal((h, 2)),
        "b2": 0.1 * rng.standard_normal(2),
    }

    def forward(p, X):
        A = np.tanh(X @ p["W1"] + p["b1"])
        return A, A @ p["W2"] + p["b2"]

    def cost(p):
        _, out = forward({name: value.astype(kind) for name, value in p.items()}, X.astype(kind))
        each = np.sum((out - T.astype(kind)) ** 2, axis=1)
        return float(np.sum(each.astype(float))) / (2 * n) + offset

    def grad(p):
        A, out = forward(p, X)
        d2 = (out - T) / n
        d1 = d2 @ p["W2"].T * (1 - A**2)
        return {"W1": X.T @ d1, "b1": d1.sum(axis=0), "W2": A.T @ d2, "b2": d2.sum(axis=0)}

    return Problem(cost, grad, params)


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_right_code_is_not_told_wrong_and_told_what_hides_it(offset):
    for seed in range(12):
        problem = network(seed, offset)
        report = gcm.check(problem.fun, problem.grad, problem.params, seed=seed)
        assert report.verdict is gcm.INCONCLUSIVE, report
        codes = {finding.code for finding in report.findings}
        assert "half-precision" in codes, report
        assert not codes & {"kink", "noisy", "unconfirmed"}, report


@pytest.mark.parametrize("seed", [2, 5, 7, 13, 14, 17])
def test_under_a_large_loss_its_stairs_are_no_slopes(seed):
    problem = network(seed, big=60.0)
    report = gcm.check(problem.fun, problem.grad, problem.params, seed=seed, repair=0)
    assert report.verdict is gcm.INCONCLUSIVE, report


@pytest.mark.parametrize("factor", [2.0, 0.0, -1.0])
def test_what_is_far_off_is_told_of_its_array(factor):
    for seed in range(6):
        problem = network(seed)

        def wrong(p, of=problem.grad):
            return {**of(p), "W2": factor * of(p)["W2"]}

        report = gcm.check(problem.fun, wrong, problem.params, seed=seed, repair=0)
        assert report.wrong == ("W2",), report


def test_a_sum_in_half_precision_whose_stairs_are_wide_is_not_told_wrong():
    verdicts = set()
    for seed in range(20):
        right = network(seed)

        def cost(p, of=right.fun):
            return float(HALF(HALF(100) + HALF(of(p))))  # in stairs of a sixteenth

        verdicts.add(gcm.check(cost, right.grad, right.params, seed=seed, repair=0).verdict)
    assert verdicts == {gcm.INCONCLUSIVE}


def test_half_precision_is_not_taken_for_single():
    single = network(0, kind=np.float32)
    theta = single.layout.flatten(single.params)
    assert takes_single(single, theta, single.cost_at(theta), single.gradient_at(theta))[0]
    for seed in range(20):
        problem = network(seed)
        theta = problem.layout.flatten(problem.params)
        cost, gradient = problem.cost_at(theta), problem.gradient_at(theta)
        assert not takes_single(problem, theta, cost, gradient)[0], seed


def test_its_noise_is_measured_where_the_stairs_of_j_are_wide():
    for seed in range(6):
        half, plain = network(seed), network(seed, kind=float)
        theta = half.layout.flatten(half.params)
        cost, gradient = half.cost_at(theta), half.gradient_at(theta)
        level = noise_of(half, theta, cost, seed, gradient=gradient).level
        rng = np.random.default_rng(seed)
        points = [theta + 0.03 * rng.standard_normal(theta.size) for _ in range(60)]
        off = np.std([half.cost_at(point) - plain.cost_at(point) for point in points])
        assert off / NOISE_BOUND < level, (level, off)
        assert level < NOISE_BOUND * off, (level, off)


def test_a_cost_that_overflows_beside_theta_is_as_noisy_as_it_moves():
    def cost(w):
        return 1e5 + float(np.sum((HALF(200) * w.astype(HALF)) ** 2, dtype=HALF))

    w = np.array([0.9, 0.7])  # with 1.28 in all the sum is above 65504
    w *= np.sqrt(1.62 / (w @ w))
    assert np.isfinite(cost(w))
    with np.errstate(over="ignore"):
        problem = Problem(cost, lambda w: 8e4 * w, w)
        level = noise_of(problem, w, cost(w), 0, gradient=8e4 * w).level
        report = gcm.check(cost, problem.grad, w, steps=0)
    assert level > 10.0
    assert report.verdict is not gcm.FAIL
