"""What discovery says where nothing fits, or more than one thing does."""

from __future__ import annotations

import linecache
import time
import types
import warnings

import numpy as np
import pytest

from gcmagic.check import check_problem
from gcmagic.discovery import discover, discover_cell, explain
from gcmagic.errors import BindingError

from .dicts import ALONE, REGULARISED, TWO_LAYERS
from .forgotten import FORGOTTEN, NAMELESS
from .inline import STRAIGHT
from .objects import NESTED
from .rows import disagreeing, run_cells
from .stillness import fingerprint
from .styles import VALUE
from .tuples import NET_LOSS, SOFTMAX_LOSS, VECTOR
from .updates import SELF_UPDATING


def cells(source: str) -> list[str]:
    return [cell.strip("\n") + "\n" for cell in source.split("# %%\n")]


def refused(source: str, **hints: str) -> BindingError:
    namespace = run_cells(cells(source))
    before = fingerprint(namespace)
    with pytest.raises(BindingError) as caught:
        discover(namespace, cells=cells(source), **hints)
    assert fingerprint(namespace) == before
    return caught.value


def settled(source: str, line: str):
    """The Problem that a line of a refusal leads to."""
    words = line.split()[1:]
    hints = {key.lstrip("-"): value for key, value in zip(words[::2], words[1::2], strict=True)}
    return discover(run_cells(cells(source)), cells=cells(source), **hints)


def test_plain_and_regularised_variants_are_both_offered_and_each_line_settles() -> None:
    error = refused(REGULARISED)
    assert error.lines == (
        "%gradcheck --backward backward_propagation",
        "%gradcheck --backward backward_propagation_with_regularization",
    )
    for line in error.lines:
        problem = settled(REGULARISED, line)
        assert disagreeing(problem) == []


def test_two_models_in_one_notebook_are_both_offered() -> None:
    error = refused(TWO_LAYERS + "# %%\n" + VECTOR.replace("X", "X2").replace("y", "y2"))
    assert len(error.lines) == 2


def test_two_costs_that_fit_are_both_offered() -> None:
    source = ALONE + (
        "def cross_loss(output, target):\n    return (abs(output - target) ** 3).sum()\n"
    )
    error = refused(source)
    assert error.lines == (
        "%gradcheck --backward net_backward --cost mse_loss",
        "%gradcheck --backward net_backward --cost cross_loss",
    )
    assert disagreeing(settled(source, error.lines[0])) == []
    assert disagreeing(settled(source, error.lines[1])) == ["w1", "bias1", "w2", "bias2"]


def test_an_empty_namespace_says_what_is_needed() -> None:
    with pytest.raises(BindingError, match="no backward pass") as caught:
        discover({})
    assert "Functions: (none)" in str(caught.value)
    assert "dW1, db1" in str(caught.value)


def test_what_is_there_is_listed() -> None:
    error = refused("def forward(X):\n    return X\nX = np.ones((3, 2))\n")
    assert "Functions: forward." in str(error)
    assert "X(3,2)" in str(error)


def test_a_class_without_an_instance_is_named() -> None:
    error = refused("class Net:\n    def backward(self, X):\n        return X\n")
    assert "net = Net(…)" in str(error)


def test_a_misspelt_function_brings_its_neighbours() -> None:
    error = refused(TWO_LAYERS, backward="backward_propgation")
    assert "no function is called 'backward_propgation'" in str(error)
    assert error.lines[0] == "%gradcheck --backward backward_propagation"


def test_a_misspelt_forward_brings_its_neighbours() -> None:
    error = refused(TWO_LAYERS, forward="foward_propagation")
    assert error.lines[0] == "%gradcheck --forward forward_propagation"


def test_data_that_cannot_be_evaluated_is_told() -> None:
    error = refused(VECTOR, data="X_trian,y")
    assert "X_trian cannot be evaluated" in str(error)
    assert "arrays here" in str(error)


def test_no_cost_anywhere_asks_for_one() -> None:
    error = refused(VECTOR.replace("def cost_function", "def unrelated"), backward="gradient")
    assert "--cost" in str(error)


def test_missing_data_is_named() -> None:
    source = VECTOR.replace("X = np.c_", "Q = np.c_").split("theta = gradient_descent")[0]
    assert "gradient needs X" in str(refused(source))


