"""Networks of some 100,000 parameters, features x examples, with backward passes by hand.

What directions find is measured on them; `tests` hold smaller ones. Gradients are those of the
chain rule as courses write it, and the check itself says that they are right.
"""

from __future__ import annotations

import numpy as np

from gcmagic.problem import Problem

Params = dict[str, np.ndarray]
CLASSES = 10


def _initial(rng: np.random.Generator, outputs: int, inputs: int, gain: float = 2.0) -> np.ndarray:
    return rng.standard_normal((outputs, inputs)) * np.sqrt(gain / inputs)


def _bias(rng: np.random.Generator, size: int) -> np.ndarray:
    return 0.1 * rng.standard_normal((size, 1))


def _softmax(scores: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean cross-entropy, and its gradient by the scores."""
    each = np.arange(labels.size)
    scores = scores - scores.max(axis=0)
    e = np.exp(scores)
    total = e.sum(axis=0)
    delta = e / total
    delta[labels, each] -= 1
    return float(np.mean(np.log(total) - scores[labels, each])), delta / labels.size


def dense(activation: str, seed: int, sizes: tuple[int, ...] = (784, 127, CLASSES)) -> Problem:
    """Hidden layers of tanh or relu, 32 examples."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((sizes[0], 32)), rng.integers(0, CLASSES, 32)
    last = len(sizes) - 1
    params = {}
    for k in range(1, last + 1):
        params[f"W{k}"] = _initial(rng, sizes[k], sizes[k - 1])
        params[f"b{k}"] = _bias(rng, sizes[k])

    def forward(p: Params) -> list[np.ndarray]:
        A = [X]
        for k in range(1, last + 1):
            Z = p[f"W{k}"] @ A[-1] + p[f"b{k}"]
            A.append(Z if k == last else np.tanh(Z) if activation == "tanh" else np.maximum(Z, 0))
        return A

    def gradient(p: Params) -> Params:
        A, grads = forward(p), {}
        dZ = _softmax(A[-1], y)[1]
        for k in range(last, 0, -1):
            grads[f"W{k}"], grads[f"b{k}"] = dZ @ A[k - 1].T, dZ.sum(axis=1, keepdims=True)
            slope = 1 - A[k - 1] ** 2 if activation == "tanh" else A[k - 1] > 0
            dZ = (p[f"W{k}"].T @ dZ) * slope
        return grads

    return Problem(lambda p: _softmax(forward(p)[-1], y)[0], gradient, params)


SIDE, KERNEL = 28, 5


def _columns(A: np.ndarray) -> np.ndarray:
    """Windows of 5 x 5 as columns: n c h w -> (c 5 5) x (n H W)."""
    windows = np.lib.stride_tricks.sliding_window_view(A, (KERNEL, KERNEL), axis=(2, 3))
    return windows.transpose(1, 4, 5, 0, 2, 3).reshape(A.shape[1] * KERNEL**2, -1)


def _images(dC: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    n, c, h, w = shape
    H, W = h - KERNEL + 1, w - KERNEL + 1
    d = dC.reshape(c, KERNEL, KERNEL, n, H, W)
    dA = np.zeros(shape)
    for i in range(KERNEL):
        for j in range(KERNEL):
            dA[:, :, i : i + H, j : j + W] += d[:, i, j].transpose(1, 0, 2, 3)
    return dA


def convolution(
    seed: int,
    examples: int = 8,
    side: int = SIDE,
    filters: tuple[int, int] = (16, 32),
    h: int = 160,
) -> Problem:
    """Two layers of 5 x 5, relu and pooling by two, then a hidden layer of relu."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((examples, 1, side, side)), rng.integers(0, CLASSES, examples)
    planes = (1, *filters)
    for _ in filters:
        side = (side - KERNEL + 1) // 2
    params = {}
    for k in (1, 2):
        params[f"K{k}"] = _initial(rng, planes[k], planes[k - 1] * KERNEL**2)
        params[f"c{k}"] = _bias(rng, planes[k])
    params |= {"W3": _initial(rng, h, planes[-1] * side**2), "b3": _bias(rng, h)}
    params |= {"W4": _initial(rng, CLASSES, h), "b4": _bias(rng, CLASSES)}

    def forward(p: Params) -> tuple[list, list, np.ndarray, np.ndarray, np.ndarray]:
        A, layers, shapes = X, [], []
        for k in (1, 2):
            C, out = _columns(A), A.shape[2] - KERNEL + 1
            Z = p[f"K{k}"] @ C + p[f"c{k}"]
            maps = np.maximum(Z, 0).reshape(-1, examples, out, out).transpose(1, 0, 2, 3)
            cells = maps.reshape(examples, planes[k], out // 2, 2, out // 2, 2)
            shapes.append(A.shape)
            A = cells.max(axis=(3, 5))
            layers.append((C, Z, cells == A[:, :, :, None, :, None]))
        flat = A.reshape(examples, -1).T
        hidden = np.maximum(p["W3"] @ flat + p["b3"], 0)
        return layers, shapes, flat, hidden, p["W4"] @ hidden + p["b4"]

    def gradient(p: Params) -> Params:
        layers, shapes, flat, hidden, scores = forward(p)
        dS = _softmax(scores, y)[1]
        dZ = (p["W4"].T @ dS) * (hidden > 0)
        grads = {"W4": dS @ hidden.T, "b4": dS.sum(axis=1, keepdims=True)}
        grads |= {"W3": dZ @ flat.T, "b3": dZ.sum(axis=1, keepdims=True)}
        dA = (p["W3"].T @ dZ).T.reshape(examples, planes[2], side, side)
        for k in (2, 1):
            C, Z, taken = layers[k - 1]
            dmaps = taken * dA[:, :, :, None, :, None]
            out = 2 * dA.shape[2]
            dmaps = dmaps.reshape(examples, planes[k], out, out).transpose(1, 0, 2, 3)
            dZ = dmaps.reshape(planes[k], -1) * (Z > 0)
            grads[f"K{k}"], grads[f"c{k}"] = dZ @ C.T, dZ.sum(axis=1, keepdims=True)
            dA = _images(p[f"K{k}"].T @ dZ, shapes[k - 1])
        return {name: grads[name] for name in p}

    return Problem(lambda p: _softmax(forward(p)[-1], y)[0], gradient, params)


def recurrent(seed: int, inputs: int = 100, h: int = 260) -> Problem:
    """Tanh over ten steps, 16 sequences."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((10, inputs, 16)), rng.integers(0, CLASSES, 16)
    params = {"Wx": _initial(rng, h, inputs, 1.0), "Wh": _initial(rng, h, h, 1.0)}
    params |= {"bh": _bias(rng, h), "Wy": _initial(rng, CLASSES, h), "by": _bias(rng, CLASSES)}

    def forward(p: Params) -> tuple[list[np.ndarray], np.ndarray]:
        H = [np.zeros((h, 16))]
        for x in X:
            H.append(np.tanh(p["Wx"] @ x + p["Wh"] @ H[-1] + p["bh"]))
        return H, p["Wy"] @ H[-1] + p["by"]

    def gradient(p: Params) -> Params:
        H, scores = forward(p)
        dS = _softmax(scores, y)[1]
        grads = {name: np.zeros_like(value) for name, value in p.items()}
        grads["Wy"], grads["by"] = dS @ H[-1].T, dS.sum(axis=1, keepdims=True)
        dH = p["Wy"].T @ dS
        for t in range(len(X), 0, -1):
            dZ = dH * (1 - H[t] ** 2)
            grads["Wx"] += dZ @ X[t - 1].T
            grads["Wh"] += dZ @ H[t - 1].T
            grads["bh"] += dZ.sum(axis=1, keepdims=True)
            dH = p["Wh"].T @ dZ
        return grads

    return Problem(lambda p: _softmax(forward(p)[-1], y)[0], gradient, params)
