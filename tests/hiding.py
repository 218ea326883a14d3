"""Networks with one bug each that their first parameters hide: cells as a notebook has them."""

from __future__ import annotations

START = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.standard_normal((4, 7)); Y = rng.standard_normal((3, 7))
def compute_cost(A2, Y):
    return 0.5 * np.sum((A2 - Y) ** 2) / Y.shape[1]
"""

DENSE = """
def forward_propagation(X, parameters):
    W1, b1, W2, b2 = (parameters[k] for k in ("W1", "b1", "W2", "b2"))
    Z1 = W1 @ X + b1
    A1 = ACTIVATION
    A2 = W2 @ A1 + b2
    return A2, (Z1, A1, A2)

def backward_propagation(X, Y, cache, parameters):
    Z1, A1, A2 = cache
    dZ2 = (A2 - Y) / X.shape[1]
    dZ1 = parameters["W2"].T @ dZ2 * SLOPE
    return {"dW1": dZ1 @ X.T, "db1": np.sum(dZ1, axis=1, keepdims=True)BIAS,
            "dW2": dZ2 @ A1.T, "db2": np.sum(dZ2, axis=1, keepdims=True)}
"""

WEIGHTS = """
parameters = {"W1": SCALE * rng.standard_normal((5, 4)), "b1": SHIFT + np.zeros((5, 1)),
              "W2": SCALE * rng.standard_normal((3, 5)), "b2": np.zeros((3, 1))}
"""

NORM = """
def forward_propagation(X, parameters):
    Z = parameters["W1"] @ X
    N = NORMED
    A = np.tanh(parameters["gamma"] * N)
    A2 = parameters["W2"] @ A
    return A2, (Z, N, A)

def backward_propagation(X, Y, cache, parameters):
    Z, N, A = cache
    dA2 = (parameters["W2"] @ A - Y) / X.shape[1]
    dG = parameters["W2"].T @ dA2 * (1 - A**2)
    dN = dG  # should be gamma * dG
    dZ = BACK
    return {"dW1": dZ @ X.T, "dgamma": np.sum(dG * N, axis=1, keepdims=True), "dW2": dA2 @ A.T}

parameters = {"W1": rng.standard_normal((5, 4)), "gamma": np.ones((5, 1)),
              "W2": rng.standard_normal((3, 5))}
"""

DEEP = """
def forward_propagation(X, parameters):
    A1 = np.tanh(parameters["W1"] @ X)
    AH = np.tanh(parameters["W2"] @ A1)
    A2 = parameters["W3"] @ AH
    return A2, (A1, AH, A2)

def backward_propagation(X, Y, cache, parameters):
    A1, AH, A2 = cache
    dA2 = (A2 - Y) / X.shape[1]
    dZ2 = parameters["W3"].T @ dA2  # the derivative of tanh is missing
    dZ1 = parameters["W2"].T @ dZ2 * (1 - A1**2)
    return {"dW1": dZ1 @ X.T, "dW2": dZ2 @ A1.T, "dW3": dA2 @ AH.T}

parameters = {"W1": rng.standard_normal((5, 4)), "W2": rng.standard_normal((6, 5)),
              "W3": np.zeros((3, 6))}
"""

RECURRENT = """
def forward_propagation(X, parameters):
    h = np.zeros((5, X.shape[1])); states = [h]
    for t in range(4):
        h = np.tanh(parameters["Wx"] @ np.roll(X, t, axis=0) + parameters["Whh"] @ h)
        states.append(h)
    A2 = parameters["Wy"] @ h
    return A2, states

def backward_propagation(X, Y, cache, parameters):
    dA = (parameters["Wy"] @ cache[-1] - Y) / X.shape[1]
    grads = {"dWy": dA @ cache[-1].T, "dWx": 0 * parameters["Wx"], "dWhh": 0 * parameters["Whh"]}
    dh = parameters["Wy"].T @ dA
    for t in reversed(range(4)):
        dZ = dh * (1 - cache[t + 1] ** 2)
        grads["dWx"] = grads["dWx"] + dZ @ np.roll(X, t, axis=0).T
        grads["dWhh"] = grads["dWhh"] + dZ @ cache[t].T
        dh = parameters["Whh"] @ dZ  # should be Whh.T
    return grads

parameters = {"Wx": rng.standard_normal((5, 4)), "Whh": np.eye(5),
              "Wy": rng.standard_normal((3, 5))}
"""

RESIDUAL = """
def forward_propagation(X, parameters):
    H = parameters["W1"] @ X
    B = np.tanh(parameters["W2"] @ H)
    A2 = H + parameters["W3"] @ B
    return A2, (H, B, A2)

def backward_propagation(X, Y, cache, parameters):
    H, B, A2 = cache
    dA = (A2 - Y) / X.shape[1]
    dH = dA  # the way through the branch is missing
    dZ = parameters["W3"].T @ dA * (1 - B**2)
    return {"dW1": dH @ X.T, "dW2": dZ @ H.T, "dW3": dA @ B.T}

parameters = {"W1": rng.standard_normal((3, 4)), "W2": rng.standard_normal((5, 3)),
              "W3": np.zeros((3, 5))}
"""


def _dense(activation: str, slope: str, bias: str = "", scale: str = "1.0", shift: str = "0"):
    code = DENSE.replace("ACTIVATION", activation).replace("SLOPE", slope).replace("BIAS", bias)
    return START + code + WEIGHTS.replace("SCALE", scale).replace("SHIFT", shift)


def _norm(normed: str, back: str) -> str:
    return START + NORM.replace("NORMED", normed).replace("BACK", back)


# name: cell, arrays that are wrong
HIDING = {
    "bias decay with b = 0": (
        _dense("np.tanh(Z1)", "(1 - A1**2)", ' + 0.1 * parameters["b1"]'),
        "b1",
    ),
    "gamma = 1": (_norm("Z", "dN"), "W1"),
    "zero output layer": (START + DEEP, "W1 W2"),
    "identity recurrence": (START + RECURRENT, "Wx Whh"),
    "tiny weights": (_dense("np.tanh(Z1)", "1", scale="1e-5"), "W1 b1"),
    "all units active": (_dense("np.maximum(0, Z1)", "1", shift="50"), "W1 b1"),
    "zero residual branch": (START + RESIDUAL, "W1"),
    "layer-norm gain": (
        _norm(
            "(Z - Z.mean(axis=0)) / Z.std(axis=0)",
            "(dN - dN.mean(axis=0) - N * (dN * N).mean(axis=0)) / Z.std(axis=0)",
        ),
        "W1",
    ),
}