def test_a_call_site_tells_which_array_is_meant() -> None:
    source = VECTOR.replace("X = np.c_", "Q = np.c_").replace("_theta, X", "_theta, Q")
    problem = discover(run_cells(cells(source)), cells=cells(source))
    assert "gradient(initial_theta, Q, y)" in problem.how


def test_what_forward_raises_is_told_and_everything_is_as_before() -> None:
    source = TWO_LAYERS.replace(
        "    Z1 = parameters",
        '    parameters["b1"] += 1\n    np.random.rand()\n    1 / 0\n    Z1 = parameters',
    )
    error = refused(source)
    assert "ZeroDivisionError" in str(error)


def test_a_cost_may_be_an_expression() -> None:
    source = VECTOR.replace("def cost_function", "def unrelated")
    problem = discover(
        run_cells(cells(source)),
        backward="gradient",
        cost="-(y * np.log(sigmoid(X @ theta)) + (1 - y) * np.log(1 - sigmoid(X @ theta))).mean()",
    )
    assert disagreeing(problem) == []


def test_data_hints_are_expressions() -> None:
    namespace = run_cells(cells(VECTOR))
    problem = discover(namespace, cells=cells(VECTOR), data="X[:3, :],y[:3]")
    assert "gradient(initial_theta, X[:3, :], y[:3])" in problem.how
    assert disagreeing(problem) == []


def test_parameter_hints_keep_the_others_out() -> None:
    namespace = run_cells(cells(TWO_LAYERS))
    problem = discover(namespace, cells=cells(TWO_LAYERS), params="W2,b2")
    assert problem.layout.names == ("W2", "b2")
    assert disagreeing(problem) == []


def test_a_function_redefined_is_the_latest() -> None:
    wrong = TWO_LAYERS.split("# %%\n")[3].replace("dZ2 = cache", "dZ2 = 2 * cache")
    namespace = run_cells([*cells(TWO_LAYERS), wrong])
    problem = discover(namespace, cells=[*cells(TWO_LAYERS), wrong])
    assert disagreeing(problem) == ["W1", "b1", "W2", "b2"]


def test_the_problem_does_not_follow_later_changes_of_the_notebook() -> None:
    namespace = run_cells(cells(TWO_LAYERS))
    problem = discover(namespace, cells=cells(TWO_LAYERS))
    before = problem.cost(problem.params)
    namespace["X"][:] = 0
    namespace["Y"] = None
    namespace["parameters"]["W1"][:] = 7
    assert problem.cost(problem.params) == before


def test_five_hundred_names_take_less_than_a_third_of_a_second() -> None:
    filler = "\n".join(
        f"def helper_{k}(a, b):\n    return np.tanh(a) + {k} * b\n"
        f"array_{k} = np.ones(({k % 9 + 1}, 4))"
        for k in range(250)
    )
    source = [*cells(TWO_LAYERS), filler + "\n"]
    namespace = run_cells(source)
    assert len(namespace) > 500
    taken = []
    for _ in range(3):  # the time of this process: others share the machine
        start = time.process_time()
        discover(namespace, cells=source)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.3


def test_integers_are_checked_as_float64_and_told() -> None:
    source = VECTOR + "theta = np.array([1, 2, 0, 1])\ndel initial_theta\n"
    problem = discover(run_cells(cells(source)), cells=cells(source))
    assert problem.notes == ("theta: int64, checked in float64",)
    assert disagreeing(problem) == []
    assert check_problem(problem, steps=0).problem.notes == problem.notes  # told once


def test_a_backward_that_reads_a_stale_global_is_told() -> None:
    source = TWO_LAYERS.replace('parameters["W2"].T @ dZ2', "W2.T @ dZ2")
    source += 'W2 = parameters["W2"].copy()\n'
    problem = discover(run_cells(cells(source)), cells=cells(source))
    told = "backward_propagation reads the global W2, which does not move with the parameters"
    assert told in problem.notes


def test_matrices_stay_matrices() -> None:
    source = VECTOR.replace("np.zeros(4)", "np.matrix(np.zeros((4, 1)))").replace(
        "(rng.rand(8) > 0.4) * 1.0", "np.matrix((rng.rand(8, 1) > 0.4) * 1.0)"
    ).replace("y * np.log(h) + (1 - y) * np.log(1 - h)",
              "np.multiply(y, np.log(h)) + np.multiply(1 - y, np.log(1 - h))")  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problem = discover(run_cells(cells(source)), cells=cells(source))
        assert isinstance(problem.params["theta"], np.matrix)
        assert disagreeing(problem) == []


