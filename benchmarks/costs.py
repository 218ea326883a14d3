"""The networks that speed is measured on, written once for NumPy, torch and JAX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Params = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Case:
    """A network, and a way to write it in another array library."""

    name: str
    cost: Callable[[Params, Any], Any]
    params: Params
    grad: Callable[[Params], Params]  # by hand
    generic: bool = True  # whether `cost` runs on torch and jax as it stands

    def fun(self, params: Params) -> float:
        return self.cost(params, np)


def dense(sizes: tuple[int, ...], examples: int) -> Case:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((sizes[0], examples))
    Y = rng.standard_normal((sizes[-1], examples))
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.standard_normal((sizes[k], sizes[k - 1])) / np.sqrt(sizes[k - 1])
        params[f"b{k}"] = 0.1 * rng.standard_normal((sizes[k], 1))

    def cost(p: Params, xp: Any) -> Any:
        A, T = (X, Y) if xp is np else (xp.asarray(X), xp.asarray(Y))
        for k in range(1, len(sizes)):
            A = xp.tanh(p[f"W{k}"] @ A + p[f"b{k}"])
        return 0.5 * ((A - T) ** 2).sum() / examples

    def grad(p: Params) -> Params:
        activations = [X]
        for k in range(1, len(sizes)):
            activations.append(np.tanh(p[f"W{k}"] @ activations[-1] + p[f"b{k}"]))
        grads = {}
        delta = (activations[-1] - Y) / examples
        for k in range(len(sizes) - 1, 0, -1):
            delta = delta * (1 - activations[k] ** 2)
            grads[f"W{k}"] = delta @ activations[k - 1].T
            grads[f"b{k}"] = delta.sum(axis=1, keepdims=True)
            delta = p[f"W{k}"].T @ delta
        return grads

    return Case(f"{'-'.join(map(str, sizes))} / {examples}", cost, params, grad)


def convolution(examples: int = 8, side: int = 10, filters: int = 8) -> Case:
    rng = np.random.default_rng(0)
    images = rng.standard_normal((examples, 3, side, side))
    labels = rng.integers(0, 10, examples)
    out = side - 2
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(2, 3))
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, 27).copy()
    flat = (out // 2) ** 2 * filters

    def cost(p: Params, xp: Any) -> Any:
        A = columns @ p["K"].reshape(filters, 27).T + p["c"]
        A = xp.maximum(A, 0).reshape(examples, out // 2, 2, out // 2, 2, filters)
        A = A.max(axis=4).max(axis=2).reshape(examples, flat)
        S = A @ p["W"] + p["b"]
        S = S - S.max(axis=1, keepdims=True)
        logs = S - xp.log(xp.exp(S).sum(axis=1, keepdims=True))
        return -logs[np.arange(examples), labels].mean()

    def grad(p: Params) -> Params:
        Z = columns @ p["K"].reshape(filters, 27).T + p["c"]
        cells = np.maximum(Z, 0).reshape(examples, out // 2, 2, out // 2, 2, filters)
        pooled = cells.max(axis=(2, 4), keepdims=True)
        A = pooled.reshape(examples, flat)
        S = A @ p["W"] + p["b"]
        d = np.exp(S - S.max(axis=1, keepdims=True))
        d /= d.sum(axis=1, keepdims=True)
        d[np.arange(examples), labels] -= 1
        d /= examples
        back = (d @ p["W"].T).reshape(pooled.shape)
        dZ = (back * (cells == pooled)).reshape(Z.shape) * (Z > 0)
        return {
            "K": (dZ.T @ columns).reshape(filters, 3, 3, 3),
            "c": dZ.sum(axis=0),
            "W": A.T @ d,
            "b": d.sum(axis=0),
        }

    params = {
        "K": rng.standard_normal((filters, 3, 3, 3)) / 5,
        "c": 0.1 * rng.standard_normal(filters),
        "W": rng.standard_normal((flat, 10)) / np.sqrt(flat),
        "b": 0.1 * rng.standard_normal(10),
    }
    return Case(f"CNN by columns, {side}x{side} / {examples}", cost, params, grad, generic=False)


def loops(examples: int = 2, side: int = 6, filters: int = 4) -> Case:
    """As courses write it first: one window after the other, into an array of zeros."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((examples, side, side, 3))
    labels = rng.standard_normal((examples, 5))
    out = side - 2

    def cost(p: Params, xp: Any) -> Any:
        Z = np.zeros((examples, out, out, filters))
        for i in range(examples):
            for y in range(out):
                for x in range(out):
                    window = images[i, y : y + 3, x : x + 3]
                    for c in range(filters):
                        Z[i, y, x, c] = np.sum(window * p["K"][..., c]) + p["c"][c].item()
        return ((np.tanh(Z).reshape(examples, -1) @ p["W"] - labels) ** 2).sum()

    def grad(p: Params) -> Params:
        windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
        Z = np.einsum("nyxcij,ijcf->nyxf", windows, p["K"]) + p["c"]
        A = np.tanh(Z)
        d = 2 * (A.reshape(examples, -1) @ p["W"] - labels)
        dZ = (d @ p["W"].T).reshape(Z.shape) * (1 - A**2)
        return {
            "K": np.einsum("nyxcij,nyxf->ijcf", windows, dZ),
            "c": dZ.sum(axis=(0, 1, 2)),
            "W": A.reshape(examples, -1).T @ d,
        }

    params = {
        "K": rng.standard_normal((3, 3, 3, filters)) / 5,
        "c": 0.1 * rng.standard_normal(filters),
        "W": rng.standard_normal((out * out * filters, 5)) / 8,
    }
    return Case(f"CNN by loops, {side}x{side} / {examples}", cost, params, grad, generic=False)


