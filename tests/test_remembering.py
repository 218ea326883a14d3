"""Values of the cost are asked for once at a theta, and the noise of J is measured once."""

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.evaluation import SerialEvaluator
from gcmagic.remembering import MOST, Remembering
from tests.problems import tanh_network


def test_a_value_is_asked_for_once_and_is_the_same():
    problem = tanh_network()
    theta = problem.layout.flatten(problem.params)
    asked = []

    def counting(problem, theta, components, points):
        asked.append(points.size)
        return SerialEvaluator()(problem, theta, components, points)

    once = Remembering(counting, theta)
    every = np.arange(min(6, theta.size))
    points = theta[every, None] + np.array([-1e-3, 1e-3])
    first = once(problem, theta, every, points)
    some = np.array([4, 1, 5])
    assert np.array_equal(once(problem, theta, some, points[some]), first[some])
    longer = points[some] + np.array([-1e-3, 1e-3])
    mixed = once(problem, theta, np.append(some, 0), np.vstack([longer, points[:1]]))
    assert asked == [12, 6]
    assert once.saved == 8
    plain = SerialEvaluator()(problem, theta, some, longer)
    assert np.array_equal(mixed, np.vstack([plain, first[:1]]))
    once(problem, theta + 0.0, some, points[some])
    assert asked == [12, 6, 6], "another point is another question"


def test_what_would_take_much_room_is_not_remembered():
    problem = tanh_network((40, 12, 3))
    theta = problem.layout.flatten(problem.params)
    once = Remembering(SerialEvaluator(), theta)
    every = np.arange(MOST + 1)
    for _ in range(2):
        once(problem, theta, every, theta[every, None] + np.array([-1e-3, 1e-3]))
    assert once.saved == 0


def test_the_second_point_takes_the_noise_of_the_first_unless_something_is_off():
    problem = tanh_network()
    size = problem.layout.size
    right = gcm.check(problem.fun, problem.grad, problem.params)
    assert right.phases[1].nfev == 2 * size + 1  # and one of the training
    relative = [phase.noise / abs(phase.cost) for phase in right.phases]
    assert relative[0] == pytest.approx(relative[1])

    def wrong(p):
        return {**problem.grad(p), "b1": 1.01 * problem.grad(p)["b1"]}

    assert gcm.check(problem.fun, wrong, problem.params, repair=0).phases[1].nfev > 2 * size + 8
