"""One short step along each of a few directions: what it proves holds, in eleven evaluations."""

import numpy as np
import pytest

from gcmagic import proving
from gcmagic.directions import even_directions
from gcmagic.parameters import Block
from gcmagic.phase import Settings
from gcmagic.problem import Problem
from gcmagic.proving import BENDS, STAGES, prove
from gcmagic.screening import screen
from tests.problems import relu_network, tanh_network
from tests.test_directional import many_kinks


def proved(problem, seed=0, off=0.0, **settings):
    theta = problem.layout.flatten(problem.params)
    gradient = problem.gradient_at(theta) + off
    cost = problem.cost_at(theta)
    return prove(
        problem, theta, problem.layout.blocks, gradient, cost, Settings(seed=seed, **settings), 1.0
    )


@pytest.mark.parametrize("make", [tanh_network, relu_network])
def test_right_code_takes_five_steps(make):
    calls = []
    right = make((60, 40, 30, 4), examples=8)
    counted = Problem(lambda p: calls.append(0) or right.fun(p), right.grad, right.params)
    proof = proved(counted)
    assert proof.agrees
    assert proof.bound <= 1e-7
    assert len(proof.directions) == 5
    assert proof.nfev + 1 == len(calls) == 11


@pytest.mark.parametrize("seed", range(6))
def test_kinks_met_by_a_direction_or_two_cost_one_more_each(seed):
    proof = proved(many_kinks(seed), seed)
    assert proof.agrees
    assert proof.nfev in (10, 12, 14)


def test_a_kink_of_theta_itself_proves_nothing():
    x = np.append(np.zeros(1), np.ones(199))
    problem = Problem(lambda w: np.sum(np.abs(w)), np.sign, x)
    assert not proved(problem).agrees


def test_a_wrong_gradient_is_left_after_two_steps():
    proof = proved(tanh_network(), off=1e-3)
    assert not proof.agrees
    assert proof.is_off
    assert proof.nfev == 4


def test_under_a_large_loss_no_short_step_is_taken():
    assert proved(tanh_network(offset=1e6)) is None


def test_an_array_of_small_gradients_is_not_proved_by_others():
    scales = {"a": 1.0, "b": 1e-6}
    problem = Problem(
        lambda p: sum(scale * np.sum(np.sin(p[name])) for name, scale in scales.items()),
        lambda p: {name: scale * np.cos(p[name]) for name, scale in scales.items()},
        {"a": np.linspace(0, 1, 40), "b": np.linspace(0, 1, 40)},
    )
    assert not proved(problem).agrees


@pytest.mark.parametrize("stage", STAGES)
def test_stages_hold_as_often_as_their_share_says(stage, monkeypatch):
    """Of two errors of opposite signs, which are the hardest to see, and some far off."""
    monkeypatch.setattr(proving, "SURE", 0.5)
    r, block = np.zeros(30), Block("w", (30,), 0, 30)
    r[[5, 17]] = 1.0, -1.0
    low, draws = 0, 20_000
    rng = np.random.default_rng(0)
    for draw in range(draws // 100):
        slopes = np.abs(even_directions(30, [block], 100 * stage.directions, [draw]) @ r)
        for off in slopes.reshape(100, stage.directions):
            off[rng.integers(0, off.size, stage.beside)] += 1e3
            low += (stage.factor(1.0) - BENDS) * stage.largest(off) < 1.0
    chance = 0.5 * stage.share
    assert low / draws < chance + 3 * np.sqrt(chance / draws)


@pytest.mark.parametrize("count", [1, 2, 20])
def test_no_bound_is_told_below_what_is_off(count, monkeypatch):
    """At 90 %, which 300 draws can show: at 99.9 % three of ten thousand might be."""
    for module in (proving, __import__("gcmagic.screening").screening):
        monkeypatch.setattr(module, "SURE", 0.9)
    problem = tanh_network((20, 20, 5), examples=8)
    theta = problem.layout.flatten(problem.params)
    cost, gradient = problem.cost_at(theta), problem.gradient_at(theta)
    told = proved(problem, 99).bound
    rng = np.random.default_rng(count)
    low = 0
    for seed in range(300):
        off = np.zeros(theta.size)
        off[rng.choice(theta.size, count, False)] = told
        off *= rng.choice([-1.0, 1.0], theta.size)
        found = screen(
            problem, theta, problem.layout.blocks, gradient + off, cost, Settings(seed=seed)
        )
        low += any(
            found.probes[b.name].status == 0
            and found.probes[b.name].bound < np.max(np.abs(off[b.slice]))
            for b in problem.layout.blocks
        )
    assert low < 300 * 0.1
