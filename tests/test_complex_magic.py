"""Complex parameters through the magic, as a notebook holds them."""

from __future__ import annotations

import pickle

import pytest
from IPython.utils.capture import capture_output

from tests.shells import shell_of_its_own

DICT = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.standard_normal((3, 6)) + 1j * rng.standard_normal((3, 6))
Y = rng.standard_normal((2, 6))
parameters = {"W1": rng.standard_normal((2, 3)) + 1j * rng.standard_normal((2, 3)),
              "b1": KIND(rng.standard_normal((2, 1)) + 0j)}

def forward_propagation(X, parameters):
    Z = parameters["W1"] @ X + parameters["b1"]
    A = np.abs(Z) ** 2
    return A, (Z, A)

def compute_cost(A, Y):
    return np.sum((A - Y) ** 2) / Y.shape[1]

def backward_propagation(X, Y, cache, parameters):
    Z, A = cache
    dZ = 2 * 2 * (A - Y) / Y.shape[1] * Z
    return {"dW1": dZ @ X.conj().T, "db1": dZ.sum(axis=1, keepdims=True)}
"""
PAIR = """
import numpy as np
theta = np.array([1 + 2j, 0.5 - 1j, 2.0])

def f(theta):
    return np.sum(np.abs(theta) ** 4)

def gradient(theta):
    return 4 * np.abs(theta) ** 2 * theta
"""
LOOSE = """
import numpy as np
rng = np.random.default_rng(0)
X, y = rng.standard_normal((6, 3)), rng.standard_normal(6)
w = rng.standard_normal(3) + 1j * rng.standard_normal(3)

def forward(X, w):
    return X @ w

def loss(out, y):
    return np.mean(np.abs(out - y) ** 2)

def backward(X, y, w):
    return 2 * X.T @ (forward(X, w) - y) / len(y)
"""
ROWS = {
    "dict": (DICT.replace("KIND", ""), "parameters", "W1 b1", ()),
    "complex64 beside": (DICT.replace("KIND", "np.complex64"), "parameters", "W1 b1", ()),
    "dict, conj forgotten": (
        DICT.replace("KIND", "").replace("X.conj().T", "X.T"),
        "parameters",
        "W1 b1",
        ("W1",),
    ),
    "dict, the conjugate": (
        DICT.replace("KIND", "").replace('{"dW1": dZ @ X.conj().T', '{"dW1": dZ.conj() @ X.T'),
        "parameters",
        "W1 b1",
        ("W1",),
    ),
    "pair": (PAIR, "theta", "theta", ()),
    "pair, a factor": (PAIR.replace("return 4 *", "return 2 *"), "theta", "theta", ("theta",)),
    "loose": (LOOSE, "w", "w", ()),
}


@pytest.mark.parametrize("options", ["", " --init given --steps 0"])
@pytest.mark.parametrize("row", ROWS)
def test_complex_parameters_are_found_checked_in_parts_and_left_alone(row, options):
    cell, kept, names, wrong = ROWS[row]
    with shell_of_its_own() as shell, capture_output() as captured:
        shell.run_cell(cell)
        before = pickle.dumps(shell.user_ns[kept])
        named = " f gradient" if kept == "theta" else ""
        report = shell.run_cell(f"%gradcheck{named} --static{options}").result
        assert pickle.dumps(shell.user_ns[kept]) == before
    assert report is not None, captured.stdout
    assert report.wrong == wrong, report
    assert report.passed == (not wrong)
    (note,) = [n for n in report.problem.notes if n.startswith("complex")]
    assert f"[..., 1]: {names};" in note
    assert report.phases[0].blocks[0].shape[-1] == 2
    codes = {f.code for f in report.findings}
    assert ("conjugate" in codes) == (row == "dict, the conjugate")
