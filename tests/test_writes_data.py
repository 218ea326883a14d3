"""Data that a cost or backward writes into are told with the line; buffers are not."""

from __future__ import annotations

import linecache
import re

import numpy as np
import pandas
import pytest

import gcmagic as gcm
from gcmagic.check import check_problem

CODE = """
def forward_propagation(X, parameters):
    FORWARD
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    return A1, (A1,)
def compute_cost(A1, Y):
    COST
    return np.mean((A1 - Y) ** 2) / 2
def backward_propagation(X, Y, cache, parameters):
    BACKWARD
    (A1,) = cache
    dZ1 = (A1 - Y) / A1.size * (1 - A1**2)
    return {"dW1": dZ1 @ X.T, "db1": dZ1.sum(axis=1, keepdims=True)}
"""
DIRECT = """
def fun(p):
    return compute_cost(forward_propagation(X, p)[0], Y)
def grad(p):
    g = backward_propagation(X, Y, forward_propagation(X, p)[1], p)
    return {name[1:]: value for name, value in g.items()}
"""
WRITES = [
    ("FORWARD", "X -= X.mean(axis=0)", "X", "forward_propagation"),
    ("FORWARD", "np.clip(X, -0.1, 0.1, out=X)", "X", "forward_propagation"),
    ("COST", "Y[Y == 0] = -1", "Y", "compute_cost"),
    ("BACKWARD", "Y[Y == 0] = -1", "Y", "backward_propagation"),
    ("BACKWARD", "X /= 255", "X", "backward_propagation"),
]
KEEPS = [
    ("FORWARD", "X = X - X.mean(axis=0)"),
    ("FORWARD", "X[X == 9] = 1"),
    ("FORWARD", "parameters['W1'] *= 1.0"),
    ("FORWARD", "np.matmul(parameters['W1'], X, out=x)"),
    ("FORWARD", "np.multiply(X[:2], 2, out=x)"),
    ("COST", "caches.append(A1); buffer[:] = A1"),
    ("BACKWARD", "cache[0][:] *= 1"),
]


def space_of(place: str, line: str) -> dict:
    rng = np.random.default_rng(0)
    space: dict = {"np": np, "caches": [], "buffer": np.zeros((2, 6)), "x": np.zeros((2, 6))}
    space["X"], space["Y"] = rng.standard_normal((3, 6)), np.array([[0.0, 1, 1, 0, 0, 1]] * 2)
    space["parameters"] = {"W1": rng.standard_normal((2, 3)), "b1": np.full((2, 1), 0.1)}
    code = (CODE + DIRECT).replace(place, line)
    for other in ("FORWARD", "COST", "BACKWARD"):
        code = code.replace(f"    {other}\n", "")
    name = f"<{place} {line}>"
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    exec(compile(code, name, "exec"), space)
    return space


def findings_of(space: dict, bound: bool) -> list[gcm.Finding]:
    before = {name: np.array(space[name]) for name in ("X", "Y")}
    if bound:
        report = check_problem(gcm.discover(space), steps=0)
    else:
        report = gcm.check(space["fun"], space["grad"], space["parameters"], steps=0)
    for name, value in before.items():
        assert value.tobytes() == space[name].tobytes()
        assert space[name].flags.writeable
    return [finding for finding in report.findings if finding.code == "writes-data"]


@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.parametrize(("place", "line", "array", "function"), WRITES)
def test_data_that_are_written_into_are_told_with_the_line(place, line, array, function, bound):
    space = space_of(place, line)
    (said,) = findings_of(space, bound)
    assert said.title == f"{function} changes {array}, the data"
    assert f"of {function}: {line})" in said.evidence
    assert said.evidence.startswith(f"{array}[0, 0] is {space[array][0, 0]:.6g} before")


