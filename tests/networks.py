"""Small networks with a backward pass written by hand, and ways to spoil it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import gcmagic as gcm


def network(bug=None, widths=(3, 4, 2), n=8, **options):
    """A tanh network as dicts of W1, b1, ...; `bug` changes the dict of its gradients."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(widths[0], n)), rng.normal(size=(widths[-1], n))
    params = {}
    for k, (a, b) in enumerate(pairwise(widths), 1):
        params[f"W{k}"] = rng.normal(size=(b, a)) / np.sqrt(a)
        params[f"b{k}"] = rng.normal(size=(b, 1)) / 10
    depth = len(widths) - 1

    def forward(p):
        A = [X]
        for k in range(1, depth + 1):
            Z = p[f"W{k}"] @ A[-1] + p[f"b{k}"]
            A.append(np.tanh(Z) if k < depth else Z)
        return A

    def cost(p):
        return float(np.sum((forward(p)[-1] - Y) ** 2) / (2 * n))

    def grad(p):
        A, grads = forward(p), {}
        delta = (A[-1] - Y) / n
        for k in range(depth, 0, -1):
            grads[f"W{k}"] = delta @ A[k - 1].T
            grads[f"b{k}"] = delta.sum(axis=1, keepdims=True)
            delta = (p[f"W{k}"].T @ delta) * (1 - A[k - 1] ** 2)
        if bug:
            bug(grads)
        return grads

    return gcm.check(cost, grad, params, **options)


def double_w2(grads):
    grads["W2"] = 2 * grads["W2"]
