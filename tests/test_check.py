"""check(): every outcome that somebody else's tool gets wrong, as a row."""

import dataclasses
import itertools
import math
from random import SystemRandom

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic import FAIL, INCONCLUSIVE, PASS
from gcmagic.check import check_problem
from gcmagic.problem import Problem
from tests.problems import RIGHT, relu_network, softmax_regression, tanh_network, with_bug

V = np.array([0.3, -0.7, 1.1])


def halves(p):
    return 0.5 * float(np.sum(p * p))


def scaled(problem, factor=1.0, offset=0.0, bug=1.0):
    return Problem(
        lambda p: factor * problem.fun(p) + offset,
        lambda p: {k: factor * bug * g for k, g in problem.grad(p).items()},
        problem.params,
    )


def noisy(p, rng=np.random.default_rng(5)):  # noqa: B008 - one generator for all calls
    return halves(p) + 1e-3 * rng.standard_normal()


def uneven_factors(g):
    return g * np.linspace(1.1, 2, g.size).reshape(g.shape)


def accumulating():
    total = np.zeros(3)

    def gradient(p):
        total[:] += p
        return total

    return gradient


def in_float32(problem):
    return Problem(
        lambda p: problem.fun({k: v.astype(np.float32) for k, v in p.items()}),
        problem.grad,
        problem.params,
    )


def centred():
    """A bias that the mean takes out again: its gradient is a sum that cancels."""
    rng = np.random.default_rng(3)
    x, t = rng.standard_normal((7, 3)), rng.standard_normal((7, 4))

    def dz(p):
        z = x @ p["W"] + p["b"]
        d = t * (1 - np.tanh(z - z.mean(0)) ** 2)
        return z, d - d.mean(0)

    def fun(p):
        z = dz(p)[0]
        return np.sum(t * np.tanh(z - z.mean(0)))

    return Problem(
        fun,
        lambda p: {"W": x.T @ dz(p)[1], "b": dz(p)[1].sum(0)},
        {"W": rng.standard_normal((3, 4)), "b": np.full(4, 0.3)},
    )


