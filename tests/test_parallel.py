"""Components shared among processes give the same report."""

import linecache
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.batched import BatchedEvaluator
from gcmagic.check import check_problem
from gcmagic.parallel import FEWEST, ParallelEvaluator
from gcmagic.problem import Problem
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


def test_a_cluster_that_loses_a_worker_loses_no_component():
    pytest.importorskip("distributed", reason="no Dask: pip install 'gcmagic[clusters]'")
    script = Path(__file__).with_name("cluster_of_two.py")
    run = [sys.executable, str(script)]
    out = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False)
    assert out.returncode == 0, out.stderr[-2000:]
    assert out.stdout.strip().endswith("FAIL: the gradient of theta is wrong; 1 off")


def test_a_process_that_is_killed_loses_no_component(tmp_path):
    problem = tanh_network((20, 30, 4))
    once = tmp_path / "killed"
    here = os.getpid()

    def cost(p):
        if os.getpid() != here and not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return problem.fun(p)

    theta = problem.layout.flatten(problem.params)
    components = np.arange(200)
    points = theta[components, None] + np.array([-1e-5, 1e-5])
    fragile = Problem(cost, problem.grad, problem.params)
    one = BatchedEvaluator()(problem, theta, components, points)
    two = ParallelEvaluator(BatchedEvaluator(), 2)(fragile, theta, components, points)
    assert once.exists()
    np.testing.assert_allclose(two, one, rtol=1e-14)


def test_processes_share_the_threads_of_the_linear_algebra():
    from joblib import cpu_count

    here = os.getpid()

    def cost(w):
        if os.getpid() != here:
            assert int(os.environ["OMP_NUM_THREADS"]) == max(1, cpu_count() // 2)
            assert int(os.environ["OPENBLAS_NUM_THREADS"]) == max(1, cpu_count() // 2)
        return float(np.sum(w**2))

    report = gcm.check(cost, lambda w: 2 * w, np.arange(100.0), n_jobs=2, steps=0)
    assert report.passed


def test_the_progress_of_processes_is_seen():
    ticks = []

    def counted(places):
        return nullcontext(ticks.append(place) or place for place in places)

    problem = tanh_network((20, 30, 4))
    theta = problem.layout.flatten(problem.params)
    evaluator = ParallelEvaluator(BatchedEvaluator(), 2, counted)
    for count in (200, 9):  # few of them stay here
        components = np.arange(count)
        points = theta[components, None] + np.array([-1e-5, 1e-5])
        evaluator(problem, theta, components, points)
        assert len(ticks) == count
        ticks.clear()


@pytest.mark.parametrize("n_jobs", [0, "two", 1.5])
def test_a_number_of_processes_that_is_none_is_refused(n_jobs):
    with pytest.raises(gcm.InputError, match="n_jobs is"):
        gcm.check(np.sum, np.ones_like, np.ones(2), n_jobs=n_jobs)


def test_why_the_workers_took_components_one_by_one_is_told(monkeypatch):
    text = "def cost(w):\n    out = np.zeros(20)\n    out[:] = A @ w\n    return np.sum(out**2)\n"
    name = "<a cell>"
    monkeypatch.setitem(linecache.cache, name, (len(text), None, text.splitlines(True), name))
    A = np.random.default_rng(0).standard_normal((20, 2 * FEWEST))
    space = {"np": np, "A": A}
    exec(compile(text, name, "exec"), space)  # the workers do not have the text of a cell
    w = np.linspace(-1, 1, 2 * FEWEST)
    report = gcm.check(space["cost"], lambda w: 2 * A.T @ (A @ w), w, steps=0, n_jobs=2)
    (told,) = report.not_batched
    assert told[0] == "theta"
    assert told[1].endswith("(line 3 of cost: out[:] = A @ w)")
    assert (
        report.not_batched
        == gcm.check(space["cost"], lambda w: 2 * A.T @ (A @ w), w, steps=0).not_batched
    )
