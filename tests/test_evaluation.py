"""The loop: what it calls, what it leaves, how it stops."""

import re
import sys
import time
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest

from gcmagic import CheckInterrupted, UserCodeError, evaluation, progress
from gcmagic.evaluation import SerialEvaluator
from gcmagic.problem import Problem
from gcmagic.progress import Bar
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


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_cost_may_return_the_same_array_each_time(shape, late):
    kept, calls = np.zeros(shape), iter(range(100))

    def cost(p):
        kept[...] = value = np.sum(p["a"] ** 3)
        return float(value) if late and next(calls) < 5 else kept

    problem = Problem(cost, lambda p: p, {"a": np.arange(4.0)})
    theta = np.arange(4.0)
    found = SerialEvaluator()(problem, theta, every, points(theta))
    np.testing.assert_array_equal(
        found, np.sum(theta**3) - theta[:, None] ** 3 + points(theta) ** 3
    )


@pytest.mark.parametrize(
    "kind", [float, np.float32, np.longdouble, np.int64, np.squeeze, lambda v: np.array([[v]])]
)
@pytest.mark.parametrize("each", [1, 2, 3])
def test_what_a_cost_returns_one_number_as_makes_no_difference(kind, each):
    problem = Problem(lambda p: kind(p["a"] @ p["a"] + p["b"]), lambda p: p, {"a": every, "b": 1})
    theta = np.arange(5.0)
    at = theta[:, None] + np.arange(1.0, 1.0 + each)
    found = SerialEvaluator()(problem, theta, np.arange(5), at)
    moved = np.sum(theta[:4] ** 2) + theta[4] + np.where(theta < 4, at.T**2 - theta**2, at.T - 4).T
    np.testing.assert_array_equal(found, moved)


@pytest.mark.parametrize("each", [1, 2, 3])
def test_between_two_calls_a_number_is_set_and_the_cost_is_kept(each):
    def called(count):
        """Functions that are called, those of C as well, while so many components are moved."""
        theta, value, events = np.zeros(count), np.float64(1.0), []
        problem = Problem(lambda p: value, lambda p: p, {"a": theta[:-9], "b": theta[-9:]})
        at = np.zeros((count, each))
        sys.setprofile(lambda frame, event, arg: events.append(event))
        try:
            SerialEvaluator()(problem, theta, np.arange(count), at)
        finally:
            sys.setprofile(None)
        return sum(event in ("call", "c_call") for event in events)

    # the cost and what keeps it: a number is set by no function
    assert called(4000) - called(1000) <= 3000 * 2 * each + 300


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


@pytest.mark.parametrize("at", [1, 2, 7, 201])
def test_an_interrupt_says_how_far_it_came_and_changes_nothing(at):
    calls = iter(range(300))

    def cost(t):
        if next(calls) == at:
            raise KeyboardInterrupt
        return float(t @ t)

    params = np.arange(150.0)
    problem = Problem(cost, lambda t: 2 * t, params)
    with pytest.raises(CheckInterrupted, match=f"stopped after {at // 2} of 150 components"):
        SerialEvaluator()(problem, params, np.arange(150), points(params))
    assert params.tobytes() == np.arange(150.0).tobytes()


def test_a_slow_cost_is_heard_of_every_tenth_of_a_second(monkeypatch):
    calls, heard = [0.0], []
    monkeypatch.setattr(evaluation, "monotonic", lambda: sum(calls))

    def cost(t):
        calls.append(0.02 if len(calls) <= 20 else 1e-5)  # seconds that it takes
        return float(t @ t)

    class Places:
        def __iter__(self):
            return self

        def __next__(self):
            raise StopIteration

        def advance(self, count):
            heard.append((count, sum(calls)))

    params = np.arange(3000.0)
    problem = Problem(cost, lambda t: 2 * t, params)
    evaluator = SerialEvaluator(lambda _: nullcontext(Places()))
    evaluator(problem, params, np.arange(3000), points(params))
    assert [count for count, _ in heard][:10] == [1] * 10
    assert np.diff([at for _, at in heard]).max() < 0.1
    assert sum(count for count, _ in heard) == 3000
    assert len(heard) < 20


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
    with Bar() as bar:
        SerialEvaluator(bar)(problem, theta, every, points(theta[:4]))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("kernel", [None, SimpleNamespace(_allow_stdin=True)])
def test_a_slow_check_shows_a_bar_and_in_a_notebook_none_in_red(monkeypatch, capsys, kernel):
    from tqdm import std

    monkeypatch.setattr(progress, "_kernel", lambda: kernel)

    clock = iter(np.arange(0, 1e4, 0.7))
    monkeypatch.setattr(progress, "monotonic", lambda: next(clock))
    monkeypatch.setattr(std, "time", lambda: next(clock))  # the bar's own clock
    monkeypatch.setattr(std.tqdm, "_time", staticmethod(lambda: next(clock)), raising=False)
    problem = relu_network()
    theta = problem.layout.flatten(problem.params)
    bar = Bar()
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()), bar:  # as a check has it
        SerialEvaluator(bar)(problem, theta, every, points(theta[:4]))
    out, err = capsys.readouterr()
    shown, empty = (err, out) if kernel is None else (out, err)
    assert "gradcheck" in shown
    assert not empty


def test_a_bar_is_there_before_anything_is_done_that_could_be_counted(monkeypatch, capsys):
    monkeypatch.setattr(progress, "DELAY", 0.05)
    with Bar() as bar:
        bar.estimate(60.0)
        assert capsys.readouterr().err == ""
        time.sleep(0.5)
        assert "up to 60 s" in capsys.readouterr().err
    with Bar() as bar:
        bar.estimate(60.0)
    time.sleep(0.2)  # the timer is gone with the bar
    assert "up to" not in capsys.readouterr().err


def test_a_bar_that_is_not_shown_counts_all_the_same(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_kernel", lambda: SimpleNamespace(_allow_stdin=False))
    monkeypatch.setattr(progress, "DELAY", 0.0)
    for seconds in (None, 60.0):
        with Bar() as bar:
            bar.expect(4)
            if seconds is not None:
                bar.estimate(seconds)
            bar.advance(1)
            bar.advance(3)
    assert capsys.readouterr() == ("", "")


def test_a_notebook_that_runs_by_itself_stores_no_bar():
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    cell = nbformat.v4.new_code_cell(
        "import time, numpy as np\n"
        "import gcmagic as gcm\n"
        "def slow(w):\n"
        "    time.sleep(0.1)\n"
        "    return float(w @ w)\n"
        "report = gcm.check(slow, lambda w: 2 * w, np.ones(8), steps=0)"
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert notebook.cells[0].outputs == []


@pytest.mark.parametrize("options", [{}, {"fast": True}, {"n_jobs": 2}])
def test_one_bar_for_a_whole_check_with_the_time_left(options, capsys):
    from gcmagic.check import check_problem
    from tests.problems import tanh_network

    right = tanh_network((20, 12, 3))

    def slow(p):
        if float(np.sum(p["W1"])) < 1e9:  # what no batch can follow
            time.sleep(0.03 if options.get("fast") else 0.006)
        return right.fun(p)

    report = check_problem(Problem(slow, right.grad, right.params), steps=0, **options)
    shown = capsys.readouterr().err
    assert report.passed
    assert shown.count("gradcheck:") > 1
    assert re.search(r"\[\d\d:\d\d<\d\d:\d\d", shown)  # time spent and time left
    totals = {int(m) for m in re.findall(r"/(\d+) \[", shown)}
    assert len(totals) <= 2  # one bar, which may grow
    assert shown.endswith("\r")
