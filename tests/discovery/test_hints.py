"""--grads and --lr: what the user says of the gradients, through every door."""

from __future__ import annotations

import pytest
from IPython.utils.capture import capture_output

from gcmagic import BindingError
from gcmagic.discovery import discover, discover_cell, explain
from tests.shells import shell_of_its_own

from .rows import disagreeing, run_cells

# nothing in these names says what is a gradient of what
CODES = """
def forward(X, W, b):
    return np.tanh(X @ W + b)
def cost(A, Y):
    return 0.5 * np.sum((A - Y) ** 2)
def errors(X, Y, W, b):
    A = forward(X, W, b)
    e = (A - Y) * (1 - A ** 2)
    first = X.T @ e
    second = e.sum(axis=0)
    return second, first
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
W, b = rng.normal(size=(3, 2)), np.zeros(2)
# %%
second, first = errors(X, Y, W, b)
"""
SQUARE = CODES.replace("Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))",
                       "Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))").replace(
    "rng.normal(size=(3, 2)), np.zeros(2)", "rng.normal(size=(3, 3)), np.zeros((3, 3))[:, :]"
).replace("X @ W + b", "X @ W + X @ b").replace("e.sum(axis=0)", "X.T @ e")  # fmt: skip
WHOLE = CODES.replace("second, first = errors", "slopes = errors").replace(
    "return second, first", 'return {"W": first, "b": second}'
)
LAYER = """
class Layer:
    def __init__(self, n, m, seed):
        self.M, self.v = np.random.RandomState(seed).randn(n, m), np.zeros(m)
    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.M + self.v)
    def backward(self, top):
        out = np.tanh(self.x @ self.M + self.v)
        e = top * (1 - out ** 2)
        self.up, self.side = self.x.T @ e, e.sum(axis=0)
        return e @ self.M.T
def mse_loss(a, t):
    return 0.5 * np.sum((a - t) ** 2)
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
layer = Layer(3, 2, 0)
# %%
out = layer.forward(X)
loss = mse_loss(out, Y)
layer.backward(out - Y)
"""
CELL = """
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
W, b = rng.normal(size=(3, 2)), np.zeros(2)
# %%
A = np.tanh(X @ W + b)
loss = 0.5 * np.sum((A - Y) ** 2)
e = (A - Y) * (1 - A ** 2)
first, second = X.T @ e, e.sum(axis=0)
"""
UPDATE = """
class Model:
    def __init__(self, options):
        self.w = np.array([0.3, -0.2])
        self.options = options
    def forward(self, X):
        return X @ self.w
    def loss(self, X, y):
        return 0.5 * np.sum((self.forward(X) - y) ** 2)
    def backward(self, X, y):
        e = self.forward(X) - y
        self.w -= STEP X.T @ e
rng = np.random.default_rng(0)
X, y = rng.normal(size=(6, 2)), rng.normal(size=6)
model = Model((0.05, "fast"))
"""


def cells(source: str) -> list[str]:
    return [cell.strip("\n") + "\n" for cell in source.split("# %%\n")]


def found(source: str, **hints):
    return discover(run_cells(cells(source)), cells=cells(source), **hints)


@pytest.mark.parametrize(
    ("source", "hints", "names"),
    [
        (CODES, {"grads": "first,second"}, "W b"),
        (CODES, {"grads": "second,first", "params": "b,W"}, "W b"),
        (SQUARE, {"grads": "second,first", "params": "b,W"}, "W b"),
        (WHOLE, {"grads": "slopes"}, "W b"),
        (WHOLE, {"grads": 'slopes["W"],slopes["b"]'}, "W b"),
        (LAYER, {"grads": "layer.up,layer.side", "params": "layer.M,layer.v"}, "M v"),
    ],
)
def test_gradients_by_name_and_by_expression(source, hints, names):
    problem = found(source, **hints)
    assert list(problem.layout.names) == names.split()
    assert disagreeing(problem) == []


def test_two_that_fit_by_shape_need_the_parameters_beside_them():
    with pytest.raises(BindingError, match="belongs to no parameter"):
        found(SQUARE, grads="first,second")


def test_gradients_that_are_named_in_the_wrong_order_fail_where_shapes_cannot_tell():
    turned = SQUARE.replace("second = X.T @ e", "second = 3 * X.T @ e")
    problem = found(turned, grads="second,first", params="W,b")
    assert disagreeing(problem) == ["W"]