uneven = np.array([1.0, 1e6, 1.0])
steep = np.array([1.0, 1e-6, 1e-6])
TABLE = {
    # name: problem, verdict, wrong arrays, codes of findings that have to be there
    "tanh network, loss + 1e3": (tanh_network(offset=1e3), PASS, "", ()),
    "tanh network, loss + 1e6": (tanh_network(offset=1e6), PASS, "", ()),
    "tanh network, loss + 1e9": (tanh_network(offset=1e9), PASS, "", ("floor",)),
    "relu network": (relu_network(), PASS, "", ()),
    "cost constant, gradient zero": (
        Problem(lambda p: 1.0, lambda p: 0 * p, V),
        INCONCLUSIVE,
        "",
        ("nothing-moves",),
    ),
    "a bias before a normalisation, zero but for rounding": (
        centred(),
        INCONCLUSIVE,
        "",
        ("nothing-moves",),
    ),
    "cost of something else": (
        Problem(lambda p: 1.0, lambda p: p, V),
        INCONCLUSIVE,
        "",
        ("cost-does-not-move",),
    ),
    "|x| at 1e-9": (Problem(abs, np.sign, 1e-9), PASS, "", ("kink",)),  # passes beside the kink
    "|x| at 0": (Problem(abs, np.sign, 0.0), PASS, "", ("nothing-moves",)),
    "stairs with the right slope on the whole": (
        Problem(lambda p: 1e-3 * np.sum(np.ceil(p * 1e4)), lambda p: 0 * p + 10, V),
        PASS,
        "",
        ("floor",),
    ),
    "cost NaN": (Problem(lambda p: math.nan, lambda p: p, V), INCONCLUSIVE, "", ("not-finite",)),
    "cost and gradient NaN": (
        Problem(lambda p: math.nan, lambda p: p * math.nan, V),
        INCONCLUSIVE,
        "",
        ("not-finite",),
    ),
    "cost infinite": (
        Problem(lambda p: math.inf, lambda p: p, V),
        INCONCLUSIVE,
        "",
        ("not-finite",),
    ),
    "gradient NaN": (Problem(halves, lambda p: p * math.nan, V), INCONCLUSIVE, "", ("not-finite",)),
    "one NaN in g": (
        Problem(halves, lambda p: np.where([0, 1, 0], np.nan, p), V),
        INCONCLUSIVE,
        "",
        ("not-finite",),
    ),
    "one component 2x wrong beside a 1e6 one": (
        Problem(lambda p: 0.5 * np.sum(uneven * p * p), lambda p: uneven * p * [2, 1, 1], V),
        FAIL,
        "theta",
        ("some-components",),
    ),
    "a small array 2x wrong beside a large one": (
        Problem(
            lambda p: 1e6 * np.sum(p["big"] ** 2) + 1e-3 * np.sum(p["small"] ** 2),
            lambda p: {"big": 2e6 * p["big"], "small": 4e-3 * p["small"]},
            {"big": V, "small": np.arange(1.0, 7.0)},
        ),
        FAIL,
        "small",
        ("constant-factor",),
    ),
    "2x wrong, loss times 1e-5": (
        scaled(tanh_network(), 1e-5, bug=2),
        FAIL,
        "W1 b1 W2 b2 W3 b3",
        (),
    ),
    "2x wrong, loss times 1e-8": (
        scaled(tanh_network(), 1e-8, bug=2),
        FAIL,
        "W1 b1 W2 b2 W3 b3",
        (),
    ),
    "right, loss times 1e-8": (scaled(tanh_network(), 1e-8), PASS, "", ()),
    "L2 term with lambda 1e-4 missing in g": (
        Problem(
            lambda p: relu_network().fun(p) + 0.5e-4 * sum(np.sum(p[w] ** 2) for w in ("W1", "W2")),
            relu_network().grad,
            relu_network().params,
        ),
        FAIL,
        "W1 W2",
        (),
    ),
    "b2 x 1.001": (with_bug(tanh_network(), b2=lambda g: 1.001 * g), FAIL, "b2", ()),
    "W2 x 1.000001": (with_bug(tanh_network(), W2=lambda g: 1.000001 * g), FAIL, "W2", ()),
    "cost with noise 1e-3 from a generator": (
        Problem(noisy, lambda p: p, V),
        PASS,
        "",
        ("frozen",),
    ),
    "cost with noise 1e-3 from nowhere": (
        Problem(lambda p: halves(p) + 1e-3 * SystemRandom().random(), lambda p: p, V),
        INCONCLUSIVE,
        "",
        ("cost-not-repeatable",),
    ),
    "gradient with noise 1e-3 from nowhere": (
        Problem(halves, lambda p: p * (1 + 1e-3 * SystemRandom().random()), V),
        INCONCLUSIVE,
        "",
        ("gradient-not-repeatable",),
    ),
    "gradient that accumulates": (Problem(halves, accumulating(), V), PASS, "", ("frozen",)),
    "square W transposed": (
        with_bug(tanh_network((4, 4, 4, 2)), W2=lambda g: g.T),
        FAIL,
        "W2",
        ("transposed",),
    ),
    "sign": (with_bug(tanh_network(), W1=lambda g: -g), FAIL, "W1", ("sign",)),
    "zero": (with_bug(tanh_network(), b1=lambda g: 0 * g), FAIL, "b1", ("zero-gradient",)),
    "delta wrong at layer 1": (
        with_bug(tanh_network(), W1=uneven_factors, b1=uneven_factors),
        FAIL,
        "W1 b1",
        ("enters-at-layer",),
    ),
    "delta wrong at layer 3": (
        with_bug(
            tanh_network(), **dict.fromkeys(("W1", "b1", "W2", "b2", "W3", "b3"), uneven_factors)
        ),
        FAIL,
        "W1 b1 W2 b2 W3 b3",
        ("every-array",),  # there is no right layer above that would tell where it enters
    ),
    "W1 x 1/8": (with_bug(tanh_network(), W1=lambda g: g / 8), FAIL, "W1", ("constant-factor",)),
    "one row": (
        with_bug(tanh_network(), W1=lambda g: g * np.array([[1], [1], [2], [1], [1]])),
        FAIL,
        "W1",
        ("some-components",),
    ),
    "float32 cost": (in_float32(tanh_network()), PASS, "", ("floor",)),
    "nested list, softmax": (softmax_regression(), PASS, "", ()),
    "cost of shape (1, 1)": (
        Problem(lambda p: np.array([[halves(p)]]), lambda p: p, V),
        PASS,
        "",
        (),
    ),
    "steep and flat": (
        Problem(lambda p: np.sum(steep * p**2), lambda p: 2 * steep * p, V),
        PASS,
        "",
        (),
    ),
    "steep oscillation": (
        Problem(lambda p: np.sum(np.sin(1e4 * p)), lambda p: 1e4 * np.cos(1e4 * p), V),
        PASS,
        "",
        (),
    ),
    "a number": (Problem(lambda t: t**3, lambda t: 3 * t**2, 1.0), PASS, "", ()),
}