def test_the_explanation_is_the_same_twice_and_names_what_was_seen() -> None:
    namespace = run_cells(cells(REGULARISED))
    text = explain(namespace, cells=cells(REGULARISED))
    assert text == explain(namespace, cells=cells(REGULARISED))
    assert "backward_propagation: backward 1" in text
    assert "called in model" in text
    assert "fits: backward_propagation_with_regularization(" in text
    assert "so: 2 bindings fit" in text


def test_the_explanation_of_nothing_says_so() -> None:
    assert "so: found no backward pass" in explain({})


def test_functions_from_another_module_count() -> None:
    module = types.ModuleType("helpers")
    path = "/nowhere/helpers.py"
    linecache.cache[path] = (len(ALONE), None, ALONE.splitlines(keepends=True), path)
    module.np = np
    exec(compile(ALONE, path, "exec"), vars(module))
    namespace = {name: value for name, value in vars(module).items() if name[0] != "_"}
    problem = discover(namespace)
    assert problem.gradient_name == "net_backward"
    assert disagreeing(problem) == []


def test_a_function_without_source_is_bound_by_its_arguments() -> None:
    namespace = {"np": np}
    exec(VECTOR, namespace)
    problem = discover(namespace)
    assert problem.gradient_name == "gradient"
    assert disagreeing(problem) == []


def test_a_cell_without_a_cost_asks_for_one() -> None:
    source = STRAIGHT.replace("E = 0.5 * np.sum((y - t) ** 2)\n", "")
    namespace = run_cells(cells(source))
    with pytest.raises(BindingError, match="computes dw, db but no cost") as caught:
        discover_cell(cells(source)[-1], namespace)
    assert caught.value.lines == ('%%gradcheck --cost "np.mean((y_hat - y) ** 2)"',)
    problem = discover_cell(cells(source)[-1], namespace, cost="0.5 * np.sum((y - t) ** 2)")
    assert disagreeing(problem) == []


def test_a_cell_without_gradients_says_what_is_needed() -> None:
    with pytest.raises(BindingError, match="dW1 beside W1"):
        discover_cell("z = 1 + 1\n", {"z": 2})


def test_a_gradient_of_the_loss_alone_is_no_gradient_of_a_weight_of_its_shape() -> None:
    source = (
        "def forward(X, W):\n    return X @ W\n"
        "def mse(y_hat, y):\n    return ((y_hat - y) ** 2).sum()\n"
        "def mse_grad(y_hat, y):\n    return 2 * (y_hat - y)\n"
        "X, W, y = np.eye(3), np.ones((3, 2)), np.zeros((3, 2))\n"
    )
    assert "of shape (3, 2), which matches no parameter" in str(refused(source))


def test_a_cost_of_the_whole_set_is_not_paired_with_the_gradient_of_a_batch() -> None:
    source = ALONE.replace("def net_backward(x, target, p, output, h)", "def grads(x_b, t_b, p)")
    source = source.replace(
        "    d = 2 * (output - target)",
        "    output, h = net_forward(x_b, p)\n    d = 2 * (output - t_b)",
    )
    source = source.replace("x.T @ dh", "x_b.T @ dh") + (
        "# %%\nfor start in (0, 3):\n"
        "    x_b, t_b = x_train[start:start + 3], y_train[start:start + 3]\n"
        "    g = grads(x_b, t_b, p)\n"
        "    full_loss = mse_loss(net_forward(x_train, p)[0], y_train)\n"
    )
    namespace = run_cells(cells(source))
    try:
        problem = discover(namespace, cells=cells(source))
    except BindingError:
        return
    assert disagreeing(problem) == [], problem.how


def test_predict_is_not_taken_for_forward() -> None:
    source = ALONE + "def net_predict(x, p):\n    return np.round(net_forward(x, p)[0])\n"
    problem = discover(run_cells(cells(source)), cells=cells(source))
    assert "net_forward(x_train, p)" in problem.how
    assert disagreeing(problem) == []


