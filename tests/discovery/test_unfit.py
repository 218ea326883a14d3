"""Bad input through `%gradcheck`: one line on what is wrong with it, or a note; never PASS."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.check import check_problem
from gcmagic.discovery import discover
from tests.discovery.rows import run_cells

SETUP = """
X, Y = np.array([[0.5, -1.0, 2.0], [1.0, 0.3, -0.7]]), np.array([[1.0, 0.0, 1.0]])
parameters = {"W1": np.array([[0.4, -0.6]]), "b1": np.zeros((1, 1))}
"""
PASSES = """
def forward_propagation(X, parameters):
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    return A1, (A1,)
def compute_cost(A1, Y):
    return np.mean((A1 - Y) ** 2) / 2
def backward_propagation(X, Y, cache, parameters):
    (A1,) = cache
    dZ1 = (A1 - Y) * (1 - A1**2) / X.shape[1]
    return {"dW1": dZ1 @ X.T, "db1": dZ1.sum(axis=1, keepdims=True)}
"""
W1, GIVES = 'parameters["W1"]', '"dW1": dZ1 @ X.T'
BACK = PASSES[PASSES.index("    (A1,) = cache") :]
# (what is run behind the setup, what is changed in the functions), what the refusal says
REFUSED = {
    "empty dict": ("parameters = {}", "", "", "works: parameters is empty; needed"),
    "no dict": ("parameters = None", "", "", "works: parameters is None; needed"),
    "text": (f"{W1} = 'a'", "", "", "parameters['W1'] is a text; needed: an array"),
    "texts": (f"{W1} = np.array([['a', 'b']])", "", "", "['W1'] is an array of <U1; needed"),
    "objects": (f"{W1} = {W1}.astype(object)", "", "", "['W1'] is an array of object; needed"),
    "empty": (f"{W1} = np.zeros((0, 2))", "", "", "['W1'] is empty (shape (0, 2)); needed"),
    "masked": (f"{W1} = np.ma.array({W1}, mask=[[1, 0]])", "tanh", "linalg.det", "is a masked arr"),
    "backward yields": ("", 'return {"dW1"', 'yield {"dW1"', "backward_propagation is a generator"),
    "backward waits": ("", "def back", "async def back", "backward_propagation is an async"),
    "forward yields": ("", "return A1, (", "yield A1, (", "forward_propagation is a generator"),
    "cost waits": ("", "def comp", "async def comp", "compute_cost is an async function; needed"),
    "forward ends": ("", "return A1, (A1,)", "A1", "(forward_propagation returns None: is its ret"),
    "backward ends": ("", 'return {"dW1"', 'x = {"dW1"', "returned None; needed: the gradients"),
    "backward to do": ("", BACK, "    raise NotImplementedError", "Error (line 8 of backward_prop"),
    "a typing error": ("", "/ X.shape[1]", "/ X.shap", "(line 9 of backward_propagation: dZ1 = "),
    "cost of text": ("", "return np.mean", "return str(np.mean)#", "returned a value of type str"),
    "cost wants more": ("", "(A1, Y):", "(A1, Y, lost):", "compute_cost as the cost needs lost"),
    "forward has no end": ("", "    A1 = np.tanh", "    return forward_propagation(X, parameters)\n"
                           "    A1 = np.tanh", "forward_propagation raised RecursionError: max"),
    "by two": ("again = lambda X, p: forward_propagation(X, p)", "    return A1, (A1,)",
               "    return again(X, parameters)", "forward_propagation raised RecursionError: ma"),
    "with names": ("", "    A1 = np", "    A1, c = forward_propagation(X, parameters)\n    A1 = np",
                   " raised RecursionError: maximum recursion depth exceeded (line 3 of forward_"),
    "backward has no end": ("", GIVES, '**backward_propagation(X, Y, cache, parameters)',
                            "raised RecursionError: maximum recursion depth exceeded"),
}  # fmt: skip
# what is run, what is changed, and a note; the verdict is INCONCLUSIVE
NOTED = {
    "sparse": ("from scipy import sparse; " + f"{W1} = sparse.csr_matrix({W1})", "", "",
               "parameters['W1'] is a sparse matrix, csr_matrix; needed: an array"),
    "a gradient None": ("", GIVES, '"dW1": None', "(dW1 is None): not checked"),
    "a text": ("", GIVES, '"dW1": "later"', "(dW1 is a value of type str): not checked"),
    "a ragged list": ("", GIVES, '"dW1": [[1], [1, 2]]', "(dW1 is a list of 2): not checked"),
    "of objects": ("", GIVES, '"dW1": (dZ1 @ X.T).astype(object)', "(dW1 is an array of object)"),
    "none at all": ("", f"{GIVES}, ", "", "W1 gets no gradient from backward_propagation: not che"),
}  # fmt: skip


def cells(ran: str, old: str, new: str) -> list[str]:
    assert old in PASSES
    return [f"{SETUP}\n{ran}\n", PASSES.replace(old, new, 1) if old else PASSES]


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("error")  # a coroutine that nobody waits for
def test_it_is_refused_with_what_is_wrong(name) -> None:
    ran, old, new, says = REFUSED[name]
    texts = cells(ran, old, new)
    with pytest.raises(gcm.GradcheckError, match=re.escape(says)) as refused:
        discover(run_cells(texts), cells=texts)
    assert "RecursionError" not in says or "\n" not in str(refused.value)


@pytest.mark.parametrize("name", NOTED)
def test_what_is_not_checked_is_told_and_is_no_pass(name) -> None:
    ran, old, new, says = NOTED[name]
    texts = cells(ran, old, new)
    report = check_problem(discover(run_cells(texts), cells=texts), init="random")
    assert report.verdict is gcm.INCONCLUSIVE
    assert says in str(report)


@pytest.mark.parametrize("factor", [1, 2])
def test_lists_of_numbers_are_gradients(factor) -> None:
    texts = cells("", GIVES, f'"dW1": ({factor} * dZ1 @ X.T).tolist()')
    report = check_problem(discover(run_cells(texts), cells=texts), init="random", repair=0)
    assert report.wrong == (() if factor == 1 else ("W1",))
    assert report.verdict is (gcm.PASS if factor == 1 else gcm.FAIL)


@pytest.mark.parametrize("what", ["X[1, 2] is nan", "Y[0, 1] is inf"])
def test_data_that_are_not_finite_are_named(what) -> None:
    texts = cells(what.replace("is ", "= np."), "", "")
    report = check_problem(discover(run_cells(texts), cells=texts))
    value = what.rpartition(" ")[2]
    assert f"compute_cost returned {value}; {what} to begin with" in str(report)


def test_another_name_of_the_same_function_is_no_second_reading() -> None:
    texts = [*cells("", "", ""), "backprop = backward_propagation\n"]
    assert discover(run_cells(texts), cells=texts).how.startswith("backward_propagation(")


def test_an_array_that_the_cost_does_not_move_with_is_told_so() -> None:
    texts = cells("", f"{W1} @ X", f"{W1}.astype(int) @ X")
    found = np.random.default_rng(0).normal(size=(1, 2))  # between -1 and 1: integers are 0
    problem = discover(run_cells(texts), cells=texts)
    problem.params["W1"][...] = np.clip(found, -0.8, 0.8)
    report = check_problem(problem)
    assert [(f.code, f.where) for f in report.findings[:1]] == [("cost-does-not-move", "W1")]
    assert not report.repairs


def test_a_parameter_of_booleans_that_is_the_only_one_is_cast_too() -> None:
    texts = [
        "X, y = np.array([[0.5, -1.0], [1.0, 0.3]]), np.array([1.0, 0.2])",
        "w = np.array([True, False])",
        "def cost(w, X, y):\n    return np.mean((X @ w - y) ** 2)",
        "def gradient(w, X, y):\n    dw = X.T @ (X @ w - y)\n    return dw",
    ]
    problem = discover(run_cells(texts), cells=texts)
    assert check_problem(problem).verdict is gcm.PASS  # of two examples, 2/2 is one
    assert "w: bool, checked in float64" in problem.notes


@pytest.mark.parametrize("form", ["dict", "object", "globals"])
@pytest.mark.parametrize("wrong", ["", "2 * "])
def test_booleans_with_a_gradient_are_cast_and_told_and_a_mask_stays_one(form, wrong) -> None:
    setup = f"{SETUP}\n{W1} = np.array([[True, False]])\nmask = np.array([[True]])\n"
    passes = PASSES.replace("dZ1 @ X.T", f"{wrong}dZ1 @ X.T").replace("A1 = ", "A1 = mask * ")
    if form == "object":
        setup += "class Net: pass\nnet = Net()\nnet.parameters = parameters\ndel parameters\n"
        passes = passes.replace("(X, parameters)", "(X, net)").replace(
            ", cache, parameters", ", cache, net"
        )
        passes = passes.replace("parameters[", "net.parameters[")
    if form == "globals":
        setup += "W1, b1 = parameters.values()\ndel parameters\n"
        passes = passes.replace("(X, parameters)", "(X)").replace(", cache, parameters", ", cache")
        passes = passes.replace('parameters["W1"]', "W1").replace('parameters["b1"]', "b1")
    space = run_cells([setup, passes])
    problem = discover(space, cells=[setup, passes])
    report = check_problem(problem)
    assert report.verdict is (gcm.FAIL if wrong else gcm.PASS)
    assert not problem.unchecked
    assert any(re.fullmatch(r"\S*W1: bool, checked in float64", n) for n in problem.notes)
    assert [block.name[-2:] for block in problem.layout.blocks] == ["W1", "b1"]
    held = {"dict": "parameters['W1']", "object": "net.parameters['W1']", "globals": "W1"}[form]
    assert eval(held, space).dtype == bool