def test_what_a_cell_has_written_before_differs_by_rounding_and_is_told_in_full():
    space = space_of("FORWARD", "X -= X.mean(axis=0)")
    space["forward_propagation"](space["X"], space["parameters"])
    (said,) = findings_of(space, bound=True)
    was, became = re.findall(r"is (\S+) before a call and (\S+) after", said.evidence)[0]
    assert float(was) != float(became)


@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.parametrize(("place", "line"), KEEPS)
def test_buffers_caches_parameters_and_copies_are_not(place, line, bound):
    assert findings_of(space_of(place, line), bound) == []


PLACES = {
    # where the data are: (what the notebook has, the cost's line, the data in it, what is told)
    "an attribute": (
        "class Net: pass\nnet = Net(); net.X = np.array([[1.0, 2.0], [3.0, 5.0]])",
        "net.X -= net.X.mean(axis=0)",
        "net.X",
        "net.X[0, 0] is 1 before a call and -1 after it",
    ),
    "a dict": (
        "data = {'X': np.array([[1.0, 2.0], [3.0, 5.0]])}",
        "data['X'][0] = 9",
        "data['X']",
        "data['X'][0, 0] is 1 before a call and 9 after it",
    ),
    "a list of arrays": (
        "X = [np.array([1.0, 2.0]), np.array([3.0, 5.0])]",
        "for k in (0, 1): X[k] /= 2",
        "X",
        "[0] is ",
    ),
    "lists": (
        "X = [[1.0, 2.0], [3.0, 5.0]]",
        "for row in X: row[0] = 0.5 * row[0]",
        "X",
        "X[0, 0] is 1 before a call and 0.5 after it",
    ),
    "a list": (
        "X = [1.0, 2.0, 3.0, 5.0]",
        "X.sort(key=lambda x: -x)",
        "X",
        "X[0] is 1 before a call and 5 after it",
    ),
    "a data frame": (
        "X = pd.DataFrame({'a': [1.0, 3.0], 'b': [2.0, 5.0]})",
        "X['a'] = X['a'] / 2",
        "X",
        "X[0, 0] is 1 before a call and 0.5 after it",
    ),
    "a series": (
        "y = pd.Series([1.0, 2.0])",
        "y.iloc[0] = 4",
        "y",
        "y[0] is 1 before a call and 4 after it",
    ),
}
FILLED = {
    "an attribute": ("class Net: pass\nnet = Net(); net.x = np.ones(2)", "net.x[:] = w", "net.x"),
    "lists": ("x = [[0.0, 0.0]]", "x[0][:] = w.tolist()", "x"),
    "a history": ("y = []", "y.append(1.0)", "y"),
    "texts": ("X = ['a', 'b']", "X.reverse()", "X"),
}


def cost_that(has: str, line: str) -> dict:
    space: dict = {"np": np, "pd": pandas, "__name__": "__main__"}
    code = f"{has}\ndef cost(w):\n    {line}\n    return float(np.sum(w**2))\n"
    exec(code, space)
    return space


@pytest.mark.parametrize("place", PLACES)
def test_data_are_told_wherever_they_are_and_put_back(place):
    has, line, data, words = PLACES[place]
    space = cost_that(has, line)
    before = repr(eval(data, space))
    report = gcm.check(space["cost"], lambda w: 2 * w, np.array([1.0, 2.0]), steps=0)
    (said,) = [finding for finding in report.findings if finding.code == "writes-data"]
    assert words in said.evidence
    assert re.match(r"(computing the )?cost changes ", said.title)
    assert repr(eval(data, space)) == before


@pytest.mark.parametrize("place", FILLED)
def test_what_is_filled_anew_or_only_grows_is_no_data(place):
    has, line, data = FILLED[place]
    space = cost_that(has, line)
    before = repr(eval(data, space))
    report = gcm.check(space["cost"], lambda w: 2 * w, np.array([1.0, 2.0]), steps=0)
    assert "writes-data" not in {finding.code for finding in report.findings}
    assert repr(eval(data, space)) == before
