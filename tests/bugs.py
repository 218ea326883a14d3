"""A bug for every code of the diagnosis: a right network, and what is done to its gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gcmagic.problem import Problem

X = np.random.default_rng(0).standard_normal((8, 4))
Y = np.random.default_rng(1).standard_normal((8, 3))
LAM = 0.3


def network(spoil=None, data=1.0, lam=0.0):
    """Tanh, 4-5-5-3, mean squared error over 8 examples, L2; `spoil` changes its gradients.

    `data` is a factor on the part of the gradient that is not the regulariser's.
    """
    rng = np.random.default_rng(2)
    params = {}
    for k, (a, b) in enumerate(((4, 5), (5, 5), (5, 3)), 1):
        params[f"W{k}"] = rng.standard_normal((a, b)) / 2
        params[f"b{k}"] = rng.standard_normal(b) / 5

    def forward(p):
        A = [X]
        for k in (1, 2, 3):
            Z = A[-1] @ p[f"W{k}"] + p[f"b{k}"]
            A.append(np.tanh(Z) if k < 3 else Z)
        return A

    def cost(p):
        decay = lam / 2 * sum(np.sum(p[f"W{k}"] ** 2) for k in (1, 2, 3))
        return float(np.sum((forward(p)[-1] - Y) ** 2) / (2 * len(X))) + decay

    def grad(p):
        A, grads = forward(p), {}
        delta = data * (A[-1] - Y) / len(X)
        for k in (3, 2, 1):
            grads[f"W{k}"] = A[k - 1].T @ delta + lam * p[f"W{k}"]
            grads[f"b{k}"] = delta.sum(axis=0)
            delta = (delta @ p[f"W{k}"].T) * (1 - A[k - 1] ** 2)
        if spoil is not None:
            spoil(grads, p)
        return grads

    return Problem(cost, grad, params, roots=({"X": X, "Y": Y, "lam": lam or LAM},))


def buried(factor):
    """A gradient times `factor` under a cost that is large beside its slopes."""
    data = np.linspace(-1, 1, 120).reshape(6, 20)

    def cost(w):
        return 1e8 + np.sum(np.tanh(data @ w) ** 2)

    def grad(w):
        Z = np.tanh(data @ w)
        return factor * data.T @ (2 * Z * (1 - Z**2))

    return Problem(cost, grad, np.linspace(-0.3, 0.4, 20))


def scaled(factor, *names):
    def spoil(g, _):
        for name in names:
            g[name] = factor * g[name]

    return spoil


def becomes(name, change):
    def spoil(g, p):
        g[name] = change(g[name], p[name])

    return spoil


def exchanged(g, _):
    g["b1"], g["b2"] = g["b2"], g["b1"]


def first_row_doubled(g, _):
    g["W1"][0] *= 2


def derivative_lost(g, p):
    for name in ("W1", "b1"):
        g[name] = g[name] * np.linspace(1.1, 2, g[name].size).reshape(g[name].shape)


def uneven(*names):
    def spoil(g, p):
        for name in names:
            g[name] = g[name] + np.sin(p[name] * 7) + 0.2

    return spoil


def kept(name):
    first = {}

    def spoil(g, _):
        g[name] = first.setdefault(name, 1.5 * g[name])

    return spoil


def rounded(name):
    """A network whose cost rounds one array."""
    whole = network()
    return replace(whole, fun=lambda p: whole.fun({**p, name: np.round(p[name])}))


ALL = ("W1", "b1", "W2", "b2", "W3", "b3")
# code: (what is wrong, the problem, the arrays of the finding, words of its first sentence)
BUGS = {
    "zero-gradient": (
        ("zero", network(becomes("W2", lambda g, w: 0 * g)), "W2", "zero although the cost moves"),
    ),
    "cost-does-not-move": (("rounded", rounded("b3"), "b3", "the cost does not change with it"),),
    "swapped": (
        ("exchanged in return", network(exchanged), "b1 b2", "exchanged"),
        ("dW of another", network(lambda g, _: g.update(b1=g["b2"])), "b1", "that of b2"),
    ),
    "transposed": (("square .T", network(becomes("W2", lambda g, w: g.T)), "W2", "transposed"),),
    "order": (
        ("flipped", network(becomes("W1", lambda g, w: g[::-1])), "W1", "flipped along axis 0"),
        ("rolled", network(becomes("W3", lambda g, w: np.roll(g, 1, 0))), "W3", "rolled by 1"),
        (
            "reshaped",
            network(becomes("W1", lambda g, w: g.T.reshape(g.shape))),
            "W1",
            "reshaped in the other order",
        ),
        (
            "shuffled",
            network(becomes("W3", lambda g, w: g[[2, 0, 4, 1, 3]])),
            "W3",
            "the wrong order",
        ),
    ),
    "constant-factor": (
        ("no 1/N", network(data=8.0), " ".join(ALL), "8 times what it should be (8 = X.shape[0]"),
        ("1/N twice", network(scaled(1 / 8, "W1")), "W1", "1/8 = 1 / X.shape[0]"),
        ("2", network(scaled(2, "W3", "b3")), "W3 b3", "2 times what it should be"),
        ("width", network(scaled(5, "b2")), "b2", "5 = W1.shape[1]"),
        ("data only", network(data=8.0, lam=LAM), " ".join(ALL), "without the regulariser"),
        ("few numbers", network(scaled(1 / 8, "b3")), "b3", "perhaps 1/8 times"),
    ),
    "sign": (("flipped", network(scaled(-1, "W1")), "W1", "the sign is flipped"),),
    "shape": (
        (
            "a number for five",
            network(becomes("b1", lambda g, b: g.sum())),
            "b1",
            "b1: the gradient has shape (), b1 has (5,)",
        ),
        (
            "one for five, scaled",
            network(becomes("b2", lambda g, b: g.sum(keepdims=True) / 8)),
            "b2",
            "b2: the gradient has shape (1,), b2 has (5,)",
        ),
    ),
    "scalar-broadcast": (
        (
            "all axes",
            network(becomes("b1", lambda g, b: np.full(5, g.sum()))),
            "b1",
            "the same number in all components",
        ),
    ),
    "wrong-axis": (
        (
            "columns summed",
            network(becomes("W1", lambda g, w: 0 * g + g.sum(axis=0))),
            "W1",
            "summed over axis 0",
        ),
    ),
    "regulariser": (
        (
            "missing",
            network(becomes("W1", lambda g, w: g - LAM * w), lam=LAM),
            "W1",
            "lacks 0.3 (lam) x W1",
        ),
        ("twice", network(becomes("W2", lambda g, w: g + LAM * w), lam=LAM), "W2", "too much"),
    ),
    "regularised-bias": (
        (
            "bias",
            network(becomes("b2", lambda g, b: g + LAM * b)),
            "b2",
            "the bias is regularised",
        ),
    ),
    "clipped": (
        ("clip", network(becomes("W3", lambda g, w: np.clip(g, -0.1, 0.1))), "W3", "at 0.1"),
    ),
    "stale": (("kept", network(kept("W2")), "W2", "does not change when the parameters do"),),
    "enters-at-layer": (
        (
            "delta",
            network(derivative_lost),
            "W1 b1",
            "dW2, db2 are right, dW1, db1 are wrong: the error enters at layer 1, look at dZ1",
        ),
    ),
    "some-components": (("row", network(first_row_doubled), "W1", "all in row 0"),),
    "shared-error": (("two of six", network(uneven("W1", "W2")), "W1 W2", "dW1, dW2 are wrong"),),
    "every-array": (("all", network(uneven(*ALL)), " ".join(ALL), "every gradient is wrong"),),
    "wrong": (("one", network(uneven("W2")), "W2", "by no constant factor"),),
    "along-gradient": (("x 1.0001 under 1e8", buried(1.0001), "theta", "along its own"),),
}
