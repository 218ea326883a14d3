"""Costs as courses write them, with the parameters that they take: what has to run in batches."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

RNG = np.random.default_rng(7)
N = 6  # examples
X = RNG.standard_normal((N, 5))
LABELS = RNG.integers(0, 3, N)
Y = np.eye(3)[LABELS]


def init(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape) / np.sqrt(shape[0])


def relu(z):
    return np.maximum(0, z)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z, axis):
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def rows_mlp(activation):
    def cost(p):
        A = activation(X @ p["W1"] + p["b1"])
        A = activation(A.dot(p["W2"]) + p["b2"])
        return -np.mean(np.log(softmax(A @ p["W3"] + p["b3"], 1)[np.arange(N), LABELS]))

    return cost, {
        **{"W1": init(5, 7), "b1": init(7), "W2": init(7, 6), "b2": init(1, 6)},
        **{"W3": init(6, 3), "b3": init(3)},
    }


def columns_mlp(activation):
    def cost(p):
        A1 = activation(np.dot(p["W1"], X.T) + p["b1"])
        A2 = sigmoid(np.dot(p["W2"], A1) + p["b2"])
        logs = np.multiply(np.log(A2), Y.T) + np.multiply(np.log(1 - A2), 1 - Y.T)
        J = -np.sum(logs) / N + 0.05 * (np.sum(np.square(p["W1"])) + np.linalg.norm(p["W2"]) ** 2)
        J = np.squeeze(J)
        assert J.shape == ()
        return float(J)

    return cost, {"W1": init(7, 5), "b1": init(7, 1), "W2": init(3, 7), "b2": init(3, 1)}


def lists():
    def cost(layers):
        A = X
        for W, b in layers:
            A = np.tanh(A @ W + b)
        return 0.5 * ((A - Y) ** 2).sum(axis=1).mean()

    return cost, [[init(5, 8), init(8)], (init(8, 3), init(3))]


def unrolled():
    def cost(theta):
        W1 = theta[:35].reshape(7, 5)
        b1, W2 = theta[35:42], theta[42:63].reshape((3, 7))
        A = sigmoid(X @ W1.T + b1)
        J = 0
        for k in range(3):
            out = sigmoid(A @ W2[k])
            J += np.sum(-Y[:, k] * np.log(out) - (1 - Y[:, k]) * np.log(1 - out)) / N
        return J + 0.1 * (theta[:35] ** 2).sum()

    return cost, init(63)


def padded_bias():
    ones = np.ones((N, 1))

    def cost(p):
        A = np.hstack((ones, X)) @ p["Theta1"].T
        A = np.concatenate([ones, np.tanh(A)], axis=1) @ p["Theta2"].T
        reg = np.sum(p["Theta1"][:, 1:] ** 2) + np.sum(p["Theta2"][:, 1:] ** 2)
        return np.sum(np.abs(A - Y) ** 3) / N + 0.1 * reg

    return cost, {"Theta1": init(8, 6), "Theta2": init(3, 9)}


def batch_norm():
    def cost(p):
        Z = X @ p["W1"]
        mu, var = Z.mean(axis=0), Z.var(axis=0)
        Z = p["gamma"] * (Z - mu) / np.sqrt(var + 1e-5) + p["beta"]
        A = Z * (Z > 0)
        S = A @ p["W2"]
        S -= S.max(axis=1, keepdims=True)
        logs = S - np.log(np.exp(S).sum(axis=1, keepdims=True))
        return -logs[range(N), LABELS].sum() / N

    return cost, {"W1": init(5, 40), "gamma": 1 + init(40), "beta": init(40), "W2": init(40, 3)}


IMAGES = RNG.standard_normal((4, 2, 6, 6))
CLASSES = RNG.integers(0, 3, 4)


def im2col(x, size, pad):
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    _, c, h, _ = x.shape
    i0 = np.tile(np.repeat(np.arange(size), size), c)
    j0 = np.tile(np.arange(size), size * c)
    out = h - size + 1
    i = i0[:, None] + np.repeat(np.arange(out), out)[None]
    j = j0[:, None] + np.tile(np.arange(out), out)[None]
    k = np.repeat(np.arange(c), size * size)[:, None]
    return x[:, k, i, j].transpose(1, 2, 0).reshape(c * size * size, -1)


def convolution():
    def layer(x, W, b):
        cols = im2col(x, 3, 1)
        out = W.reshape(W.shape[0], -1) @ cols + b.reshape(-1, 1)
        return out.reshape(W.shape[0], x.shape[2], x.shape[3], x.shape[0]).transpose(3, 0, 1, 2)

    def pool(x):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=3).max(axis=4)

    def cost(p):
        A = pool(relu(layer(IMAGES, p["K1"], p["c1"])))
        A = relu(layer(A, p["K2"], p["c2"]))
        scores = A.reshape(A.shape[0], -1) @ p["W"] + p["b"]
        return -np.log(softmax(scores, 1)[np.arange(4), CLASSES]).mean()

    return cost, {
        **{"K1": init(3, 2, 3, 3), "c1": init(3), "K2": init(4, 3, 3, 3), "c2": init(4)},
        **{"W": init(36, 3), "b": init(3)},
    }


STEPS = RNG.standard_normal((10, 4, 3))


def recurrent():
    def cost(p):
        h = np.zeros((4, 7))
        J = 0.0
        for x in STEPS:
            h = np.tanh(np.dot(x, p["Wx"]) + np.dot(h, p["Wh"]) + p["bh"])
            J += np.sum((h @ p["Wy"] + p["by"] - 1) ** 2)
        return J / 40

    return cost, {
        **{"Wx": init(3, 7), "Wh": init(7, 7), "bh": init(7), "Wy": init(7, 2), "by": init(2)},
    }


def character_rnn():
    """One-hot columns, a dict of states, losses added up: Karpathy's."""
    inputs, targets = [0, 3, 1, 2, 2], [3, 1, 2, 2, 0]

    def cost(p):
        hs, loss = {-1: np.zeros((8, 1))}, 0
        for t in range(5):
            x = np.zeros((4, 1))
            x[inputs[t]] = 1
            hs[t] = np.tanh(np.dot(p["Wxh"], x) + np.dot(p["Whh"], hs[t - 1]) + p["bh"])
            y = np.dot(p["Why"], hs[t]) + p["by"]
            probs = np.exp(y) / np.sum(np.exp(y))
            loss += -np.log(probs[targets[t], 0])
        return loss

    return cost, {
        **{"Wxh": init(8, 4), "Whh": init(8, 8), "Why": init(4, 8)},
        **{"bh": init(8, 1), "by": init(4, 1)},
    }