def recurrent(steps: int = 10, inputs: int = 10, hidden: int = 30, examples: int = 16) -> Case:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((steps, examples, inputs))
    T = rng.standard_normal((examples, 5))

    def cost(p: Params, xp: Any) -> Any:
        h = np.zeros((examples, hidden))
        for x in X:
            h = xp.tanh(x @ p["Wx"] + h @ p["Wh"] + p["bh"])
        return ((h @ p["Wy"] + p["by"] - T) ** 2).sum() / examples

    def grad(p: Params) -> Params:
        states = [np.zeros((examples, hidden))]
        for x in X:
            states.append(np.tanh(x @ p["Wx"] + states[-1] @ p["Wh"] + p["bh"]))
        d = 2 * (states[-1] @ p["Wy"] + p["by"] - T) / examples
        grads = {name: np.zeros_like(value) for name, value in p.items()}
        grads["Wy"], grads["by"] = states[-1].T @ d, d.sum(axis=0)
        dh = d @ p["Wy"].T
        for t in reversed(range(steps)):
            dz = dh * (1 - states[t + 1] ** 2)
            grads["Wx"] += X[t].T @ dz
            grads["Wh"] += states[t].T @ dz
            grads["bh"] += dz.sum(axis=0)
            dh = dz @ p["Wh"].T
        return grads

    params = {
        "Wx": rng.standard_normal((inputs, hidden)) / np.sqrt(inputs),
        "Wh": rng.standard_normal((hidden, hidden)) / np.sqrt(hidden),
        "bh": 0.1 * rng.standard_normal(hidden),
        "Wy": rng.standard_normal((hidden, 5)) / np.sqrt(hidden),
        "by": 0.1 * rng.standard_normal(5),
    }
    return Case(
        f"RNN {inputs}-{hidden}, {steps} steps / {examples}", cost, params, grad, generic=False
    )


def attention(length: int = 12, width: int = 24, examples: int = 4) -> Case:
    rng = np.random.default_rng(0)
    E = rng.standard_normal((examples, length, width))
    mask = np.tri(length, dtype=bool)

    def cost(p: Params, xp: Any) -> Any:
        Q, K, V = E @ p["Wq"], E @ p["Wk"], E @ p["Wv"]
        S = Q @ xp.swapaxes(K, 1, 2) / np.sqrt(width)
        S = xp.where(mask, S, -1e9)
        S = xp.exp(S - S.max(axis=-1, keepdims=True))
        out = (S / S.sum(axis=-1, keepdims=True)) @ V @ p["Wo"]
        return ((out - E) ** 2).mean()

    def grad(p: Params) -> Params:
        Q, K, V = E @ p["Wq"], E @ p["Wk"], E @ p["Wv"]
        S = np.where(mask, Q @ np.swapaxes(K, 1, 2) / np.sqrt(width), -1e9)
        S = np.exp(S - S.max(axis=-1, keepdims=True))
        S /= S.sum(axis=-1, keepdims=True)
        mixed = S @ V
        d = 2 * (mixed @ p["Wo"] - E) / E.size
        dmixed = d @ p["Wo"].T
        dS = dmixed @ np.swapaxes(V, 1, 2)
        dS = S * (dS - (dS * S).sum(axis=-1, keepdims=True)) / np.sqrt(width)

        def over(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return np.tensordot(a, b, axes=([0, 1], [0, 1]))

        return {
            "Wq": over(E, dS @ K),
            "Wk": over(E, np.swapaxes(dS, 1, 2) @ Q),
            "Wv": over(E, np.swapaxes(S, 1, 2) @ dmixed),
            "Wo": over(mixed, d),
        }

    params = {f"W{k}": rng.standard_normal((width, width)) / np.sqrt(width) for k in "qkvo"}
    return Case(
        f"attention {width}, length {length} / {examples}", cost, params, grad, generic=False
    )


SMALL = (
    lambda: dense((20, 20, 20, 5), 32),
    lambda: dense((64, 100, 10), 32),
    lambda: dense((784, 100, 10), 32),
    convolution,
    loops,
    recurrent,
    attention,
)
LARGE = (lambda: dense((784, 100, 10), 256), lambda: dense((784, 256, 128, 10), 32))