def test_a_gradient_of_nothing_but_rounding_is_not_called_noisy():
    """Nor is its cost: float64 throughout is not what helps."""
    problem = centred()
    report = gcm.check(problem.fun, problem.grad, problem.params)
    assert any(np.any(block.analytic) for block in report.blocks_of("b"))
    assert "noisy" not in {finding.code for finding in report.findings}


@pytest.mark.parametrize("name", TABLE)
def test_the_wanted_outcome(name):
    problem, verdict, wrong, codes = TABLE[name]
    report = check_problem(problem, seed=1)
    assert report.verdict is verdict, report
    assert " ".join(report.wrong) == wrong
    assert set(codes) <= {f.code for f in report.findings}
    assert report.passed is (verdict is PASS)
    assert verdict.name in str(report)
    assert verdict.name in report._repr_html_()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("init", ["given", "random"])
@pytest.mark.parametrize("name", RIGHT)
def test_right_networks_never_fail(name, init, seed):
    report = check_problem(RIGHT[name](seed), init=init, seed=seed)
    assert report.verdict is PASS, report
    if init == "random":  # at zero biases a unit may sit on the kink for some example
        assert report.difference < 1e-8


@pytest.mark.parametrize("seed", range(10))
def test_a_rounded_cost_never_fails(seed):
    theta = np.random.default_rng(seed).standard_normal(4)
    report = gcm.check(lambda w: round(float(np.sum(w**2)), 4), lambda w: 2 * w, theta)
    assert report.verdict is not FAIL, report


def test_what_the_cost_prints_and_warns_of_is_not_shown_thousands_of_times(capsys):
    def cost(w):
        print("called")
        return float(np.sum(w**2) + 0 * np.log(np.float64(0.0) * w[0] + 1))

    assert gcm.check(cost, lambda w: 2 * w, V).passed
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("scheme", ["forward", "central", "richardson", "complex-step"])
def test_every_scheme_passes_right_code_and_fails_wrong_code(scheme):
    right = tanh_network()
    assert check_problem(right, scheme=scheme).verdict is PASS
    wrong = check_problem(with_bug(right, b2=lambda g: 1.01 * g), scheme=scheme)
    assert wrong.wrong == ("b2",)


def test_a_factor_is_written_as_one_is_told_it():
    report = check_problem(with_bug(tanh_network(), W1=lambda g: g / 8), steps=0)
    title = report.findings[0].title
    assert title.partition(" (1/8 = ")[0] == "W1: the gradient is 1/8 times what it should be"
    report = check_problem(with_bug(tanh_network(), W1=lambda g: -0.3 * g), steps=0)
    title = report.findings[0].title
    assert title == "W1: the gradient is -0.3 times what it should be"


def test_the_lecture_case():
    """W2 twice too large and b1 four times: exactly these fail; mended, all pass."""
    right = relu_network()
    wrong = check_problem(with_bug(right, W2=lambda g: 2 * g, b1=lambda g: 4 * g), init="random")
    assert wrong.verdict is FAIL
    assert wrong.wrong == ("b1", "W2")
    assert {f.where: f.title.partition(" (")[0] for f in wrong.findings} == {
        "b1": "b1: the gradient is 4 times what it should be",
        "W2": "W2: the gradient is 2 times what it should be",
    }
    assert check_problem(right, init="random").verdict is PASS
    assert check_problem(right, init="random", epsilon=1e-7).verdict is PASS


def test_an_epsilon_at_which_the_bare_rule_calls_right_code_wrong():
    problem = tanh_network(offset=100.0)
    report = check_problem(problem, epsilon=1e-7)
    assert report.difference > 1e-7  # the bare rule: a mistake
    assert report.verdict is PASS
    assert "epsilon" in {f.code for f in report.findings}


def test_an_epsilon_that_moves_no_cost_is_named_and_not_the_cost():
    problem = tanh_network()
    offset = dataclasses.replace(problem, fun=lambda p: problem.fun(p) + 1e6)
    report = check_problem(offset, epsilon=1e-13)
    assert report.verdict is INCONCLUSIVE
    assert {f.code for f in report.findings} == {"epsilon"}
    still = dataclasses.replace(problem, fun=lambda p: 1e6)
    assert "cost-does-not-move" in {f.code for f in check_problem(still, epsilon=1e-13).findings}


