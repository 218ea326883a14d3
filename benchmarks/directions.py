"""How random directions find what is wrong among about 100,000 parameters, in evaluations.

    python benchmarks/directions.py [--networks N]

For tanh and for relu: what it takes to screen all parameters and what that proves; to name a wrong
array; and to locate 1, 5 and 20 wrong components, of sizes from 1e-2 down to 1e-5, in an array of
99,568. Evaluations are forward passes, J at theta among them; the full check takes 203,000.
"""

from __future__ import annotations

import argparse

import numpy as np

from gcmagic.comparison import SURE, Status
from gcmagic.fast import screen_at
from gcmagic.phase import Settings
from gcmagic.problem import Problem
from gcmagic.screening import screen

Params = dict[str, np.ndarray]
SIZES, EXAMPLES = (784, 127, 10), 32


def network(activation: str, seed: int) -> Problem:
    """Softmax after hidden layers of tanh or relu, features x examples, with backward by hand."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((SIZES[0], EXAMPLES))
    y = rng.integers(0, SIZES[-1], EXAMPLES)
    each = np.arange(EXAMPLES)
    last = len(SIZES) - 1

    def forward(p: Params) -> list[np.ndarray]:
        A = [X]
        for k in range(1, last + 1):
            Z = p[f"W{k}"] @ A[-1] + p[f"b{k}"]
            A.append(Z if k == last else np.tanh(Z) if activation == "tanh" else np.maximum(Z, 0))
        return A

    def cost(p: Params) -> float:
        S = forward(p)[-1]
        S = S - S.max(axis=0)
        return float(np.mean(np.log(np.exp(S).sum(axis=0)) - S[y, each]))

    def gradient(p: Params) -> Params:
        A = forward(p)
        e = np.exp(A[-1] - A[-1].max(axis=0))
        dZ = e / e.sum(axis=0)
        dZ[y, each] -= 1
        dZ /= EXAMPLES
        grads = {}
        for k in range(last, 0, -1):
            grads[f"W{k}"] = dZ @ A[k - 1].T
            grads[f"b{k}"] = dZ.sum(axis=1, keepdims=True)
            slope = 1 - A[k - 1] ** 2 if activation == "tanh" else A[k - 1] > 0
            dZ = (p[f"W{k}"].T @ dZ) * slope
        return grads

    params = {}
    for k in range(1, last + 1):
        params[f"W{k}"] = rng.standard_normal((SIZES[k], SIZES[k - 1])) * np.sqrt(2 / SIZES[k - 1])
        params[f"b{k}"] = 0.1 * rng.standard_normal((SIZES[k], 1))
    return Problem(cost, gradient, params)


def with_gradient(problem: Problem, name: str, change) -> Problem:
    def gradient(p: Params) -> Params:
        grads = dict(problem.grad(p))
        grads[name] = change(grads[name])
        return grads

    return Problem(problem.fun, gradient, problem.params)


def spoilt(problem: Problem, name: str, count: int, by: float, seed: int):
    """The problem with `count` components of one array off by `by`, and their offsets."""
    rng = np.random.default_rng(seed)
    size = problem.params[name].size
    at = np.sort(rng.choice(size, count, replace=False))
    off = np.zeros(size)
    off[at] = by * rng.choice([-1.0, 1.0], count)
    return with_gradient(problem, name, lambda g: g + off.reshape(g.shape)), at


def screened(problem: Problem, seed: int):
    theta = problem.layout.flatten(problem.params)
    cost, gradient = problem.cost_at(theta), problem.gradient_at(theta)
    return screen(problem, theta, problem.layout.blocks, gradient, cost, Settings(seed=seed))


def screening(activation: str, networks: int) -> str:
    calls, bounds, passed = [], [], 0
    for seed in range(networks):
        found = screened(network(activation, seed), seed)
        calls.append(found.nfev + 1)
        bounds.append(max(p.bound for p in found.probes.values()))
        passed += all(p.status == Status.AGREES for p in found.probes.values())
    return (
        f"{activation:5s} screening: {passed} of {networks} right networks pass, "
        f"{np.median(calls):.0f} evaluations (most {max(calls)}), {SURE:.1%} sure that none is off "
        f"by more than {np.median(bounds):.0e} (largest {max(bounds):.0e})"
    )


def naming(activation: str, networks: int) -> str:
    calls, right, draws = [], 0, 0
    for seed in range(networks):
        problem = network(activation, seed)
        for name in problem.params:
            wrong = with_gradient(problem, name, lambda g: 1.001 * g)
            found = screened(wrong, seed)
            calls.append((found.nfev + 1) / len(problem.params))
            right += found.off == (name,)
            draws += 1
    return (
        f"{activation:5s} naming one wrong array of four (x 1.001): {right} of {draws} exact, "
        f"{np.median(calls):.1f} evaluations an array (most {max(calls):.1f})"
    )


def locating(activation: str, count: int, networks: int) -> str:
    calls, whole, exact, false, draws = [], [], 0, 0, 0
    for seed in range(networks):
        problem = network(activation, seed)
        for by in (1e-2, 1e-3, 1e-4, 1e-5):
            wrong, at = spoilt(problem, "W1", count, by, seed)
            theta = wrong.layout.flatten(wrong.params)
            before = screened(wrong, seed).nfev
            counted = [0]
            probed = Problem(
                lambda p, c=counted, f=wrong.fun: c.__setitem__(0, c[0] + 1) or f(p),
                wrong.grad,
                wrong.params,
            )
            block = screen_at(probed, "", theta, Settings(seed=seed, fast=True)).block("W1")
            located = block.probe.located
            calls.append(block.probe.nfev / count)
            whole.append((counted[0] - before) / count)
            exact += np.array_equal(located, at)
            false += len(set(located) - set(at))
            draws += 1
    return (
        f"{activation:5s} locating {count:2d}: {exact} of {draws} exact, {false} false, "
        f"{np.median(calls):.0f} evaluations a component (most {max(calls):.0f}); with the ladder "
        f"and a few components beside them {np.median(whole):.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=5, help="random networks of each kind")
    networks = parser.parse_args().networks
    size = network("tanh", 0).layout.size
    print(f"{'-'.join(map(str, SIZES))}, {EXAMPLES} examples, {size:,} parameters")
    for activation in ("tanh", "relu"):
        print(screening(activation, networks))
        print(naming(activation, networks))
        for count in (1, 5, 20):
            print(locating(activation, count, networks), flush=True)


if __name__ == "__main__":
    main()