def test_of_two_instances_the_one_that_was_used_is_taken_and_else_both_are_offered() -> None:
    source = NET_LOSS + "other = TwoLayerNet(4, 6, 3)\n"
    namespace = run_cells(cells(source))
    assert discover(namespace, cells=cells(source)).gradient_name == "net.loss"
    with pytest.raises(BindingError) as caught:
        discover(namespace)
    assert caught.value.lines == (
        "%gradcheck --backward net.loss",
        "%gradcheck --backward other.loss",
    )


def test_hints_that_fit_nothing_are_refused() -> None:
    assert "fits no argument" in str(refused(VECTOR, data="X,y,X[:2]"))
    assert "no gradient for it" in str(refused(TWO_LAYERS, params="W1,Y"))
    said = str(refused(TWO_LAYERS, params="W1,W7"))
    assert said.startswith("--params W7: nothing here is called W7; arrays here: ")
    assert "W1 b1 W2 b2" in said


def test_the_name_of_the_dict_is_a_parameter_hint() -> None:
    source = TWO_LAYERS.replace("def nn_model", "def unused")
    namespace = run_cells(cells(source))
    namespace["start"] = namespace["parameters"]
    problem = discover(namespace, params="start")
    assert problem.layout.names == ("W1", "b1", "W2", "b2")
    assert "start" in problem.how


def test_a_forward_hint_is_never_passed_over() -> None:
    source = SOFTMAX_LOSS + SOFTMAX_LOSS.split("# %%\n")[0].replace("_vectorized", "_naive")
    source += "reg = 0.05\n"
    for name in ("softmax_loss_vectorized", "softmax_loss_naive"):
        problem = discover(run_cells(cells(source)), cells=cells(source), forward=name)
        assert problem.gradient_name == name
    assert len(refused(source).lines) == 2


def test_no_cost_anywhere_offers_an_expression_in_the_users_names_that_works() -> None:
    source = NESTED.replace("def cost(", "def unrelated(")
    source += "def hidden(a, y):\n    return 0.5 * np.sum((a - y) ** 2)\n"
    line = refused(source).lines[0]
    assert line.startswith("%gradcheck --backward net.backprop --cost ")
    expression = line.partition("--cost ")[2].strip('"')
    assert expression.startswith("my_cost(")
    expression = expression.replace("my_cost", "hidden")
    problem = discover(run_cells(cells(source)), backward="net.backprop", cost=expression)
    assert disagreeing(problem) == []


def test_a_loop_in_a_method_takes_a_cost_over_its_own_names() -> None:
    source = """
class Fit:
    def __init__(self):
        self.w, self.b = np.array([0.1, 0.2]), 0.0
    def fit(self, X, y, lr=0.1):
        for _ in range(3):
            out = X @ self.w + self.b
            dw = X.T @ (out - y) / len(y)
            db = np.mean(out - y)
            self.w = self.w - lr * dw
            self.b = self.b - lr * db
rng = np.random.default_rng(0)
X, y = rng.normal(size=(5, 2)), rng.normal(size=5)
fit = Fit()
"""
    assert refused(source).lines == ('%gradcheck --cost "np.mean((y_hat - y) ** 2)"',)
    problem = discover(run_cells([source]), cells=[source], cost="np.mean((out - y) ** 2) / 2")
    assert problem.layout.names == ("w", "b")
    assert disagreeing(problem) == []


STALE = """
def forward(X, W1, W2):
    A1 = np.tanh(X @ W1)
    A2 = np.tanh(A1 @ W2)
    return A1, A2
def cost(A2, Y):
    return 0.5 * np.sum((A2 - Y) ** 2)
def backward(A1, A2, W2, X, Y):
    d2 = (A2 - Y) * (1 - A2 ** 2)
    dW2 = A1.T @ d2
    dW1 = X.T @ (d2 @ W2.T * (1 - A1 ** 2))
    return dW1, dW2
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 4))
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 4))
A1, A2 = np.zeros((5, 4)), np.ones((5, 4))
"""


def test_activations_left_by_an_earlier_cell_are_computed_anew() -> None:
    for cost in ("def cost(A2, Y):", "def cost(y_hat, Y):\n    A2 = y_hat"):
        problem = discover(run_cells([STALE.replace("def cost(A2, Y):", cost)]))
        assert "after forward(X, W1, W2)" in problem.how
        assert disagreeing(problem) == []


def test_activations_left_by_an_earlier_cell_are_not_taken_where_the_cost_runs_forward() -> None:
    recomputes = "def cost(X, W1, W2, Y):\n    _, A2 = forward(X, W1, W2)"
    source = STALE.replace("def cost(A2, Y):", recomputes)
    assert disagreeing(discover(run_cells([source]))) == []


