"""Components shared among processes give the same report."""

import subprocess
import sys

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.batched import BatchedEvaluator
from gcmagic.check import check_problem
from gcmagic.parallel import FEWEST, ParallelEvaluator
from tests.problems import relu_network, tanh_network, with_bug


def test_two_processes_get_the_values_of_one():
    problem = tanh_network((20, 30, 4))
    theta = problem.layout.flatten(problem.params)
    components = np.arange(200)
    points = theta[components, None] + np.array([-1e-5, 1e-5])
    one = BatchedEvaluator()(problem, theta, components, points)
    two = ParallelEvaluator(BatchedEvaluator(), 2)(problem, theta, components, points)
    assert components.size >= FEWEST
    np.testing.assert_allclose(two, one, rtol=1e-14)


def test_a_check_in_two_processes_says_the_same():
    problem = with_bug(relu_network((30, 8, 4, 1)), W1=lambda g: 2 * g)
    assert str(check_problem(problem, n_jobs=2)) == str(check_problem(problem))


def test_functions_of_a_notebook_go_to_the_processes():
    code = (
        "import numpy as np, gcmagic as gcm\n"
        "A = np.linspace(0, 1, 400).reshape(20, 20)\n"
        "def cost(w): return float(np.sum(np.tanh(A @ w)))\n"
        "def gradient(w): return A.T @ (1 - np.tanh(A @ w) ** 2)\n"
        "w = np.linspace(-1, 1, 100).reshape(20, 5)\n"
        "print(gcm.check(cost, gradient, w, n_jobs=2).verdict)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "PASS" in out.stdout


@pytest.mark.parametrize("n_jobs", [0, "two", 1.5])
def test_a_number_of_processes_that_is_none_is_refused(n_jobs):
    with pytest.raises(gcm.InputError, match="n_jobs is"):
        gcm.check(np.sum, np.ones_like, np.ones(2), n_jobs=n_jobs)
