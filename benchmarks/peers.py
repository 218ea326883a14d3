"""What else gives the slopes of all parameters, each as a function to be timed.

A peer that is not installed is left out, by name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from costs import Case

from gcmagic.problem import Problem

EPSILON = 1e-5
MOST = 8192  # components that stand for all of a large network
Run = Callable[[], Any]


def course_loop(case: Case, problem: Problem) -> Run:
    """As the courses write it: a copy of theta and a new dict at every call."""
    theta, cost = problem.layout.flatten(problem.params), vector_cost(case, problem)

    def run() -> np.ndarray:
        slopes = np.zeros(theta.size)
        for i in range(theta.size):
            plus, minus = np.copy(theta), np.copy(theta)
            plus[i] += EPSILON
            minus[i] -= EPSILON
            slopes[i] = (cost(plus) - cost(minus)) / (2 * EPSILON)
        return slopes

    return run


def vector_cost(case: Case, problem: Problem) -> Callable[[np.ndarray], float]:
    blocks = problem.layout.blocks
    return lambda theta: case.fun({b.name: theta[b.slice].reshape(b.shape) for b in blocks})


def scipy_peer(case: Case, problem: Problem) -> Run:
    optimize = importlib.import_module("scipy.optimize._numdiff")
    theta, fun = problem.layout.flatten(problem.params), vector_cost(case, problem)
    return lambda: optimize.approx_derivative(fun, theta, method="3-point")


def scipy_check(case: Case, problem: Problem) -> Run:
    optimize = importlib.import_module("scipy.optimize")
    theta, fun = problem.layout.flatten(problem.params), vector_cost(case, problem)
    gradient = problem.gradient_at(theta)
    return lambda: optimize.check_grad(fun, lambda _: gradient, theta)


def numdifftools_peer(case: Case, problem: Problem) -> Run:
    numdifftools = importlib.import_module("numdifftools")
    theta, fun = problem.layout.flatten(problem.params), vector_cost(case, problem)
    return lambda: numdifftools.Gradient(fun)(theta)


def _torch(case: Case, fast: bool) -> Run:
    torch = importlib.import_module("torch")
    names = list(case.params)
    values = [torch.tensor(case.params[n], requires_grad=True) for n in names]

    def fun(*tensors: Any) -> Any:
        return case.cost(dict(zip(names, tensors, strict=True)), torch)

    def run() -> Any:
        return torch.autograd.gradcheck(fun, values, eps=EPSILON, atol=1e-4, fast_mode=fast)

    return run


def jax_peer(case: Case, problem: Problem) -> Run:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = importlib.import_module("jax.numpy")
    layout = problem.layout
    theta = jnp.asarray(layout.flatten(problem.params))

    def cost(vector: Any) -> Any:
        return case.cost({b.name: vector[b.slice].reshape(b.shape) for b in layout.blocks}, jnp)

    def slope(i: Any) -> Any:
        plus = cost(theta.at[i].add(EPSILON))
        return (plus - cost(theta.at[i].add(-EPSILON))) / (2 * EPSILON)

    # some of all arrays stand for the rest where there are many: each takes the same
    some = jnp.asarray(np.linspace(0, theta.size - 1, min(theta.size, MOST)).astype(int))
    # a batch of 256 at a time: all of them at once would not fit into the cache, nor the memory
    slopes = jax.jit(lambda: jax.lax.map(slope, some, batch_size=256))
    return lambda: slopes().block_until_ready()


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to the slopes: its package, whether it needs the cost in its own arrays, its calls."""

    name: str
    make: Callable[[Case, Problem], Run]
    package: str = ""
    own_arrays: bool = False
    calls: float = 1.0  # in units of the 2P bare calls, roughly; to leave out what takes minutes
    most: int | None = None  # components that are timed, where not all are

    def share(self, size: int) -> float:
        """The part of the whole work that is timed."""
        return 1.0 if self.most is None else min(1.0, self.most / size)


PEERS = (
    Peer("course loop", course_loop),
    Peer("scipy 3-point", scipy_peer, "scipy"),
    Peer("scipy check_grad", scipy_check, "scipy", calls=0.5),
    Peer("numdifftools", numdifftools_peer, "numdifftools", calls=20),
    Peer("torch gradcheck", lambda c, p: _torch(c, fast=False), "torch", True, 5),
    Peer("torch gradcheck fast", lambda c, p: _torch(c, fast=True), "torch", True, 0.01),
    Peer("jax jit + vmap", jax_peer, "jax", True, 0.5, MOST),
)


def installed(package: str) -> bool:
    if not package:
        return True
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True