@pytest.mark.parametrize(("epsilon", "says"), [(1e-12, "too small"), (0.1, "too large")])
def test_a_bad_epsilon_is_obeyed_and_named(epsilon, says):
    report = check_problem(tanh_network(), epsilon=epsilon)
    assert report.verdict is not FAIL
    found = [f for f in report.findings if f.code == "epsilon"]
    assert found
    assert says in found[0].title
    assert report.phases[0].epsilon == epsilon


def test_two_points_side_by_side():
    report = check_problem(relu_network(), init="random", steps=3)
    assert [p.name for p in report.phases] == ["random initialisation", "after 3 training steps"]
    assert report.phases[1].cost < report.phases[0].cost
    assert [p.name for p in check_problem(relu_network(), steps=0).phases] == ["given parameters"]


def test_a_bug_that_hides_at_zero_biases_is_found_after_training():
    """d/db of an extra 0.05 b**2 is zero while b = 0."""
    right = relu_network()
    bug = Problem(
        right.fun,
        lambda p: {**right.grad(p), "b2": right.grad(p)["b2"] + 0.1 * p["b2"]},
        right.params,
    )
    report = check_problem(bug)
    assert report.phases[0].verdict is PASS
    assert report.phases[1].verdict is FAIL
    assert report.wrong == ("b2",)
    assert check_problem(bug, init="random").phases[0].verdict is FAIL


def test_dropout_is_frozen_and_the_users_stream_goes_on_where_it_was():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((4, 8))

    def forward(p):
        A = np.tanh(p["W1"] @ X)
        mask = (np.random.rand(*A.shape) < 0.7) / 0.7
        return A, mask, A * mask

    def cost(p):
        return float(np.sum((p["W2"] @ forward(p)[2]) ** 2))

    def gradient(p):
        A, mask, H = forward(p)
        d = 2 * p["W2"] @ H
        return {"W1": ((p["W2"].T @ d) * mask * (1 - A * A)) @ X.T, "W2": d @ H.T}

    params = {"W1": rng.standard_normal((5, 4)), "W2": rng.standard_normal((2, 5))}
    before = np.random.get_state()[1].copy()
    report = gcm.check(cost, gradient, params)
    assert report.verdict is PASS
    assert report.findings[0].code == "frozen"
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_of_the_users_changes(fails):
    params = {"W": np.arange(6.0).reshape(2, 3), "b": np.float32(0.5), "n": [1, 2.0]}
    cache = {"calls": 0, "seen": []}

    def cost(p):
        cache["calls"] += 1
        cache["seen"].append(p["W"].sum())
        p["W"] *= 1.0
        if fails and cache["calls"] > 20:
            raise ValueError("half-way")
        return float(np.sum(p["W"] ** 2) + p["b"] ** 2 + sum(p["n"]))

    def gradient(p):
        return {"W": 2 * p["W"], "b": 2 * p["b"], "n": [1.0, 1.0]}

    before = (params["W"].tobytes(), params["b"], list(params["n"]), dict(cache))
    if fails:
        with pytest.raises(gcm.UserCodeError, match="half-way"):
            gcm.check(cost, gradient, params)
    else:
        assert gcm.check(cost, gradient, params).verdict is PASS
    assert (params["W"].tobytes(), params["b"], list(params["n"]), cache) == before


