"""How random directions find what is wrong among about 100,000 parameters, in evaluations.

    python -m benchmarks.directions [--networks N] [--kinds tanh conv ...] [--bounds DRAWS]

For tanh, relu, convolutions and a recurrent network: what it takes to screen all parameters and
what that proves; to name a wrong array; and to locate 1, 5 and 20 wrong components, of sizes from
1e-2 down to 1e-5, in the largest array. Evaluations are forward passes, J at theta among them; the
full check takes 200,000.

With --bounds, on small networks: components are off by just what was told of the right gradient,
and how often less than that is told then.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from gcmagic.comparison import SURE, THRESHOLD, Status
from gcmagic.fast import screen_at
from gcmagic.phase import Settings
from gcmagic.problem import Problem
from gcmagic.screening import screen

from .wide_networks import Params, convolution, dense, recurrent

KINDS: dict[str, Callable[[int], Problem]] = {
    "tanh": lambda seed: dense("tanh", seed),
    "relu": lambda seed: dense("relu", seed),
    "RNN": recurrent,
    "conv": convolution,
    "conv 32": lambda seed: convolution(seed, examples=32),
}
SMALL: dict[str, Callable[[int], Problem]] = {
    "tanh": lambda seed: dense("tanh", seed, (20, 20, 10)),
    "RNN": lambda seed: recurrent(seed, 8, 12),
    "conv": lambda seed: convolution(seed, 2, 16, (3, 4), 12),
}


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


def screening(kind: str, networks: int) -> str:
    calls, bounds, passed, both = [], [], 0, 0
    for seed in range(networks):
        found = screened(KINDS[kind](seed), seed)
        calls.append(found.nfev + 1)
        bounds.append(max(p.bound for p in found.probes.values()))
        passed += all(p.status == Status.AGREES for p in found.probes.values())
        both += calls[-1] <= 12 and bounds[-1] <= THRESHOLD
    return (
        f"{kind:7s} screening: {passed} of {networks} right networks pass, "
        f"{np.median(calls):.0f} evaluations (most {max(calls)}), {SURE:.1%} sure that none is off "
        f"by more than {np.median(bounds):.0e} (largest {max(bounds):.0e}); {both} within 12 and "
        f"{THRESHOLD:.0e}"
    )


def naming(kind: str, networks: int) -> str:
    calls, right, draws = [], 0, 0
    for seed in range(networks):
        problem = KINDS[kind](seed)
        for name in problem.params:
            for factor in (1.001, 1.0001):
                wrong = with_gradient(problem, name, lambda g, c=factor: c * g)
                found = screened(wrong, seed)
                calls.append((found.nfev + 1) / len(problem.params))
                right += found.off == (name,)
                draws += 1
    return (
        f"{kind:7s} naming one wrong array of {len(problem.params)} (x 1.001, x 1.0001): "
        f"{right} of {draws} exact, {np.median(calls):.1f} evaluations an array "
        f"(most {max(calls):.1f})"
    )


def locating(kind: str, count: int, networks: int) -> str:
    calls, whole, exact, false, draws = [], [], 0, 0, 0
    for seed in range(networks):
        problem = KINDS[kind](seed)
        name = max(problem.params, key=lambda name: problem.params[name].size)
        for by in (1e-2, 1e-3, 1e-4, 1e-5):
            wrong, at = spoilt(problem, name, count, by, seed)
            theta = wrong.layout.flatten(wrong.params)
            before = screened(wrong, seed).nfev
            counted = [0]
            probed = Problem(
                lambda p, c=counted, f=wrong.fun: c.__setitem__(0, c[0] + 1) or f(p),
                wrong.grad,
                wrong.params,
            )
            block = screen_at(probed, "", theta, Settings(seed=seed, fast=True)).block(name)
            located = block.probe.located if block.probe is not None else ()
            if block.probe is not None:
                calls.append(block.probe.nfev / count)
            whole.append((counted[0] - before) / count)
            exact += np.array_equal(located, at)
            false += len(set(located) - set(at))
            draws += 1
    return (
        f"{kind:7s} locating {count:2d}: {exact} of {draws} exact, {false} false, "
        f"{np.median(calls):.0f} evaluations a component (most {max(calls):.0f}); with the ladder "
        f"and a few components beside them {np.median(whole):.0f}"
    )


def bounds(kind: str, count: int, draws: int) -> str:
    """How often a bound is told that is below what a component is off by."""
    low, held, networks = 0, 0, []
    for seed in range(20):
        problem = SMALL[kind](seed)
        told = screened(problem, 10_000 + seed)
        if all(p.status == Status.AGREES for p in told.probes.values()):
            networks.append((problem, max(p.bound for p in told.probes.values())))
    for draw in range(draws):
        problem, bound = networks[draw % len(networks)]
        theta = problem.layout.flatten(problem.params)
        rng = np.random.default_rng([draw, count])
        off = np.zeros(theta.size)
        at = rng.choice(theta.size, count, replace=False)
        off[at] = bound * rng.choice([-1.0, 1.0], count)
        cost, gradient = problem.cost_at(theta), problem.gradient_at(theta) + off
        blocks = problem.layout.blocks
        found = screen(problem, theta, blocks, gradient, cost, Settings(seed=draw))
        agree = [b for b in blocks if found.probes[b.name].status == Status.AGREES]
        less = [found.probes[b.name].bound < np.max(np.abs(off[b.slice])) for b in agree]
        low += any(less)
        held += bool(agree)
    return (
        f"{kind:7s} {count:2d} components off by just the bound: {low} of {draws} told less, "
        f"{draws * (1 - SURE):.0f} allowed; {held} told anything"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=5, help="random networks of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS)[:4])
    parser.add_argument("--bounds", type=int, default=0, help="draws of what is off by the bound")
    args = parser.parse_args()
    if args.bounds:
        for kind in SMALL:
            for count in (1, 2, 3, 20):
                print(bounds(kind, count, args.bounds), flush=True)
        return
    for kind in args.kinds:
        print(f"{kind}: {KINDS[kind](0).layout.size:,} parameters")
        print(screening(kind, 5 * args.networks), flush=True)
        print(naming(kind, args.networks), flush=True)
        for count in (1, 5, 20):
            print(locating(kind, count, args.networks), flush=True)


if __name__ == "__main__":
    main()