def lstm():
    def cost(p):
        h, c = np.zeros((4, 5)), np.zeros((4, 5))
        states = []
        for x in STEPS[:4]:
            z = np.concatenate((x, h), axis=1) @ p["W"] + p["b"]
            i, f, o, g = np.split(z, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            states.append(h)
        return np.mean(np.stack(states, axis=1) ** 2)

    return cost, {"W": init(8, 20), "b": init(20)}


TOKENS = RNG.integers(0, 9, (3, 4))


def attention():
    def cost(p):
        E = p["E"][TOKENS]
        B, T, D = E.shape

        def heads(W):
            return (E @ W).reshape(B, T, 2, D // 2).transpose(0, 2, 1, 3)

        Q, K, V = heads(p["Wq"]), heads(p["Wk"]), heads(p["Wv"])
        scores = Q @ K.swapaxes(-1, -2) / np.sqrt(D // 2)
        scores = np.where(np.tri(T, dtype=bool), scores, -1e9)
        out = softmax(scores, -1) @ V
        out = out.transpose(0, 2, 1, 3).reshape(B, T, D)
        out = E + np.einsum("btd,de->bte", out, p["Wo"])
        mean = out.mean(axis=-1, keepdims=True)
        out = (out - mean) / np.sqrt(((out - mean) ** 2).mean(axis=-1, keepdims=True) + 1e-5)
        return np.mean(np.log(np.exp(out).sum(-1)) - out[..., 0])

    return cost, {"E": init(9, 6), **{name: init(6, 6) for name in ("Wq", "Wk", "Wv", "Wo")}}


def written_into():
    """Arrays that are made like another, and filled."""

    def cost(p):
        H = np.zeros_like(X @ p["W"])
        for k in range(N):
            H[k] = np.tanh(X[k] @ p["W"])
        H[H < -0.5] *= 0.1
        H[:, 0] += 1.0
        return (H**2).sum()

    return cost, {"W": init(5, 9)}


def objects():
    def cost(p):
        net = SimpleNamespace(layers=[SimpleNamespace(W=p["W1"]), SimpleNamespace(W=p["W2"])])
        A = X
        for layer in net.layers:
            layer.X = A
            A = np.tanh(A @ layer.W)
            layer.shape = A.shape
        return np.sum((A - Y) ** 2).item()

    return cost, {"W1": init(5, 9), "W2": init(9, 3)}


def layer_norm_and_clip():
    def cost(p):
        Z = np.clip(X @ p["W"] + p["b"], -1.5, 1.5)
        Z = (Z - Z.mean(1, keepdims=True)) / (Z.std(1, keepdims=True) + 1e-8)
        return np.log1p(np.exp(-np.abs(Z))).sum() + np.linalg.norm(p["W"], axis=1).sum()

    return cost, {"W": init(5, 9), "b": init(9)}


NETWORKS = {
    "rows, relu": lambda: rows_mlp(relu),
    "rows, tanh": lambda: rows_mlp(np.tanh),
    "rows, sigmoid": lambda: rows_mlp(sigmoid),
    "rows, leaky": lambda: rows_mlp(lambda z: np.where(z > 0, z, 0.01 * z)),
    "columns, relu": lambda: columns_mlp(relu),
    "columns, tanh": lambda: columns_mlp(np.tanh),
    "lists": lists,
    "unrolled vector": unrolled,
    "bias as a column": padded_bias,
    "batch norm": batch_norm,
    "convolution": convolution,
    "recurrent": recurrent,
    "character rnn": character_rnn,
    "lstm": lstm,
    "attention": attention,
    "written into": written_into,
    "objects": objects,
    "layer norm, clip": layer_norm_and_clip,
}
