"""What the table promises: every family, half with a bug, few hints; and every trap has its row."""

from __future__ import annotations

from collections import defaultdict

import pytest

from gcmagic import FAIL
from gcmagic.check import check_problem
from gcmagic.discovery import discover
from gcmagic.errors import BindingError

from .namespaces import ROWS
from .rows import Row, disagreeing, run_cells
from .vectors import CASTS

FAMILIES = "TFLSIDVKPO"
# what goes wrong in notebooks, and the rows that hold it
TRAPS = {
    "layers alias the arrays in params": "layers share the arrays",
    "a parameter is a number": "propagate; one feature",
    "integers and float32": "layers share the arrays",
    "np.matrix": "matrices",
    "dropout from np.random": "dropout from the global generator",
    "Python's random and a Generator": "the user's own generator",
    "the generator is reseeded inside": "reseeds the generator",
    "state carried from call to call": "the state of the last call; running average",
    "caches that pop": "caches that pop",
    "gradients accumulated": "accumulated gradients; value objects; a graph of numbers",
    "backward reads globals": "gradients left in globals; global weights",
    "activations in globals": "one function a parameter, all in globals",
    "modes that default differently": "modes that default differently; a mode in a dict",
    "a cost of shape (1, 1)": "reseeds the generator",
    "layers created by forward": "layers made by forward",
    "one example": "one column is all there is",
    "a constant factor": "cost from forward: factor two; W1 by seven; logistic regression: no mean",
    "a wrong shape that broadcasts": "digits: sum over all; function: no axis",
    "regularisation beside plain": "regularised; plain beside regularised",
    "a decoy beside it": "method gradient; cost from forward",
    "an optimiser inside backward": "momentum after training; Adam with a step counter",
    "updated before it is used": "a dict of the object: updated before it is used",
    "mini-batches drawn in a function": "mini-batches; dict in a loop",
    "BPTT without carry": "sums over time: no carry; recurrent over globals: no carry",
    "noise drawn twice": "the user's own generator: noise drawn twice",
    "a loop that updates without names": "updates without a gradient's name",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_has_its_row(trap: str) -> None:
    names = {row.name for row in ROWS}
    parts = {name.rpartition(": ")[2] for name in names}
    for name in TRAPS[trap].split("; "):
        assert name in names | parts


def test_the_table_is_what_it_says() -> None:
    sources: dict[str, set[str]] = defaultdict(set)
    broken: dict[str, set[str]] = defaultdict(set)
    for row in ROWS:
        sources[row.family].add(row.name.partition(": ")[0])
        if row.wrong:
            broken[row.family].add(row.name.partition(": ")[0])
    assert set(sources) == set(FAMILIES)
    for family in FAMILIES:
        assert len(sources[family]) >= 6, family
    assert 2 * sum(map(len, broken.values())) >= sum(map(len, sources.values()))
    alone = [row for row in ROWS if not row.hints]
    assert len(alone) >= 0.9 * len(ROWS)
    assert all(len(row.hints) <= 1 for row in ROWS)


SATURATED = """
def forward(X, W):
    return 1 / (1 + np.exp(-(X @ W)))
def loss(A, y):
    return -np.mean(y * np.log(A + 1e-8) + (1 - y) * np.log(1 - A + 1e-8))
def backward(X, y, A):
    dW = X.T @ (A - y) / len(y)
    return dW
rng = np.random.default_rng(0)
X, y, W = rng.normal(size=(9, 4)), (rng.random(9) > 0.5) * 1.0, 0.1 * rng.normal(size=4)
"""

KINK = """
def forward(x, w):
    return np.maximum(0, x @ w)
def loss(out, y):
    return 0.5 * np.sum((out - y) ** 2)
def backward(x, y, w, out):
    dw = x.T @ ((out - y) * (x @ w > 0))
    return dw
rng = np.random.default_rng(0)
x, y, w = rng.normal(size=(20, 3)), rng.normal(size=20), np.zeros(3)
"""


@pytest.mark.parametrize(("source", "broken"), [
    (SATURATED, ("(A - y) / len(y)", "(A - y)")),
    (KINK, (" * (x @ w > 0)", "")),
])  # fmt: skip
def test_saturated_and_kinked_points(source: str, broken: tuple[str, str]) -> None:
    found = [discover(run_cells([text])) for text in (source, source.replace(*broken))]
    right, wrong = (check_problem(p, init="random", steps=1) for p in found)
    assert right.verdict is not FAIL
    assert wrong.verdict is FAIL


def test_float32_inside_is_no_bug() -> None:
    row = Row("", "K", CASTS, "w b", "model.gradient", "model.loss")
    problem = row.found(row.namespace())
    assert disagreeing(problem, step=0.05) == []
    assert check_problem(problem, init="given", steps=0).verdict is not FAIL


def test_starter_code_is_not_called_right() -> None:
    source = SATURATED.replace("    dW = X.T @ (A - y) / len(y)\n", "    dW = None\n")
    with pytest.raises(BindingError, match="returned None; needed: the gradients"):
        discover(run_cells([source]))
    zeros = SATURATED.replace("X.T @ (A - y) / len(y)", "np.zeros_like(X[0])")
    zeros = zeros.replace("    return -np.mean", "    return 0.0\n    return -np.mean")
    try:
        problem = discover(run_cells([zeros]))
    except BindingError:
        return
    assert not check_problem(problem, steps=0).passed
