"""Whole networks: the batched values are those of the loop."""

import numpy as np
import pytest

from gcmagic.batched.evaluator import BatchedEvaluator
from gcmagic.batched.tracing import traced
from gcmagic.evaluation import SerialEvaluator
from gcmagic.problem import Problem
from tests.batched.copies import everything_waits
from tests.batched.networks import NETWORKS


@pytest.mark.parametrize("name", NETWORKS)
def test_batched_and_one_by_one_values_agree(name):
    cost, params = NETWORKS[name]()
    problem = Problem(cost, lambda p: p, params)
    theta = problem.layout.flatten(params)
    every = np.arange(theta.size)
    points = theta[:, None] + 1e-5 * np.array([-1.0, 1.0])
    wanted = SerialEvaluator()(problem, theta, every, points)
    slopes = np.diff(wanted, axis=1)
    size = np.max(np.abs(slopes))
    for block in problem.layout.blocks:
        mine = block.slice
        offsets = np.repeat(np.arange(block.size), 2)
        found, _ = traced(problem, theta, block, offsets, points[mine].reshape(-1))
        found = found.reshape(-1, 2)
        with everything_waits():
            later, _ = traced(problem, theta, block, offsets, points[mine].reshape(-1))
        np.testing.assert_allclose(later.reshape(-1, 2), wanted[mine], rtol=1e-13)
        np.testing.assert_allclose(found, wanted[mine], rtol=1e-13)
        rounding = 64 * 2**-53 * np.max(np.abs(wanted)) / size
        off = np.abs(np.diff(found, axis=1) - slopes[mine])
        assert np.max(off) / size < 1e-9 + rounding
    evaluator = BatchedEvaluator()
    np.testing.assert_allclose(evaluator(problem, theta, every, points), wanted, rtol=1e-13)
    assert evaluator.reasons == {}