def test_an_interrupt_anywhere_leaves_everything_as_it_was():
    state = {"calls": 0, "stop": 0}
    params = {"W": np.arange(3.0)}

    def cost(p):
        state["calls"] += 1
        if state["calls"] == state["stop"]:
            raise KeyboardInterrupt
        return float(np.sum(p["W"] ** 2))

    for stop in range(1, 26, 4):
        state["stop"] = stop
        with pytest.raises(KeyboardInterrupt):
            gcm.check(cost, lambda p: {"W": 2 * p["W"]}, params)
        assert state == {"calls": 0, "stop": stop}
        np.testing.assert_array_equal(params["W"], np.arange(3.0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, lambda p: p, V), "fun is None; needed: a function"),
        ((halves, 3.0, V), "grad is a value of type float; needed: a function"),
        ((lambda p: p, lambda p: p, V), r"returned an array of shape \(3,\); needed: one real"),
        ((lambda p: None, lambda p: p, V), "the cost returned None; needed: one real number"),
        ((lambda p: "low", lambda p: p, V), "the cost returned a value of type str"),
        ((lambda p: 1j, lambda p: p, V), "the cost returned complex"),
        ((halves, lambda p: p[:2], V), r"has shape \(2,\), theta has \(3,\)"),
        ((halves, lambda p: None, V), "the gradient of theta is None"),
        ((lambda p: p["x"], lambda p: p, {"y": 1.0}), "the cost raised KeyError: 'x'"),
        ((halves, lambda p: 1 / 0, V), "the gradient raised ZeroDivisionError"),
    ],
)
def test_bad_input_is_one_line_that_says_what_was_needed(arguments, message):
    with pytest.raises(gcm.GradcheckError, match=message) as caught:
        gcm.check(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"init": "zeros"}, "init is 'zeros'; needed: 'given' or 'random'"),
        ({"steps": -1}, "steps is -1"),
        ({"steps": 2.5}, "steps is 2.5"),
        ({"threshold": 0}, "threshold is 0"),
        ({"threshold": math.nan}, "threshold is nan"),
        ({"epsilon": -1}, "epsilon is -1"),
        ({"scheme": "magic"}, "no scheme 'magic'"),
        ({"layers": ["W9"]}, "called 'W9'; there are: theta"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"threshold": "small"}, "threshold is 'small'"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": "x"}, "seed is 'x'"),
        ({"layers": []}, "no layer is named; there are: theta"),
        ({"layers": 5}, "layers is 5"),
    ],
)
def test_bad_options_are_one_line(options, message):
    with pytest.raises(gcm.GradcheckError, match=message):
        gcm.check(halves, lambda p: p, V, **options)


def test_a_complex_step_that_does_not_apply_is_refused():
    for cost in (lambda p: float(np.sum(np.abs(p) ** 2)), lambda p: math.fsum(p * p)):
        with pytest.raises(gcm.InputError, match="the complex step does not apply"):
            gcm.check(cost, lambda p: 2 * p, V, scheme="complex-step", steps=0)


def test_layers_are_the_only_ones_checked():
    report = check_problem(relu_network(), layers=["W2", "b2"])
    assert report.names == ("W2", "b2")


def test_raise_on_failure_shows_the_report():
    with pytest.raises(AssertionError, match="gradcheck FAIL: the gradient of theta is wrong") as e:
        gcm.check(halves, lambda p: 2 * p, V, raise_on_failure=True)
    assert e.value.report.verdict is FAIL
    assert gcm.check(halves, lambda p: p, V, raise_on_failure=True).passed


def test_a_learning_rate_that_raises_the_cost_is_told():
    report = gcm.check(halves, lambda p: p, V, learning_rate=3.0)
    assert "cost-rose" in {f.code for f in report.findings}


def test_a_large_network_with_a_wrong_array_spends_the_ladder_on_a_sample():
    problem = with_bug(tanh_network((40, 60, 5)), W1=lambda g: 1.5 * g)
    report = check_problem(problem, steps=0)
    (wrong,) = [b for b in report.phases[0].blocks if b.verdict is FAIL]
    assert wrong.count(gcm.Status.WRONG) > 0.95 * wrong.analytic.size
    assert report.nfev < 6 * problem.layout.size


def test_sweep_shows_the_v():
    problem = tanh_network()
    found = gcm.sweep(problem.fun, problem.grad, problem.params, [1e-1, 1e-5, 1e-12])
    wide, best, narrow = found.differences["all"]
    assert best < 1e-8 < min(wide, narrow)
    assert set(found.differences) == {"W1", "b1", "W2", "b2", "W3", "b3", "all"}


@pytest.mark.parametrize("seed", range(6))
def test_dropout_is_frozen_though_two_masks_are_alike_by_chance(seed):
    generator = np.random.default_rng(seed)

    def masked(p):
        return p * (generator.random(3) < 0.8)

    report = gcm.check(lambda p: halves(masked(p)), masked, V, steps=0)
    assert "frozen" in {f.code for f in report.findings}
    assert "cost-not-repeatable" not in {f.code for f in report.findings}


def test_the_first_calls_are_made_once_for_all_that_asks_for_them():
    theta = np.array([1.0, 2.0])
    costs, gradients = itertools.count(), itertools.count()  # which a check does not put back

    def cost(w):
        if np.array_equal(w, theta):
            next(costs)
        return np.sum(w**2)

    def gradient(w):
        if np.array_equal(w, theta):
            next(gradients)
        return 2 * w

    assert gcm.check(cost, gradient, theta, steps=0, budget=None).passed
    # twice, and the cost once more to see its units
    assert (next(costs), next(gradients)) == (3, 2)
