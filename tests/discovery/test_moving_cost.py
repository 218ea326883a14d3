"""A cost that does not move with the parameters is the cost of something else."""

import linecache

import numpy as np
import pytest

from gcmagic import BindingError
from gcmagic.discovery import discover

BACKWARD = """
def forward(X, p):
    A = np.tanh(p["W"] @ X)
    cache = (X, A)
    return A, cache

def backward(p, cache, Y):
    X, A = cache
    return {"dW": ((A - Y) * (1 - A**2)) @ X.T}
"""
COST = """
def compute_cost(A, Y):
    return 0.5 * np.sum((A - Y) ** 2)
"""
BY_HAND = """
def cost_with(value):
    nudged = {"W": p["W"].copy()}
    nudged["W"][0, 0] = value
    A, _ = forward(X, nudged)
    return 0.5 * np.sum((A - Y) ** 2)
"""
CELL = "numeric = (cost_with(centre + epsilon) - cost_with(centre - epsilon)) / (2 * epsilon)"


def notebook(name, source):
    rng = np.random.default_rng(0)
    space = {
        "np": np,
        "X": rng.standard_normal((3, 5)),
        "Y": rng.standard_normal((2, 5)),
        "p": {"W": rng.standard_normal((2, 3))},
        "epsilon": 1e-5,
        "centre": 0.2,
    }
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec"), space)
    return {k: v for k, v in space.items() if not k.startswith("__")}


def test_a_nudge_by_hand_in_an_earlier_cell_is_not_taken_for_the_cost():
    source = BACKWARD + COST + BY_HAND
    cells = [source, "A, cache = forward(X, p)\ngrads = backward(p, cache, Y)", CELL]
    problem = discover(notebook("<moving 1>", source), cells=cells)
    assert "compute_cost(A, Y)" in problem.how


def test_with_no_other_cost_it_is_refused():
    source = BACKWARD + BY_HAND
    cells = [source, "A, cache = forward(X, p)\ngrads = backward(p, cache, Y)", CELL]
    with pytest.raises(BindingError, match="cost"):
        discover(notebook("<moving 2>", source), cells=cells)
