"""What a check takes where there are few components: what it shares weighs most there."""

from __future__ import annotations

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.comparison import Comparison, Status
from gcmagic.confirm import is_stray
from gcmagic.extended import right_in_extended_precision
from gcmagic.noise import noise_of, rounding_of, single_noise, takes_single
from gcmagic.problem import Problem
from gcmagic.rungs import Question

MOST = 7  # evaluations a component and point
SEEDS = [25, 33, 57, 73, 97, 105, *range(1, 24)]


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
        assert share(report) <= MOST, seed


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


@pytest.mark.parametrize("seed", [1, 5, 25, 33, 97])
def test_parameters_in_float32_are_seen_in_three_evaluations_and_their_noise_follows(seed):
    problem, plain = logistic(seed, single=True), logistic(seed)
    theta = problem.layout.flatten(problem.params)
    for at in (theta, theta.astype(np.float32).astype(float)):
        cost, gradient = problem.cost_at(at), problem.gradient_at(at)
        single, lost, nfev = takes_single(problem, at, cost, gradient)
        assert (single, lost, nfev) == (True, 0.0, 3)
        assert not takes_single(plain, at, plain.cost_at(at), gradient)[0]
    rng = np.random.default_rng(0)
    points = [theta + 1e-5 * rng.standard_normal(theta.size) for _ in range(60)]
    off = [problem.cost_at(point) - plain.cost_at(point) for point in points]
    told = single_noise(theta, problem.gradient_at(theta), problem.cost_at(theta))
    assert told is not None
    assert 0.7 < told / np.std(off) < 1.4
    report = gcm.check(problem.fun, problem.grad, problem.params)
    assert report.phases[0].single
    assert all(phase.is_single_precision for phase in report.phases)
    assert not any(p.single for p in gcm.check(plain.fun, plain.grad, plain.params).phases)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["a count", "two decimals"])
def test_a_cost_in_stairs_is_none_in_float32(kind, seed):
    plain = logistic(seed)
    stairs = {"a count": lambda J: np.round(10 * J), "two decimals": lambda J: np.round(J, 2)}[kind]
    factor = 10 if kind == "a count" else 1
    problem = Problem(
        lambda p: stairs(plain.fun(p)),
        lambda p: {name: factor * g for name, g in plain.grad(p).items()},
        plain.params,
    )
    theta = problem.layout.flatten(problem.params)
    cost, gradient = problem.cost_at(theta), problem.gradient_at(theta)
    assert not takes_single(problem, theta, cost, gradient)[0]
    report = gcm.check(problem.fun, problem.grad, problem.params, steps=0)
    assert report.verdict is gcm.INCONCLUSIVE


def test_what_would_move_j_either_way_is_not_asked():
    problem = logistic(1, offset=1e9)
    theta = problem.layout.flatten(problem.params)
    cost, gradient = problem.cost_at(theta), problem.gradient_at(theta)
    assert takes_single(problem, theta, cost, gradient) == (False, None, 0)


@pytest.mark.parametrize("offset", [1e5, 1e7, 1e9])
def test_under_a_large_loss_the_first_line_shows_the_noise(offset):
    problem = logistic(3, offset=offset)
    theta = problem.layout.flatten(problem.params)
    cost, gradient = problem.cost_at(theta), problem.gradient_at(theta)
    measured = noise_of(problem, theta, cost, 0, gradient=gradient)
    assert measured.nfev == 7
    assert measured.level == 2 * 2.0**-53 * cost


@pytest.mark.parametrize("factor", [1e6, 1e9, 1e12])
def test_a_cost_that_is_large_by_its_unit_is_measured_where_its_curvature_does_not_show(factor):
    for seed in range(8):
        plain = logistic(seed)
        large = Problem(
            lambda p, at=plain: factor * at.fun(p),
            lambda p, at=plain: {k: factor * v for k, v in at.grad(p).items()},
            plain.params,
        )
        theta = plain.layout.flatten(plain.params)
        measured = [
            noise_of(at, theta, at.cost_at(theta), 0, gradient=at.gradient_at(theta)).level
            / at.cost_at(theta)
            for at in (plain, large)
        ]
        assert measured[1] <= 1.5 * measured[0], seed