@pytest.mark.parametrize("source", [FORGOTTEN, NAMELESS])
def test_a_parameter_that_was_named_and_gets_no_gradient_is_refused(source: str) -> None:
    error = refused(source, params="W1,b1,W2,b2")
    assert "gives no gradient for it" in str(error)
    assert disagreeing(settled(source, error.lines[0])) == []


COSTLESS = """
def forward(X, W1, b1):
    A1 = np.tanh(X @ W1 + b1)
    return A1, (X, A1)
def backward(cache, Y):
    X, A1 = cache
    d = (A1 - Y) * (1 - A1 ** 2)
    return {"dW1": X.T @ d, "db1": d.sum(0)}
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
W1, b1 = rng.normal(size=(3, 2)), np.zeros(2)
"""


NAMELESS_OUTPUT = """
def net(X):
    e = np.exp(X @ W + b)
    return e / e.sum(axis=1, keepdims=True)
def cross_entropy(y_hat, y):
    return -np.log(y_hat[range(len(y_hat)), y])
def grad(X, y):
    d = net(X)
    d[range(len(y)), y] -= 1
    return X.T @ d, d.sum(0)
rng = np.random.default_rng(0)
X, y = rng.normal(size=(6, 3)), rng.integers(0, 4, 6)
W, b = rng.normal(size=(3, 4)), np.zeros(4)
"""


def expressed(source: str, line: str):
    """The Problem that a line with an expression as the cost leads to."""
    expression = line.partition("--cost ")[2].strip('"')
    return discover(run_cells(cells(source)), cells=cells(source), cost=expression)


def test_the_prediction_is_taken_out_of_a_tuple() -> None:
    line = refused(COSTLESS).lines[0]
    assert line.endswith('--cost "my_cost(forward(X, W1, b1)[0], Y)"')
    source = COSTLESS + "def my_cost(A, Y):\n    return 0.5 * np.sum((A - Y) ** 2)\n"
    assert disagreeing(expressed(source, line)) == []


def test_a_cost_that_returns_a_vector_says_its_shape_and_both_ways_out() -> None:
    source = COSTLESS + (
        "def cross_entropy(A1, Y):\n    return 0.5 * np.sum((A1 - Y) ** 2, axis=1)\n"
    )
    for hints in ({}, {"cost": "cross_entropy"}):
        error = refused(source, **hints)
        assert "returned shape (20,); sum or average" in str(error)
        assert disagreeing(expressed(source, error.lines[0])) == []
        assert disagreeing(expressed(source, error.lines[1])) == ["W1", "b1"]


def test_an_output_without_a_name_is_told_by_the_call_that_makes_it() -> None:
    error = refused(NAMELESS_OUTPUT)
    assert error.lines[1].endswith('--cost "np.mean(cross_entropy(net(X), y))"')
    assert disagreeing(expressed(NAMELESS_OUTPUT, error.lines[1])) == ["W", "b"]
    assert disagreeing(expressed(NAMELESS_OUTPUT, error.lines[0])) == []
    several = NAMELESS_OUTPUT.replace("return e /", "return e, e /").replace(
        "d = net(X)", "d = net(X)[1]"
    )
    line = refused(several).lines[0]
    assert line.endswith('np.sum(cross_entropy(net(X)[1], y))"')
    assert disagreeing(expressed(several, line)) == []


def test_values_that_make_no_loss_lead_to_a_cell() -> None:
    made = VALUE + "# %%\na, b = Value(2.0), Value(0.5)\ndef loss(): return a * b + a\n"
    for hints in ({}, {"cost": "loss().data"}):
        error = refused(made, **hints)
        assert str(error).startswith("a, b hold numbers and gradients, and no cell here makes")
        assert error.lines == ("%%gradcheck", "loss = a * b + …", "loss.backward()")
    ran = [*cells(made), "\n".join(error.lines[1:]).replace("…", "a")]
    assert list(discover(run_cells(ran), cells=ran).params) == ["a.data", "b.data"]


def test_one_gives_and_several_give_gradients() -> None:
    assert "backward gives gradients" in str(refused(COSTLESS))
    several = COSTLESS + "def backward_again(cache, Y): return backward(cache, Y)\n"
    assert "backward, backward_again give gradients" in str(refused(several))


