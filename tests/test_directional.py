"""Slopes along directions: as exact as they say, in as few evaluations."""

import numpy as np
import pytest

from gcmagic.directional import directional, turned
from gcmagic.problem import Problem
from tests.problems import RIGHT, tanh_network


def signs(problem, count=2, seed=0):
    rng = np.random.default_rng(seed)
    shape = (count, problem.layout.size)
    return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def at(problem):
    return problem.layout.flatten(problem.params)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_gradient_lies_within_the_errors(name, seed):
    problem = RIGHT[name](seed)
    directions = signs(problem, 3, seed)
    found = directional(problem, at(problem), directions)
    off = np.abs(directions @ problem.gradient_at(at(problem)) - found.values)
    assert np.all(off <= found.errors)
    if (name, seed) not in (("relu", 1), ("relu", 2)):  # units of relu are at zero there
        assert np.all(found.errors < 1e-7)


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_the_errors_grow_with_the_cost_and_no_further(offset):
    problem = tanh_network(offset=offset)
    directions = signs(problem)
    found = directional(problem, at(problem), directions)
    off = np.abs(directions @ problem.gradient_at(at(problem)) - found.values)
    assert np.all(off <= found.errors)
    assert np.all(found.errors <= 1e-9 * max(1.0, offset ** (2 / 3)) * 100)


def test_a_cost_in_single_precision_is_seen_to_be_one():
    right = tanh_network()
    single = Problem(lambda p: float(np.float32(right.fun(p))), right.grad, right.params)
    directions = signs(single)
    found = directional(single, at(single), directions)
    off = np.abs(directions @ single.gradient_at(at(single)) - found.values)
    assert found.noise > 1e-9
    assert np.all(off <= found.errors)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_four_evaluations_a_direction_and_three_more(count):
    problem = tanh_network()
    calls = []
    counted = Problem(lambda p: calls.append(0) or problem.fun(p), problem.grad, problem.params)
    found = directional(counted, at(problem), signs(problem, count))
    assert found.nfev == len(calls) == 4 * count + 3


def test_a_jump_of_the_slope_shows_in_the_error():
    problem = Problem(lambda w: np.sum(np.abs(w)), np.sign, np.full(9, 2e-6))
    directions = signs(problem)
    found = directional(problem, at(problem), directions)
    off = np.abs(directions @ np.ones(9) - found.values)
    assert np.all(off <= 3 * found.errors)


def test_a_turned_problem_has_the_gradient_along_the_directions():
    problem = tanh_network()
    directions = signs(problem)
    around = turned(problem, at(problem), directions)
    t = np.array([1e-3, -2e-3])
    moved = at(problem) + t @ directions
    assert around.cost_at(t) == problem.cost_at(moved)
    np.testing.assert_allclose(
        around.gradient_at(t), directions @ problem.gradient_at(moved), rtol=1e-12
    )


def test_a_cost_that_does_not_move_has_no_slope():
    problem = Problem(lambda w: 3.0, np.zeros_like, np.ones(4))
    found = directional(problem, np.ones(4), np.ones((2, 4)))
    np.testing.assert_array_equal(found.values, 0)
    assert np.all(np.isfinite(found.errors))


def many_kinks(seed):
    """Twenty thousand units of relu: even small steps along all weights meet kinks."""
    rng = np.random.default_rng(seed)
    X, W, v = (rng.standard_normal(shape) for shape in [(50, 40), (500, 50), (500, 40)])

    def cost(p):
        return 3.0 + 10 * np.mean(v * np.maximum(p["W"] @ X, 0))

    def gradient(p):
        Z = p["W"] @ X
        return {"W": 10 / Z.size * (v * (Z > 0)) @ X.T}

    return Problem(cost, gradient, {"W": W})


@pytest.mark.parametrize("seed", range(4))
def test_kinks_within_the_larger_steps_are_not_taken_for_rounding(seed):
    problem = many_kinks(seed)
    directions = signs(problem, 2, seed)
    found = directional(problem, at(problem), directions)
    off = np.abs(directions @ problem.gradient_at(at(problem)) - found.values)
    assert np.all(off <= found.errors)
    assert found.noise < 100 * 2.0**-53 * 3
    assert np.all(found.errors < 1e-7)
