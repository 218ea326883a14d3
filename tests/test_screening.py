"""Random directions: right code passes, wrong arrays are named, wrong components located."""

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.check import check_problem
from gcmagic.directions import proved, random_directions
from gcmagic.locating import locate
from gcmagic.parameters import Block
from gcmagic.phase import Settings
from gcmagic.problem import Problem
from gcmagic.screening import screen
from tests.problems import RIGHT, relu_network, tanh_network, with_bug


def medium(**bugs):
    return with_bug(tanh_network((60, 40, 30, 4), examples=8), **bugs)


def spoilt(problem, name, count, by=1e-3, seed=0):
    """The problem with `count` components of one gradient array off, and which."""
    rng = np.random.default_rng(seed)
    size = problem.params[name].size
    at = np.sort(rng.choice(size, count, replace=False))
    off = np.zeros(size)
    off[at] = by * rng.choice([-1.0, 1.0], count)
    return with_bug(problem, **{name: lambda g: g + off.reshape(g.shape)}), at


def fast(problem, **options):
    return check_problem(problem, fast=True, **options)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", RIGHT)
def test_right_code_passes(name, seed):
    report = fast(RIGHT[name](seed), seed=seed)
    assert report.verdict is gcm.PASS
    assert "by random directions" in report.summary
    assert "99.9 % sure that no component of" in str(report)


def test_all_components_are_screened_in_a_dozen_evaluations():
    problem = medium()
    theta = problem.layout.flatten(problem.params)
    cost, gradient = problem.cost_at(theta), problem.gradient_at(theta)
    found = screen(problem, theta, problem.layout.blocks, gradient, cost, Settings())
    assert found.nfev + 1 <= 12
    assert all(p.status == gcm.Status.AGREES and p.bound < 1e-7 for p in found.probes.values())


@pytest.mark.parametrize("name", ["W1", "b1", "W3", "b3"])
def test_the_wrong_array_is_named_in_ten_evaluations_an_array(name):
    problem = medium(**{name: lambda g: 1.001 * g})
    theta = problem.layout.flatten(problem.params)
    cost, gradient = problem.cost_at(theta), problem.gradient_at(theta)
    found = screen(problem, theta, problem.layout.blocks, gradient, cost, Settings())
    assert found.off == (name,)
    assert found.nfev + 1 <= 10 * len(problem.layout.blocks)
    assert fast(problem, steps=0).wrong == (name,)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
@pytest.mark.parametrize("by", [1e-2, 1e-6])
def test_wrong_components_are_located_and_no_others(count, by):
    problem, at = spoilt(medium(), "W1", count, by, seed=count)
    report = fast(problem, steps=0)
    block = report.phases[0].block("W1")
    np.testing.assert_array_equal(block.probe.located, at)
    np.testing.assert_array_equal(block.components[block.status == gcm.Status.WRONG], at)
    assert report.wrong == ("W1",)
    assert f"{count} of 2400 off" in str(report)
    assert f"W1 beside the {count} located" in report.phases[0].proof


def test_two_entries_exchanged_are_both_located():
    def swap(g):
        g = g.copy()
        g[3, 7], g[20, 50] = g[20, 50], g[3, 7]
        return g

    block = fast(medium(W1=swap), steps=0).phases[0].block("W1")
    assert block.probe.located == (3 * 60 + 7, 20 * 60 + 50)


def test_an_array_that_is_wrong_throughout_is_explained_by_a_sample():
    report = fast(medium(W1=lambda g: 2 * g, b2=lambda g: 0 * g), steps=0)
    assert report.wrong == ("W1", "b2")
    assert {f.code for f in report.findings} == {"constant-factor", "zero-gradient"}
    assert report.phases[0].block("W1").components.size == 100
    assert report.phases[0].block("b2").components.size == 30


def test_a_transposed_square_array_is_seen_to_be_that():
    problem = tanh_network((6, 9, 9, 2))
    report = fast(with_bug(problem, W2=lambda g: g.T), steps=0)
    assert [f.code for f in report.findings] == ["transposed"]


def test_what_directions_cannot_tell_is_sampled_and_said():
    problem = Problem(
        lambda p: np.sum(np.abs(p["a"])) + np.sum(p["b"] ** 2),
        lambda p: {"a": np.sign(p["a"]), "b": 2 * p["b"]},
        {"a": np.append(np.zeros(1), np.ones(199)), "b": np.arange(1.0, 9.0)},
    )
    report = fast(problem, steps=0)
    assert report.phases[0].block("a").probe is None
    assert report.phases[0].block("b").verdict is gcm.PASS
    assert report.verdict is not gcm.FAIL


