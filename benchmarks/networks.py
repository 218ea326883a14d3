"""Random networks of eight families, with gradients by automatic differentiation.

The costs are written against a module `np` that is handed in: NumPy for the cost, autograd's
wrapper for its gradient. So the gradient is right by construction, and no one's backward pass is
trusted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as onp
from autograd import grad as autograd_grad

Params = dict[str, onp.ndarray]
Cost = Callable[[Params, Any], Any]


@dataclass(frozen=True, slots=True)
class Network:
    """A cost over parameters, with a name for the table."""

    family: str
    cost: Cost
    params: Params

    def fun(self, params: Params) -> float:
        return float(self.cost(params, onp))

    def grad(self, params: Params) -> Params:
        return autograd_grad(lambda p: self.cost(p, anp))(params)


def activation(name: str, z: Any, np: Any) -> Any:
    """Written as courses do: where(z > 0) has the slope 0 at 0."""
    if name == "tanh":
        return np.tanh(z)
    if name == "sigmoid":
        return 1 / (1 + np.exp(-z))
    if name == "relu":
        return np.where(z > 0, z, 0.0)
    return np.where(z > 0, z, 0.01 * z)  # leaky relu


def softmax_loss(scores: Any, labels: Any, np: Any) -> Any:
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(logs[onp.arange(labels.size), labels])


def _dense(rng: onp.random.Generator, inputs: int, outputs: int) -> onp.ndarray:
    return rng.standard_normal((inputs, outputs)) * onp.sqrt(2 / inputs)


def mlp(rng: onp.random.Generator) -> Network:
    sizes = [int(n) for n in rng.integers(3, 9, int(rng.integers(3, 5)))]
    n = int(rng.integers(4, 17))
    X = rng.standard_normal((n, sizes[0]))
    y = rng.integers(0, sizes[-1], n)
    target = rng.standard_normal((n, sizes[-1]))
    act = str(rng.choice(["tanh", "sigmoid", "relu", "leaky"]))
    reg = float(rng.choice([0.0, 0.01, 0.5]))
    squared = bool(rng.random() < 0.4)
    params: Params = {}
    for k in range(1, len(sizes)):
        params[f"W{k}"] = _dense(rng, sizes[k - 1], sizes[k])
        params[f"b{k}"] = 0.1 * rng.standard_normal(sizes[k])

    def cost(p: Params, np: Any) -> Any:
        A = X
        for k in range(1, len(sizes)):
            A = A @ p[f"W{k}"] + p[f"b{k}"]
            A = activation(act, A, np) if k < len(sizes) - 1 else A
        loss = np.mean((A - target) ** 2) if squared else softmax_loss(A, y, np)
        return loss + 0.5 * reg * sum(np.sum(p[f"W{k}"] ** 2) for k in range(1, len(sizes)))

    return Network("mlp", cost, params)


def logistic(rng: onp.random.Generator) -> Network:
    n, d = int(rng.integers(4, 20)), int(rng.integers(2, 12))
    X, y = rng.standard_normal((n, d)), (rng.random(n) > 0.5) * 1.0

    def cost(p: Params, np: Any) -> Any:
        a = 1 / (1 + np.exp(-(X @ p["w"] + p["b"])))
        return -np.mean(y * np.log(a + 1e-12) + (1 - y) * np.log(1 - a + 1e-12))

    return Network("logistic", cost, {"w": rng.standard_normal(d), "b": rng.standard_normal(1)})


def batch_norm(rng: onp.random.Generator) -> Network:
    n, d, h, c = (int(k) for k in rng.integers([6, 3, 4, 2], [16, 8, 9, 5]))
    X, y = rng.standard_normal((n, d)), rng.integers(0, c, n)
    act = str(rng.choice(["tanh", "relu"]))

    def cost(p: Params, np: Any) -> Any:
        Z = X @ p["W1"]
        Z = (Z - np.mean(Z, axis=0)) / np.sqrt(np.var(Z, axis=0) + 1e-5)
        A = activation(act, p["gamma"] * Z + p["beta"], np)
        return softmax_loss(A @ p["W2"] + p["b2"], y, np)

    params = {
        "W1": _dense(rng, d, h),
        "gamma": 1 + 0.1 * rng.standard_normal(h),
        "beta": 0.1 * rng.standard_normal(h),
        "W2": _dense(rng, h, c),
        "b2": 0.1 * rng.standard_normal(c),
    }
    return Network("batch norm", cost, params)


def recurrent(rng: onp.random.Generator) -> Network:
    n, d, h, steps = (int(k) for k in rng.integers([2, 2, 3, 3], [6, 6, 7, 8]))
    X, target = rng.standard_normal((steps, n, d)), rng.standard_normal((n, 2))

    def cost(p: Params, np: Any) -> Any:
        hidden = onp.zeros((n, h))
        for t in range(steps):
            hidden = np.tanh(X[t] @ p["Wx"] + hidden @ p["Wh"] + p["bh"])
        return np.sum((hidden @ p["Wy"] + p["by"] - target) ** 2) / (2 * n)

    params = {
        "Wx": _dense(rng, d, h),
        "Wh": _dense(rng, h, h) / 2,
        "bh": 0.1 * rng.standard_normal(h),
        "Wy": _dense(rng, h, 2),
        "by": 0.1 * rng.standard_normal(2),
    }
    return Network("recurrent", cost, params)


def convolution(rng: onp.random.Generator) -> Network:
    n, length, width, filters = (int(k) for k in rng.integers([3, 8, 2, 2], [8, 14, 5, 5]))
    places = length - width + 1
    places -= places % 2
    X = rng.standard_normal((n, length))
    windows = onp.stack([X[:, k : k + width] for k in range(places)], axis=1)
    y = rng.integers(0, 3, n)

    def cost(p: Params, np: Any) -> Any:
        A = activation("relu", windows @ p["K"] + p["bK"], np)
        pairs = np.reshape(A, (n, places // 2, 2, filters))
        pooled = np.max(pairs, axis=2)
        return softmax_loss(np.reshape(pooled, (n, -1)) @ p["W"] + p["b"], y, np)

    params = {
        "K": _dense(rng, width, filters),
        "bK": 0.1 * rng.standard_normal(filters),
        "W": _dense(rng, places // 2 * filters, 3),
        "b": 0.1 * rng.standard_normal(3),
    }
    return Network("convolution", cost, params)


def auto_encoder(rng: onp.random.Generator) -> Network:
    n, d, h = (int(k) for k in rng.integers([4, 5, 2], [12, 12, 5]))
    X = rng.standard_normal((n, d))
    act = str(rng.choice(["tanh", "sigmoid", "leaky"]))

    def cost(p: Params, np: Any) -> Any:
        code = activation(act, X @ p["W"] + p["b"], np)
        return 0.5 * np.sum((code @ p["W"].T + p["c"] - X) ** 2) / n

    params = {"W": _dense(rng, d, h), "b": 0.1 * rng.standard_normal(h), "c": onp.zeros(d) + 0.1}
    return Network("auto-encoder", cost, params)


def attention(rng: onp.random.Generator) -> Network:
    steps, d, h = (int(k) for k in rng.integers([3, 3, 2], [7, 7, 5]))
    X, target = rng.standard_normal((steps, d)), rng.standard_normal((steps, h))

    def cost(p: Params, np: Any) -> Any:
        scores = (X @ p["Wq"]) @ (X @ p["Wk"]).T / onp.sqrt(h)
        e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        weights = e / np.sum(e, axis=1, keepdims=True)
        return np.mean((weights @ (X @ p["Wv"]) - target) ** 2)

    return Network("attention", cost, {k: _dense(rng, d, h) for k in ("Wq", "Wk", "Wv")})


def factorisation(rng: onp.random.Generator) -> Network:
    n, m, k = (int(x) for x in rng.integers([4, 4, 2], [9, 9, 4]))
    R = rng.standard_normal((n, m))
    seen = rng.random((n, m)) < 0.7

    def cost(p: Params, np: Any) -> Any:
        off = (p["U"] @ p["V"].T + p["mu"] - R) * seen
        return np.sum(off**2) / 2 + 0.05 * (np.sum(p["U"] ** 2) + np.sum(p["V"] ** 2))

    params = {
        "U": rng.standard_normal((n, k)),
        "V": rng.standard_normal((m, k)),
        "mu": rng.standard_normal(1),
    }
    return Network("factorisation", cost, params)


FAMILIES = (
    mlp,
    logistic,
    batch_norm,
    recurrent,
    convolution,
    auto_encoder,
    attention,
    factorisation,
)


def _scaled(network: Network, factor: float) -> Params:
    return {k: factor * v for k, v in network.params.items()}


def _offset(network: Network, rng: onp.random.Generator) -> Network:
    offset = 10.0 ** rng.uniform(2, 9)
    return Network(network.family, lambda p, np: network.cost(p, np) + offset, network.params)


def _tiny(network: Network, rng: onp.random.Generator) -> Network:
    factor = 10.0 ** rng.uniform(-10, -3)
    return Network(network.family, lambda p, np: factor * network.cost(p, np), network.params)


def _float32(network: Network, rng: onp.random.Generator) -> Network:
    def cost(p: Params, np: Any) -> Any:
        if np is not onp:
            return network.cost(p, np)
        return network.cost({k: v.astype(onp.float32) for k, v in p.items()}, np)

    return Network(network.family, cost, network.params)


def _exact_kinks(network: Network, rng: onp.random.Generator) -> Network:
    """Biases at zero and some units without input: relu exactly at zero."""
    params = {k: onp.array(v) for k, v in network.params.items()}
    for value in params.values():
        if value.ndim == 1:
            value[:] = 0.0
        elif rng.random() < 0.5:
            value[:, 0] = 0.0
    return Network(network.family, network.cost, params)


def _near_kinks(network: Network, rng: onp.random.Generator) -> Network:
    params = _exact_kinks(network, rng).params
    moved = {
        k: v + 10.0 ** rng.uniform(-9, -4) * rng.standard_normal(v.shape) for k, v in params.items()
    }
    return Network(network.family, network.cost, moved)


def _saturated(network: Network, rng: onp.random.Generator) -> Network:
    return Network(network.family, network.cost, _scaled(network, rng.uniform(5, 20)))


def _small(network: Network, rng: onp.random.Generator) -> Network:
    return Network(network.family, network.cost, _scaled(network, 10.0 ** rng.uniform(-4, -2)))


REGIMES: dict[str, Callable[[Network, onp.random.Generator], Network]] = {
    "normal": lambda network, rng: network,
    "large loss": _offset,
    "tiny gradients": _tiny,
    "float32": _float32,
    "exact kinks": _exact_kinks,
    "near kinks": _near_kinks,
    "saturated": _saturated,
    "tiny weights": _small,
}


def sample(regime: str, seed: int) -> Network:
    """A random network of a random family in a regime."""
    rng = onp.random.default_rng(seed)
    network = FAMILIES[seed % len(FAMILIES)](rng)
    return REGIMES[regime](network, rng)
