"""Right networks with their gradients by hand, in the layouts that courses use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gcmagic.problem import Problem

Params = dict[str, np.ndarray]


def tanh_network(sizes=(6, 5, 4, 3), examples=8, seed=0, offset=0.0, scale=1.0) -> Problem:
    """Tanh layers and a squared error, features x examples."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((sizes[0], examples))
    Y = rng.standard_normal((sizes[-1], examples))
    depth = len(sizes) - 1

    def forward(p: Params) -> list[np.ndarray]:
        activations = [X]
        for k in range(1, depth + 1):
            activations.append(np.tanh(p[f"W{k}"] @ activations[-1] + p[f"b{k}"]))
        return activations

    def cost(p: Params) -> float:
        return scale * 0.5 * np.sum((forward(p)[-1] - Y) ** 2) / examples + offset

    def gradient(p: Params) -> Params:
        A = forward(p)
        dA = scale * (A[-1] - Y) / examples
        grads = {}
        for k in range(depth, 0, -1):
            dZ = dA * (1 - A[k] ** 2)
            grads[f"W{k}"] = dZ @ A[k - 1].T
            grads[f"b{k}"] = dZ.sum(axis=1, keepdims=True)
            dA = p[f"W{k}"].T @ dZ
        return grads

    return Problem(cost, gradient, _params(sizes, rng))


def relu_network(sizes=(20, 5, 3, 1), examples=16, seed=0) -> Problem:
    """Relu, relu, sigmoid and cross-entropy, with biases at zero as courses initialise them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((sizes[0], examples))
    Y = (rng.random((sizes[-1], examples)) > 0.5).astype(float)

    def forward(p: Params) -> tuple[np.ndarray, ...]:
        Z1 = p["W1"] @ X + p["b1"]
        A1 = np.maximum(0, Z1)
        Z2 = p["W2"] @ A1 + p["b2"]
        A2 = np.maximum(0, Z2)
        A3 = 1 / (1 + np.exp(-(p["W3"] @ A2 + p["b3"])))
        return Z1, A1, Z2, A2, A3

    def cost(p: Params) -> float:
        A3 = forward(p)[-1]
        return -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / examples

    def gradient(p: Params) -> Params:
        Z1, A1, Z2, A2, A3 = forward(p)
        dZ3 = (A3 - Y) / examples
        dZ2 = (p["W3"].T @ dZ3) * (Z2 > 0)
        dZ1 = (p["W2"].T @ dZ2) * (Z1 > 0)
        return {
            "W1": dZ1 @ X.T,
            "b1": dZ1.sum(axis=1, keepdims=True),
            "W2": dZ2 @ A1.T,
            "b2": dZ2.sum(axis=1, keepdims=True),
            "W3": dZ3 @ A2.T,
            "b3": dZ3.sum(axis=1, keepdims=True),
        }

    return Problem(cost, gradient, _params(sizes, rng))


def softmax_regression(features=5, classes=4, examples=12, reg=0.1, seed=0) -> Problem:
    """Examples x features, weights and biases nested in a list, with an L2 term."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((examples, features))
    y = rng.integers(0, classes, examples)

    def probabilities(W: np.ndarray, b: np.ndarray) -> np.ndarray:
        scores = X @ W + b
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def cost(params: list[Any]) -> float:
        W, b = params
        p = probabilities(W, b)
        return -np.log(p[np.arange(examples), y]).mean() + 0.5 * reg * np.sum(W * W)

    def gradient(params: list[Any]) -> list[Any]:
        W, b = params
        p = probabilities(W, b)
        p[np.arange(examples), y] -= 1
        return [X.T @ p / examples + reg * W, p.mean(axis=0)]

    return Problem(
        cost, gradient, [0.3 * rng.standard_normal((features, classes)), np.zeros(classes)]
    )


def _params(sizes: tuple[int, ...], rng: np.random.Generator) -> Params:
    params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = rng.standard_normal((sizes[k], sizes[k - 1])) / np.sqrt(sizes[k - 1])
        params[f"b{k}"] = np.zeros((sizes[k], 1))
    return params


RIGHT: dict[str, Callable[[int], Problem]] = {
    "tanh": lambda seed: tanh_network(seed=seed),
    "relu": lambda seed: relu_network(seed=seed),
    "softmax": lambda seed: softmax_regression(seed=seed),
}


def with_bug(problem: Problem, **bugs: Callable[[np.ndarray], np.ndarray]) -> Problem:
    """The same problem with some arrays of its gradient replaced: ``W2=lambda g: 2 * g``."""

    def gradient(p: Params) -> Params:
        grads = dict(problem.grad(p))
        for name, bug in bugs.items():
            grads[name] = bug(grads[name])
        return grads

    return Problem(problem.fun, gradient, problem.params)
