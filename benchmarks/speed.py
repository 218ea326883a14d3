"""What a full check costs, in units of the 2P bare forward calls that it costs everybody else.

    python benchmarks/speed.py [--large] [--repeats N]

Every figure is a median, of runs that follow each other in one process, on the same network and at
the same theta. "differences" are the 2P values of the cost alone; "check" is `gcm.check` at one
point, with the gradient by hand, the noise, and the verdict. Peers compute all P slopes.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import gcmagic as gcm
from gcmagic.batched import BatchedEvaluator
from gcmagic.evaluation import SerialEvaluator
from gcmagic.problem import Problem

Params = dict[str, np.ndarray]
EPSILON = 1e-5
CALLS = 300  # forward calls that stand for all 2P where P is large


@dataclass(frozen=True, slots=True)
class Case:
    """A network, and a way to write it in another array library."""

    name: str
    cost: Callable[[Params, Any], Any]
    params: Params
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

    return Case(f"{'-'.join(map(str, sizes))} / {examples}", cost, params)


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

    params = {
        "K": rng.standard_normal((filters, 3, 3, 3)) / 5,
        "c": 0.1 * rng.standard_normal(filters),
        "W": rng.standard_normal((flat, 10)) / np.sqrt(flat),
        "b": 0.1 * rng.standard_normal(10),
    }
    return Case(f"CNN 3x3x{filters}, {side}x{side} / {examples}", cost, params, False)


def recurrent(steps: int = 10, inputs: int = 10, hidden: int = 30, examples: int = 16) -> Case:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((steps, examples, inputs))
    T = rng.standard_normal((examples, 5))

    def cost(p: Params, xp: Any) -> Any:
        h = np.zeros((examples, hidden))
        for x in X:
            h = xp.tanh(x @ p["Wx"] + h @ p["Wh"] + p["bh"])
        return ((h @ p["Wy"] + p["by"] - T) ** 2).sum() / examples

    params = {
        "Wx": rng.standard_normal((inputs, hidden)) / np.sqrt(inputs),
        "Wh": rng.standard_normal((hidden, hidden)) / np.sqrt(hidden),
        "bh": 0.1 * rng.standard_normal(hidden),
        "Wy": rng.standard_normal((hidden, 5)) / np.sqrt(hidden),
        "by": 0.1 * rng.standard_normal(5),
    }
    return Case(f"RNN {inputs}-{hidden}, {steps} steps / {examples}", cost, params, False)


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

    params = {f"W{k}": rng.standard_normal((width, width)) / np.sqrt(width) for k in "qkvo"}
    return Case(f"attention {width}, length {length} / {examples}", cost, params, False)


SMALL = (
    lambda: dense((20, 20, 20, 5), 32),
    lambda: dense((64, 100, 10), 32),
    lambda: dense((784, 100, 10), 32),
    convolution,
    recurrent,
    attention,
)
LARGE = (lambda: dense((784, 100, 10), 256), lambda: dense((784, 256, 128, 10), 32))


def median(function: Callable[[], Any], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def bare(case: Case, repeats: int) -> float:
    """Seconds of 2P forward calls; of 300 and scaled, where P is large."""
    count = 2 * sum(v.size for v in case.params.values())
    calls = min(CALLS, count)

    def run() -> None:
        for _ in range(calls):
            case.fun(case.params)

    run()
    return median(run, repeats) * count / calls


def differences(problem: Problem, evaluator: Any) -> None:
    theta = problem.layout.flatten(problem.params)
    points = theta[:, None] + EPSILON * np.array([-1.0, 1.0])
    for block in problem.layout.blocks:
        components = np.arange(block.start, block.stop)
        evaluator(problem, theta, components, points[block.slice])


def gradient_of(case: Case) -> Callable[[Params], Params]:
    """The gradient that is checked: slow to get once, quick to return."""
    try:
        anp = importlib.import_module("autograd.numpy")
        grad = importlib.import_module("autograd").grad(lambda p: case.cost(p, anp))
    except ImportError:
        raise SystemExit("autograd is not installed: pip install 'gcmagic[benchmarks]'") from None
    known: dict[bytes, Params] = {}

    def gradient(params: Params) -> Params:
        key = b"".join(np.asarray(v).tobytes() for v in params.values())
        if key not in known:
            known[key] = grad(params)
        return known[key]

    return gradient


def course_loop(case: Case, problem: Problem) -> None:
    """As the courses write it: a copy of theta and a new dict at every call."""
    theta = problem.layout.flatten(problem.params)

    def cost(vector: np.ndarray) -> float:
        blocks = problem.layout.blocks
        return case.fun({b.name: vector[b.slice].reshape(b.shape) for b in blocks})

    slopes = np.zeros(theta.size)
    for i in range(theta.size):
        plus, minus = np.copy(theta), np.copy(theta)
        plus[i] += EPSILON
        minus[i] -= EPSILON
        slopes[i] = (cost(plus) - cost(minus)) / (2 * EPSILON)


def vector_cost(case: Case, problem: Problem) -> Callable[[np.ndarray], float]:
    return lambda theta: case.fun(problem.layout.unflatten(theta))


def scipy_peer(case: Case, problem: Problem) -> Callable[[], Any]:
    optimize = importlib.import_module("scipy.optimize._numdiff")
    theta, fun = problem.layout.flatten(problem.params), vector_cost(case, problem)
    return lambda: optimize.approx_derivative(fun, theta, method="3-point")


def numdifftools_peer(case: Case, problem: Problem) -> Callable[[], Any]:
    numdifftools = importlib.import_module("numdifftools")
    theta, fun = problem.layout.flatten(problem.params), vector_cost(case, problem)
    return lambda: numdifftools.Gradient(fun)(theta)


def torch_peer(case: Case, problem: Problem) -> Callable[[], Any]:
    torch = importlib.import_module("torch")
    names = list(case.params)
    values = [torch.tensor(case.params[n], requires_grad=True) for n in names]

    def fun(*tensors: Any) -> Any:
        return case.cost(dict(zip(names, tensors, strict=True)), torch)

    return lambda: torch.autograd.gradcheck(fun, values, eps=EPSILON, atol=1e-4)


def jax_peer(case: Case, problem: Problem) -> Callable[[], Any]:
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

    slopes = jax.jit(lambda: jax.lax.map(slope, jnp.arange(theta.size), batch_size=256))
    return lambda: slopes().block_until_ready()


PEERS = {
    "scipy 3-point": (scipy_peer, "scipy", False),
    "numdifftools": (numdifftools_peer, "numdifftools", False),
    "torch gradcheck": (torch_peer, "torch", True),
    "jax, jit + map": (jax_peer, "jax", True),
}


def installed(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def line(name: str, seconds: float, unit: float) -> None:
    ratio = unit / seconds
    said = f"{ratio:8.1f} x faster" if ratio >= 1 else f"{1 / ratio:8.1f} x slower"
    print(f"  {name:34}{seconds:10.4f} s {said}", flush=True)


def report(case: Case, repeats: int) -> None:
    gradient = gradient_of(case)
    problem = Problem(case.fun, gradient, case.params)
    count = problem.layout.size
    unit = bare(case, repeats)
    note = "" if 2 * count <= CALLS else f", {CALLS} timed"
    print(f"\n{case.name}: P = {count}, 2P bare forward calls {unit:.4f} s{note}", flush=True)
    evaluator = BatchedEvaluator()
    line("gcmagic, differences", median(lambda: differences(problem, evaluator), repeats), unit)
    for name, reason in evaluator.reasons.items():
        print(f"    {name} by the loop: {reason}")
    found = gcm.check(
        case.fun, gradient, case.params, steps=0, budget=None
    )  # the gradient is known from here
    line(
        "gcmagic, check",
        median(lambda: gcm.check(case.fun, gradient, case.params, steps=0, budget=None), repeats),
        unit,
    )
    print(f"    {found.verdict}, difference {found.difference:.1e}, {found.nfev} evaluations")
    if unit > 5:
        print("  peers left out: each would take longer than the bare calls, times five")
        return
    serial = SerialEvaluator()
    line("gcmagic, loop in place", median(lambda: differences(problem, serial), repeats), unit)
    line("course loop", median(lambda: course_loop(case, problem), repeats), unit)
    for name, (peer, module, other) in PEERS.items():
        if not installed(module) or (other and not case.generic):
            continue
        if module == "numdifftools" and unit > 1:
            continue  # some fifteen times as many calls
        run = peer(case, problem)
        run()
        line(name, median(run, repeats), unit)


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a check takes.")
    parser.add_argument("--large", action="store_true", help="networks that take minutes")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    absent = [name for name, (_, module, _) in PEERS.items() if not installed(module)]
    if absent:
        print(f"not installed, left out: {', '.join(absent)}")
    for make in SMALL + (LARGE if asked.large else ()):
        report(make(), asked.repeats)


if __name__ == "__main__":
    main()
