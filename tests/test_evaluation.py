"""The loop: what it calls, what it leaves, how it stops."""

import numpy as np
import pytest

from gcmagic import CheckInterrupted, UserCodeError
from gcmagic.evaluation import SerialEvaluator, progress_bar
from gcmagic.problem import Problem
from tests.problems import relu_network

every = np.arange(4)


def points(theta):
    return theta[:, None] + np.array([-1.0, 1.0])


def test_each_value_is_the_cost_with_one_component_moved():
    problem = Problem(
        lambda p: p["a"] @ p["a"] + p["b"] ** 3, lambda p: p, {"a": np.arange(3.0), "b": 2.0}
    )
    theta = problem.layout.flatten(problem.params)
    found = SerialEvaluator()(problem, theta, every, points(theta))
    for i in every:
        for k, value in enumerate(points(theta)[i]):
            moved = theta.copy()
            moved[i] = value
            assert found[i, k] == problem.cost_at(moved)


def test_a_cost_that_writes_into_its_parameters_gets_new_ones_each_time():
    def spoil(p):
        p["a"] *= 2.0
        return float(np.sum(p["a"]))

    problem = Problem(spoil, lambda p: p, {"a": np.arange(4.0)})
    theta = np.arange(4.0)
    found = SerialEvaluator()(problem, theta, every, points(theta))
    np.testing.assert_allclose(found[:, 1] - found[:, 0], 4.0)
    np.testing.assert_array_equal(problem.params["a"], np.arange(4.0))


def test_a_cost_that_rebinds_its_parameters_gets_new_ones_each_time():
    def spoil(p):
        p["a"] = p["a"] + 1.0
        return float(np.sum(p["a"]))

    problem = Problem(spoil, lambda p: p, {"a": np.arange(4.0)})
    found = SerialEvaluator()(problem, np.arange(4.0), every, points(np.arange(4.0)))
    np.testing.assert_allclose(found[:, 1] - found[:, 0], 2.0)


@pytest.mark.parametrize("at", [1, 2, 7])
def test_an_interrupt_says_how_far_it_came_and_changes_nothing(at):
    calls = iter(range(100))

    def cost(t):
        if next(calls) == at:
            raise KeyboardInterrupt
        return float(t @ t)

    params = np.arange(4.0)
    problem = Problem(cost, lambda t: 2 * t, params)
    with pytest.raises(CheckInterrupted, match=f"stopped after {at // 2} of 4 components"):
        SerialEvaluator()(problem, params, every, points(params))
    np.testing.assert_array_equal(params, np.arange(4.0))


def test_an_error_names_the_component_and_the_line():
    def cost(t):
        if t[2] > 2.5:
            raise ValueError("too large")
        return float(t @ t)

    problem = Problem(cost, lambda t: 2 * t, np.arange(4.0))
    with pytest.raises(
        UserCodeError, match=r"theta\[2\] moved: too large \(line \d+ of cost: raise"
    ) as e:
        SerialEvaluator()(problem, np.arange(4.0), every, points(np.arange(4.0)))
    assert isinstance(e.value.__cause__, ValueError)


def test_a_quick_check_shows_no_bar(capsys):
    problem = relu_network()
    theta = problem.layout.flatten(problem.params)
    SerialEvaluator(progress_bar)(problem, theta, every, points(theta[:4]))
    assert capsys.readouterr() == ("", "")


def test_a_slow_check_shows_a_bar(monkeypatch, capsys):
    from tqdm import std

    clock = iter(np.arange(0, 1e4, 0.7))
    monkeypatch.setattr(std, "time", lambda: next(clock))  # the bar's own clock
    monkeypatch.setattr(std.tqdm, "_time", staticmethod(lambda: next(clock)), raising=False)
    problem = relu_network()
    theta = problem.layout.flatten(problem.params)
    SerialEvaluator(progress_bar)(problem, theta, every, points(theta[:4]))
    assert "gradcheck" in capsys.readouterr().err


def test_a_notebook_that_runs_by_itself_stores_no_bar():
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    cell = nbformat.v4.new_code_cell(
        "import time, numpy as np\n"
        "from gcmagic.evaluation import SerialEvaluator, progress_bar\n"
        "from gcmagic.problem import Problem\n"
        "slow = Problem(lambda w: time.sleep(0.2) or float(w @ w), np.ones_like, np.ones(8))\n"
        "values = SerialEvaluator(progress_bar)(\n"
        "    slow, np.ones(8), np.arange(8), np.ones((8, 1))\n"
        ")"
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert notebook.cells[0].outputs == []