def all_in_single(seed, size, offset):
    """Logistic regression whose every number is one of float32."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((12, size)).astype(np.float32)
    y = (rng.random(12) > 0.5).astype(np.float32)

    def fun(p):
        z = X @ p["w"].astype(np.float32)
        return float(np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-abs(z)))) + offset)

    def grad(p):
        wide = X.astype(float)
        return {"w": wide.T @ (1 / (1 + np.exp(-wide @ p["w"].astype(np.float32))) - y) / 12}

    return fun, grad, {"w": rng.standard_normal(size)}


@pytest.mark.parametrize("size", [3, 9, 30])
@pytest.mark.parametrize("offset", [np.float32(x) for x in (0, 10, 1e3, 1e5)])
def test_arithmetic_in_float32_hides_digits_that_the_parameters_do_not(size, offset):
    for seed in range(6):
        fun, grad, params = all_in_single(seed, size, offset)
        report = gcm.check(fun, grad, params, seed=seed)
        assert report.verdict is not gcm.FAIL, report
        if offset == 0:
            assert report.verdict is gcm.PASS, report
            wrong = gcm.check(fun, lambda p, of=grad: {"w": 1.1 * of(p)["w"]}, params, repair=0)
            assert wrong.verdict is gcm.FAIL, wrong


def test_under_a_large_loss_the_points_where_what_is_open_moves_most_settle_it():
    def fun(p):
        return float(1e9 + 0.01 * np.sum(p["w"] ** 4) * (1 + np.sin(p["b"][0]) ** 2))

    def grad(p):
        whole, b = 0.01 * np.sum(p["w"] ** 4), p["b"]
        return {"w": 0.04 * p["w"] ** 3 * (1 + np.sin(b[0]) ** 2), "b": whole * np.sin(2 * b)}

    for seed in range(6):  # the less saturated points have a hundredth of the slope
        w = 3 * np.random.default_rng(seed).standard_normal(4)
        report = gcm.check(fun, grad, {"w": w, "b": np.array([1e-4])}, steps=0, seed=seed)
        assert report.verdict is gcm.PASS, report


def test_of_points_that_show_as_much_the_first_that_shows_it_settles_a_kink():
    def fun(w):
        return float(np.sum(np.maximum(w, 0) * weights))

    weights, w = 1 + np.linspace(-1, 1, 5) ** 2, np.array([0.5, -1.0, 0.0, 2.0, -0.3])
    for scale in (1.0, 1 / 3, 7.7):  # rounding has no say in it
        weights = scale * weights
        report = gcm.check(fun, lambda w: (w > 0) * weights, w, steps=0)
        assert [phase.name for phase in report.phases[1:]] == ["jittered 1"]


@pytest.mark.parametrize("step", [6e-6, 1e-2])
@pytest.mark.parametrize("offset", [0.0, 1e6, 1e8])
def test_more_bits_take_back_no_bug_where_the_loss_hides_them(offset, step):
    for seed in range(12):  # J comes back in float64: a short step would say anything at all
        right = logistic(seed, offset=offset)
        wrong = Problem(
            right.fun,
            lambda p, of=right.grad: {name: 1.1 * g for name, g in of(p).items()},
            right.params,
        )
        theta = right.layout.flatten(right.params)
        true, steps = right.gradient_at(theta), np.full(theta.size, step)
        about = Question(np.arange(theta.size), 1.1 * true, steps, offset, 0.0, 0.0, 1.0, 0.0)
        found, _ = right_in_extended_precision(wrong, theta, about, true)
        assert not found.any(), seed


def test_a_decay_that_a_zero_bias_hides_shows_beside_under_a_large_loss():
    rng = np.random.default_rng(0)
    for seed in range(12):
        X, y = rng.standard_normal((10, 2 + seed % 7)), (rng.random(10) > 0.5) * 1.0

        def fun(p, X=X, y=y):
            z = X @ p["w"] + p["b"]
            return float(np.mean(np.logaddexp(0, z) - y * z) + 1e8)

        def grad(p, X=X, y=y):
            off = (1 / (1 + np.exp(-X @ p["w"] - p["b"])) - y) / 10
            return {"w": X.T @ off, "b": np.array([np.sum(off)]) + 0.1 * p["b"]}

        params = {"w": rng.standard_normal(X.shape[1]), "b": np.zeros(1)}
        report = gcm.check(fun, grad, params, steps=0, seed=seed, repair=0)
        assert report.verdict is gcm.FAIL, report


def test_what_one_of_several_components_shows_elsewhere_confirms_none_in_float32():
    (block,) = logistic(1).layout.select(["w"])[:1]
    right, wrong, noisy = Status.AGREES, Status.WRONG, Status.NOISY

    def compared(*status):
        ones = np.ones(len(status))
        every = np.array(status, dtype=np.int8)
        return Comparison(block, np.arange(len(status)), ones, ones, ones, every)

    first = compared(wrong, wrong, wrong, right)
    assert is_stray(first, compared(right, right, wrong, wrong))
    assert not is_stray(first, compared(right, wrong, wrong, right))
    assert not is_stray(first, compared(noisy, noisy, wrong, right))
    assert not is_stray(compared(right, wrong, right), compared(right, wrong, right))


def test_a_count_is_not_held_to_be_a_number_of_float32():
    verdicts = set()
    for seed in range(6):
        theta = np.random.default_rng(seed).standard_normal(5)
        report = gcm.check(
            lambda p: float(int(10 * np.sum(p**2))), lambda p: 20 * p, theta, repair=0
        )
        verdicts.add(report.verdict)
    assert verdicts == {gcm.INCONCLUSIVE}