def test_what_a_cost_expression_raises_is_told() -> None:
    cost = "np.linalg.norm(forward(X, W1, b1)[5] - Y)"
    assert f"--cost {cost} raised IndexError: tuple index" in str(refused(COSTLESS, cost=cost))


def test_a_missing_penalty_is_to_be_defined() -> None:
    source = COSTLESS.replace("(cache, Y)", "(cache, Y, lambda_)")
    assert "define lambda_ = 1" in str(refused(source))


def test_a_penalty_that_a_default_switches_off_is_told() -> None:
    source = COSTLESS.replace("(cache, Y)", "(cache, Y, lam=0.0)").replace(
        "X.T @ d,", "X.T @ d + lam * 0,"
    )
    source += "def cost(A1, Y): return 0.5 * np.sum((A1 - Y) ** 2)\n"
    note = "lam=0.0, its default, so a regulariser was not checked; call backward with another lam"

    def notes(more: str = "") -> str:
        run = [source, more] if more else [source]
        return " ".join(discover(run_cells(run), cells=run).notes)

    assert note in notes()
    assert "regulariser" not in notes("A1, c = forward(X, W1, b1)\ngrads = backward(c, Y, 0.5)\n")


def test_data_in_the_wrong_order_are_refused() -> None:
    error = refused(VECTOR, data="y,X")
    assert "needed: X first, then Y" in str(error)
    assert error.lines == ('%gradcheck --data "X,y"',)


def test_a_cost_that_is_named_first_is_the_cost() -> None:
    source = VECTOR.replace("X", "X2") + (
        "def shifted(*args):\n    return 1000.0 + args[0].sum()\n"
        "def other_cost(theta, X2, y):\n    return (theta**2).sum()\n"
    )
    named = discover(run_cells(cells(source)), forward="other_cost")
    assert "cost: other_cost(theta, X2, y)" in named.how
    error = refused(source)  # a longer name says nothing
    assert error.lines == (
        "%gradcheck --backward gradient --cost other_cost",
        "%gradcheck --backward gradient --cost cost_function",
    )


def test_a_cost_beside_one_that_it_calls_is_no_second_reading() -> None:
    source = VECTOR + "def total_cost(theta, X, y):\n    return cost_function(theta, X, y)\n"
    assert disagreeing(discover(run_cells(cells(source)))) == []


def test_an_array_as_a_default_is_named_and_not_printed() -> None:
    source = VECTOR + "def energy(theta, X=X, y=y):\n    return cost_function(theta, X, y)\n"
    how = discover(run_cells(cells(source)), cost="energy").how
    assert "energy(" in how
    assert "array" not in how


def test_layers_with_an_optimiser_of_their_own_are_refused_and_told_why() -> None:
    source = SELF_UPDATING.replace(
        "        self.weights -= learning_rate * output_gradient @ self.input.T\n",
        "        self.velocity = 0.9 * self.velocity + output_gradient @ self.input.T\n"
        "        self.weights -= learning_rate * self.velocity\n",
    ).replace("        self.weights, self.bias", "        self.velocity = np.zeros((n_out, n_in))\n"
              "        self.weights, self.bias")  # fmt: skip
    assert "through velocity, the state of an optimiser" in str(refused(source))


def test_differences_along_a_curve_are_no_gradients() -> None:
    source = (
        "theta = np.linspace(0.0, 1.0, 9)\n# %%\ndtheta = np.gradient(theta)\n"
        "loss = np.sum(np.sin(theta) ** 2)\n"
    )
    assert "no backward pass" in str(refused(source))


SQUARES = """
X = np.array([[0.1, 0.5], [0.7, 0.2], [0.4, 0.9]])
y = np.array([[0.0], [1.0], [1.0]])
syn0, syn1 = np.full((2, 4), 0.3) * np.arange(1, 5), np.full((4, 1), 0.2)
for k in range(3):
    l1 = np.tanh(X @ syn0)
    l2 = np.tanh(l1 @ syn1)
    l2_error = y - l2
    l2_delta = l2_error * (1 - l2 ** 2)
    l1_error = l2_delta @ syn1.T
    l1_delta = l1_error * (1 - l1 ** 2)
    syn1 += l1.T @ l2_delta
    syn0 += X.T @ l1_delta
"""