@pytest.mark.parametrize("grads", ["nowhere", "layer.nowhere", "first,nowhere"])
def test_what_is_not_there_is_refused(grads):
    with pytest.raises(BindingError, match="--grads"):
        found(LAYER if "layer" in grads else CODES, grads=grads)


def test_gradients_of_a_cell():
    namespace = run_cells(cells(CELL))
    problem = discover_cell(cells(CELL)[-1], namespace, grads="first,second", params="W,b")
    assert list(problem.layout.names) == ["W", "b"]
    assert disagreeing(problem) == []


@pytest.mark.parametrize(
    ("step", "hints", "told"),
    [
        ("self.options[0] *", {"learning_rate": 0.05}, "0.05"),
        ("", {}, "1"),
    ],
)
def test_the_rate_of_an_update(step, hints, told):
    problem = found(UPDATE.replace("STEP", step), **hints)
    assert f"at learning rate {told}" in "\n".join(problem.notes)
    assert disagreeing(problem) == []


@pytest.mark.parametrize(
    "source",
    [
        UPDATE.replace("STEP", "self.options.lr *").replace(
            'Model((0.05, "fast"))', "Model(Settings())"
        ).replace("class Model", "class Settings:\n    lr = 0.05\nclass Model"),
        UPDATE.replace("STEP", 'self.options["learning_rate"] *').replace(
            '(0.05, "fast")', '{"learning_rate": 0.05}'),
        UPDATE.replace("STEP X.T @ e", "0.05 * dw").replace(
            "        self.w -", "        dw = X.T @ e\n        self.w -"),
        UPDATE.replace("STEP", "self.lr *").replace("        self.options", "        self.lr")
              .replace('(0.05, "fast")', "0.05"),
    ],
)  # fmt: skip
def test_a_rate_in_the_code_goes_before_what_is_said(source):
    for hints in ({}, {"learning_rate": 0.3}):
        problem = found(source, **hints)
        assert "at learning rate 0.05" in "\n".join(problem.notes)
        assert disagreeing(problem) == []


def test_the_explanation_takes_the_hints():
    assert "so: errors(X, Y, W, b)" in explain(
        run_cells(cells(CODES)), cells=cells(CODES), grads="first,second"
    )


@pytest.fixture
def shell():
    with shell_of_its_own("import numpy as np") as shell:
        yield shell


def test_both_magics(shell):
    def last(line: str):
        with capture_output() as captured:
            result = shell.run_cell(line, store_history=True)
        assert result.success, captured.stdout
        return result.result if result.result is not None else shell.user_ns.get("_")

    for cell in cells(CODES):
        last(cell)
    assert last("%gradcheck --params b,W --grads second, first --steps 0").passed
    first, second = cells(CELL)
    last(first)
    assert last(f"%%gradcheck --params W,b --grads first,second --steps 0\n{second}").passed
    wrong = second.replace("X.T @ e,", "2 * X.T @ e,")
    assert not last(f"%%gradcheck --params W,b --grads first,second --steps 0\n{wrong}").passed
    last(UPDATE.replace("STEP", "self.options[0] *"))
    assert last("%gradcheck --backward model.backward --lr 0.05 --steps 0").passed
    assert not last("%gradcheck --backward model.backward --lr 0.1 --steps 0").passed


SCIPY_NAMES = """
def rosen(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)
def rosen_der(x):
    xm = x[1:-1]; xm_m1 = x[:-2]; xm_p1 = x[2:]
    der = np.zeros_like(x)
    der[1:-1] = 200 * (xm - xm_m1 ** 2) - 400 * (xm_p1 - xm ** 2) * xm - 2 * (1 - xm)
    der[0] = -400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])
    der[-1] = 200 * (x[-1] - x[-2] ** 2)
    return der
x0 = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
"""


def test_the_only_argument_is_the_parameter_that_was_named():
    namespace = run_cells(cells(SCIPY_NAMES))
    problem = discover(namespace, forward="rosen", backward="rosen_der", params="x0")
    assert problem.how == "rosen_der(x0) → gradients; parameters: x; cost: rosen(x0)"
    assert disagreeing(problem) == []


def test_data_for_a_cell_are_used_or_refused():
    source, last = cells(CELL)
    namespace = run_cells([source, last])
    named = {"params": "W,b", "grads": "first,second"}
    problem = discover_cell(last, namespace, data="X[:3],Y[:3]", **named)
    assert problem.roots[-1]["X"].shape == (3, 3)
    assert disagreeing(problem) == []
    with pytest.raises(BindingError, match="--data loss is nothing that the cell starts from"):
        discover_cell(last, namespace, data="X[:3],Y[:3],loss", **named)
