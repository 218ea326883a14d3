"""Slopes from sums are held against the arrays themselves, which share a line where that tells."""

from dataclasses import replace

import numpy as np
import pytest

from gcmagic.batched import BatchedEvaluator, Level
from gcmagic.batched.agreement import agreeing
from gcmagic.batched.plan import Planner
from gcmagic.problem import Problem

NOISE = 1e-15
rng = np.random.default_rng(0)
X, Y = rng.standard_normal((20, 12)), rng.standard_normal((20, 12))
P = {
    "W1": rng.standard_normal((20, 20)) / 5,
    "b1": rng.standard_normal((20, 1)),
    "W2": rng.standard_normal((20, 20)) / 5,
    "b2": rng.standard_normal((20, 1)),
}


def network(p, faint=1.0):
    A = faint * np.tanh(p["W1"] @ X + p["b1"])
    return np.mean((np.tanh(p["W2"] @ A + p["b2"]) - Y) ** 2)


def searched(cost):
    """What was found for each array, what goes through the cost, and its calls so far."""
    calls = []
    problem = Problem(lambda p: calls.append(1) or cost(p), lambda p: p, P)
    theta = problem.layout.flatten(P)
    at = Level(problem.cost_at(theta), 1.0, NOISE)
    found = BatchedEvaluator().through(problem, theta, problem.layout.blocks, at)
    assert list(found) == [0, 1, 2, 3]
    calls.clear()
    return found, at, Planner(problem, theta, problem.layout.blocks, 2.0**28), calls


def test_arrays_that_are_alike_share_two_calls():
    found, at, planner, calls = searched(network)
    assert agreeing(planner, found, at) == ([0, 1, 2, 3], 2)
    assert len(calls) == 2


@pytest.mark.parametrize("wrong", [(0,), (1,), (3,), (0, 2), (0, 1, 2, 3)])
def test_of_those_on_a_line_that_is_off_only_the_wrong_ones_are_left_out(wrong):
    found, at, planner, _ = searched(network)
    for k in wrong:
        found[k] = replace(found[k], values=1.001 * found[k].values)
    right, nfev = agreeing(planner, found, at)
    assert right == [k for k in found if k not in wrong]
    assert nfev == 2 + 2 * 4 + 2 * len(wrong)  # together, each, and once more with smaller steps


def test_two_layers_of_one_shape_that_are_exchanged_do_not_make_up_for_each_other():
    found, at, planner, _ = searched(network)
    first, second = found[0].values, found[2].values
    found[0], found[2] = replace(found[0], values=second), replace(found[2], values=first)
    assert agreeing(planner, found, at)[0] == [1, 3]


def test_a_faint_array_is_not_lost_beside_large_ones():
    found, at, planner, calls = searched(lambda p: network(p, faint=1e-4))
    assert agreeing(planner, found, at)[0] == [0, 1, 2, 3]
    assert len(calls) > 2
    found[0] = replace(found[0], values=1.01 * found[0].values)
    assert agreeing(planner, found, at)[0] == [1, 2, 3]
