"""Where a check begins and how it gets to its second point."""

from itertools import islice, pairwise

import numpy as np
import pytest

from gcmagic.adapters import pair
from gcmagic.initial import draw, random_start
from gcmagic.parameters import ParameterLayout
from gcmagic.problem import Problem
from gcmagic.training import descend
from tests.problems import relu_network, with_bug


def test_a_draw_has_the_scale_of_the_given_arrays_and_no_bias_at_zero():
    rng = np.random.default_rng(0)
    params = {"W": 3 * rng.standard_normal((40, 50)), "b": np.zeros(40), "gamma": np.ones(40)}
    problem = Problem(lambda p: 0.0, lambda p: p, params)
    theta = problem.layout.flatten(params)
    drawn = problem.layout.unflatten(draw(problem.layout, theta, seed=1))
    assert np.std(drawn["W"]) == pytest.approx(3, rel=0.1)
    assert np.all(drawn["b"] != 0)
    assert 0.05 < np.std(drawn["b"]) < 0.2
    assert np.mean(drawn["gamma"]) == pytest.approx(1, abs=0.1)
    assert np.std(drawn["gamma"]) > 0.05


def test_a_seed_draws_the_same_and_another_one_something_else():
    layout = relu_network().layout
    theta = layout.flatten(relu_network().params)
    np.testing.assert_array_equal(draw(layout, theta, 3), draw(layout, theta, 3))
    assert not np.array_equal(draw(layout, theta, 3), draw(layout, theta, 4))


@pytest.mark.parametrize(
    ("cost", "name"),
    [
        (lambda v: float(np.sum(np.log(v))), "near the given parameters"),
        (lambda v: 0.0 if np.array_equal(v, [1e-3, 5.0]) else np.nan, "given parameters"),
        (lambda v: float(v @ v), "random initialisation"),
    ],
)
def test_where_a_random_point_is_not_finite_it_starts_nearer(cost, name):
    params = np.array([1e-3, 5.0])
    problem = Problem(cost, lambda v: v, params)
    with np.errstate(all="ignore"):
        found, theta, told = random_start(problem, params, seed=0)
    assert found == name
    assert np.isfinite(cost(theta))
    assert bool(told) is (name != "random initialisation")


def test_every_step_lowers_the_cost():
    problem = relu_network()
    theta = problem.layout.flatten(problem.params)
    costs = [problem.cost_at(theta), *(s.cost for s in islice(descend(problem, theta), 8))]
    assert len(costs) == 9
    assert all(later < earlier for earlier, later in pairwise(costs))


def test_uphill_gradients_take_no_step():
    problem = with_bug(relu_network(), **dict.fromkeys(relu_network().params, lambda g: -g))
    assert list(descend(problem, problem.layout.flatten(problem.params))) == []


def test_a_given_rate_is_the_rate():
    problem = Problem(lambda v: 0.5 * float(v @ v), lambda v: v, np.ones(2))
    (step,) = islice(descend(problem, np.ones(2), 0.25), 1)
    np.testing.assert_allclose(step.theta, 0.75)


def test_the_upstream_gradient_of_a_layer_is_not_the_random_start() -> None:
    """x = dout is a special point: the gradient of a batch normalisation vanishes there."""
    out = np.zeros((6, 4))
    layout = ParameterLayout.of(out)
    for seed in range(3):
        start = draw(layout, np.random.default_rng(9).standard_normal(24), seed)
        for k in range(2):
            upstream = pair.draw(out, k).ravel()
            assert abs(np.corrcoef(start, upstream)[0, 1]) < 0.9