def test_an_error_that_is_no_number_is_offered_squared() -> None:
    (line,) = refused(SQUARES).lines
    assert line == '%%gradcheck --cost "np.sum(l2_error ** 2) / 2"'
    for source, wrong in (
        (SQUARES, []),
        (SQUARES.replace("error * (1 - l2", "error * (2 - l2"), 2),
    ):
        problem = expressed(source, line)
        assert disagreeing(problem) == (["syn0", "syn1"] if wrong else [])


def test_what_is_offered_for_a_misspelt_name_is_not_the_function_beside_it() -> None:
    error = refused(COSTLESS, forward="forward", backward="bakward")
    assert error.lines == ("%gradcheck --backward backward",)


def test_a_parameter_that_is_not_there_is_named() -> None:
    assert "--params v: nothing here is called v; arrays" in str(refused(VECTOR, params="v"))
    assert "nothing here is called w1; arrays" in str(
        refused(PAIRS, params="w,w1", data="pairs[0]")
    )


def test_a_part_of_the_inputs_alone_leads_to_the_labels() -> None:
    error = refused(TWO_LAYERS, data="X[:, :3]")
    assert "or give the labels as well: --data X[:, :3],Y[…]. Tried:" in str(error)


UPDATING = """
class Network:
    def __init__(self, x, y):
        rng = np.random.default_rng(0)
        self.x, self.y, self.w = x, y, rng.normal(size=(x.shape[1], 1))
    def feedforward(self):
        self.output = np.tanh(self.x @ self.w)
    def backprop(self):
        self.w += self.x.T @ ((self.y - self.output) * (1 - self.output ** 2))
rng = np.random.default_rng(1)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 1))
nn = Network(X, Y)
"""


def test_what_forward_keeps_in_its_object_stands_in_the_example_of_a_cost() -> None:
    line = refused(UPDATING).lines[0]
    assert line.endswith('--cost "my_cost(nn.output, Y)"')
    source = UPDATING + "def my_cost(A, Y): return 0.5 * np.sum((A - Y) ** 2)\n"
    assert disagreeing(expressed(source, line)) == []


PAIRS = """
class Network:
    def __init__(self):
        rng = np.random.default_rng(0)
        self.w = rng.normal(size=(2, 3))
    def feedforward(self, a): return np.tanh(self.w @ a)
    def backprop(self, x, y):
        a = self.feedforward(x)
        nabla_w = ((a - y) * (1 - a ** 2)) @ x.T
        return nabla_w
    def cost(self, x, y): return 0.5 * np.sum((self.feedforward(x) - y) ** 2)
rng = np.random.default_rng(1)
pairs = [(rng.normal(size=(3, 1)), rng.normal(size=(2, 1))) for _ in range(4)]
net = Network()
"""


def test_one_pair_of_data_is_opened() -> None:
    problem = discover(run_cells([PAIRS]), cells=[PAIRS], data="pairs[2]")
    assert "pairs[2][0], pairs[2][1]" in problem.how
    assert disagreeing(problem) == []


def test_the_shapes_that_match_no_parameter_are_told() -> None:
    source = NAMELESS_OUTPUT.replace("return X.T @ d, d.sum(0)", "return X @ X.T, d.sum()")
    assert "grad returned shapes (6, 6), (), which match no parameter" in str(refused(source))


PERCEPTRON = """
class MLP:
    def __init__(self):
        rng = np.random.default_rng(0)
        self.weight_h, self.weight_out = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
    def forward(self, x):
        a_h = np.tanh(x @ self.weight_h.T)
        a_out = np.tanh(a_h @ self.weight_out.T)
        return a_h, a_out
    def backward(self, x, a_h, a_out, y):
        delta = 2 * (a_out - y) / y.size * (1 - a_out ** 2)
        d_loss__dw_out = delta.T @ a_h
        d_loss__d_w_h = (delta @ self.weight_out * (1 - a_h ** 2)).T @ x
        return d_loss__dw_out, d_loss__d_w_h
def mse_loss(targets, probas): return np.mean((targets - probas) ** 2)
rng = np.random.default_rng(1)
X, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
model = MLP()
"""


def test_a_h_and_a_out_are_told_apart() -> None:
    problem = discover(run_cells([PERCEPTRON]), cells=[PERCEPTRON])
    assert "mse_loss(y, a_out) after model.forward(X)" in problem.how
    assert disagreeing(problem) == []