def test_nan_is_not_pass():
    def spoil(g):
        g = g.copy()
        g[2, 3] = np.nan
        return g

    report = fast(medium(W2=spoil))
    assert report.verdict is gcm.INCONCLUSIVE
    assert "not-finite" in {f.code for f in report.findings}
    right = medium()
    assert fast(Problem(lambda p: np.nan, right.grad, right.params)).verdict is gcm.INCONCLUSIVE


def test_a_cost_that_does_not_move_is_not_pass():
    right = medium()
    report = fast(Problem(lambda p: 3.0, right.grad, right.params))
    assert report.verdict is gcm.INCONCLUSIVE
    assert [f.code for f in report.findings] == ["cost-does-not-move"]


def test_a_backward_pass_in_single_precision_is_no_mistake():
    def single(g):
        return np.float64(np.float32(g))

    names = tanh_network().params
    problem = with_bug(tanh_network(), **dict.fromkeys(names, single))
    assert fast(problem).verdict is not gcm.FAIL


def test_a_wrong_array_at_a_kink_is_unconfirmed_or_wrong_never_pass():
    report = fast(with_bug(relu_network(seed=1), W1=lambda g: -g))
    assert report.wrong == ("W1",)


def test_the_bound_holds_as_often_as_it_says():
    """Over many draws: how often a bound for `sure` is too low, for errors that are hard to see."""
    block = Block("w", (30,), 0, 30)
    r = np.zeros(30)
    r[[5, 17]] = 1.0, -1.0
    low = 0
    for draw in range(4000):
        lines = random_directions(r.size, [block], 2, [draw])
        low += proved(np.abs(lines @ r), 0.9) < 1.0
    assert low / 4000 < 0.1 + 3 * np.sqrt(0.09 / 4000)


@pytest.mark.parametrize("snr", [1e2, 1e6])
@pytest.mark.parametrize("count", [1, 5, 20])
def test_components_are_located_in_forty_evaluations_each(count, snr):
    rng = np.random.default_rng(count)
    for draw in range(2):
        r = np.zeros(100_000)
        at = rng.choice(r.size, count, replace=False)
        r[at] = rng.uniform(1, 2, count) * rng.choice([-1.0, 1.0], count)
        calls = 0

        def measure(weights, r=r):
            nonlocal calls
            calls += 1
            return float(weights @ r) + rng.uniform(-0.3, 0.3) / snr, 1 / snr

        found = locate(measure, r.size, draw, 64)
        assert set(found.offsets) <= set(at)
        assert snr == 1e2 or set(found.offsets) == set(at)
        assert 4 * calls <= 40 * count


def test_a_report_by_directions_is_shown_and_stored_as_any_other():
    problem, _ = spoilt(medium(), "W1", 3)
    report = fast(problem)
    assert "3 of 2400" in report._repr_html_()
    assert "99.9" in report._repr_html_()
    data = report.to_dict()["phases"][0]
    assert "99.9 % sure" in data["proof"]
    assert data["blocks"][0]["directions"]["status"] == "WRONG"
    assert len(data["blocks"][0]["directions"]["located"]) == 3
    assert str(report) == str(fast(problem))


@pytest.mark.parametrize("seed", range(2))
def test_kinks_of_another_array_do_not_shorten_the_steps_that_locate(seed):
    """Twenty thousand units of relu see k; w has none, and is off by little in five components."""
    rng = np.random.default_rng(seed)
    X, K, v = (rng.standard_normal(shape) for shape in [(50, 40), (500, 50), (500, 40)])

    def cost(p):
        return 3.0 + 1e4 * np.mean(v * np.maximum(p["k"] @ X, 0)) + np.sum(np.sin(p["w"])) / 50

    def gradient(p):
        Z = p["k"] @ X
        return {"k": 1e4 / Z.size * (v * (Z > 0)) @ X.T, "w": np.cos(p["w"]) / 50}

    right = Problem(cost, gradient, {"k": K, "w": rng.standard_normal((200, 200))})
    problem, at = spoilt(right, "w", 5, 3e-6, seed)
    block = fast(problem, steps=0, seed=seed).phases[0].block("w")
    np.testing.assert_array_equal(block.probe.located, at)
    assert block.probe.nfev <= 40 * at.size
