"""What the plain loop adds to 2P bare calls, and the whole check where nothing can be batched.

    python benchmarks/loop.py [--repeats N] [--only TEXT] [--seconds S] [--longest S]

The loop tells its progress every few hundredths of a second. There it is stopped, and as many bare
calls ``fun(params)`` are made as it has made since, so that both meet the same machine; of both the
processor time of this thread is taken, with one thread for the linear algebra. A run, S seconds of
each with all that it takes to begin and to end, gives one ratio. Printed are the median of N runs
and the interval that holds it with 95 % (bootstrap). "nothing" is the same with bare calls in the
place of the loop, on arrays of the same layout as the loop's: what it shows is the error of the
method. Where not all components fit into S seconds, the first of each array are taken, as many as
its share; what it takes to begin and to end then counts for more than in a whole check.

The second table is the whole of ``gcm.check(..., steps=0)``, errors and verdict included, of costs
that read a number out of each of their arrays, which no batch can follow: bare calls before and
after each. Networks whose check takes longer than --longest are left out by name.
"""

from __future__ import annotations

import os

os.environ.update(OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", OMP_NUM_THREADS="1")

import argparse
import random
import time
from collections.abc import Callable
from contextlib import nullcontext, redirect_stderr
from io import StringIO
from typing import Any

import numpy as np
from costs import Case, Params, dense, loops

import gcmagic as gcm
from gcmagic.evaluation import SerialEvaluator
from gcmagic.problem import Problem

clock = time.thread_time
OFFSETS = 1e-5 * np.array([-1.0, 1.0])


def tiny() -> Case:
    data = np.ones((3, 4))
    params = {"w": np.ones((1, 3))}
    return Case(
        "1-3 / 4",
        lambda p, xp: ((p["w"] @ data - 1) ** 2).sum(),
        params,
        lambda p: {"w": 2 * (p["w"] @ data - 1) @ data.T},
    )


NETWORKS: tuple[Callable[[], Case], ...] = (
    tiny,
    lambda: dense((5, 5, 2), 8),
    lambda: dense((20, 20, 20, 5), 32),
    lambda: dense((64, 100, 10), 32),
    lambda: dense((784, 100, 10), 32),
    lambda: dense((784, 256, 128, 10), 32),
    loops,
)


class Beside:
    """A `Progress` that makes as many bare calls as the loop has made since it spoke last."""

    def __init__(self, fun: Callable[[Params], float], params: Params) -> None:
        self.fun, self.params = fun, params
        self.loop = self.bare = 0.0
        self.since = clock()

    def __call__(self, _: range) -> Any:
        return nullcontext(self)

    def __iter__(self) -> Beside:
        return self

    def __next__(self) -> int:
        raise StopIteration

    def advance(self, count: int) -> None:
        now = clock()
        self.loop += now - self.since
        bare(self.fun, self.params, 2 * count)
        self.since = clock()
        self.bare += self.since - now

    def added(self) -> float:
        """The share that the loop takes on top of the bare calls."""
        return (self.loop + clock() - self.since) / self.bare - 1


def bare(fun: Callable[[Params], float], params: Params, calls: int) -> None:
    for _ in range(calls):
        fun(params)


def seconds_of(fun: Callable[[Params], float], params: Params, calls: int) -> float:
    began = clock()
    bare(fun, params, calls)
    return (clock() - began) / calls


def median(values: list[float]) -> str:
    """The median in percent, and where it lies with 95 %."""
    draws = np.random.default_rng(0).choice(values, (2000, len(values)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return f"{100 * np.median(values):5.2f} % ({100 * low:5.2f} to {100 * high:5.2f})"


def the_loop(case: Case, repeats: int, seconds: float) -> None:
    problem = Problem(case.fun, case.grad, case.params)
    theta, blocks = problem.layout.flatten(case.params), problem.layout.blocks
    bare(case.fun, case.params, 20)
    unit = seconds_of(case.fun, case.params, 200)
    share = min(1.0, seconds / (2 * theta.size * unit))
    some = [np.arange(b.start, b.start + int(np.ceil(share * b.size))) for b in blocks]
    components = np.concatenate(some)
    points = theta[components, None] + OFFSETS
    found: dict[str, list[float]] = {"loop": [], "nothing": []}

    def nothing(beside: Beside) -> None:
        params = problem.layout.workspace(theta).params
        at_once = max(1, int(0.02 / unit))
        for begin in range(0, len(components), at_once):
            count = min(at_once, len(components) - begin)
            bare(case.fun, params, 2 * count)
            beside.advance(count)

    def loop(beside: Beside) -> None:
        SerialEvaluator(beside)(problem, theta, components, points)

    ways = {"loop": loop, "nothing": nothing}
    for _ in range(repeats + 1):
        for name in random.sample(list(ways), 2):
            beside = Beside(case.fun, case.params)
            ways[name](beside)
            found[name].append(beside.added())
    print(
        f"{case.name:24}{theta.size:8,}{len(components):8,}{1e6 * unit:8.0f} us"
        f"  {median(found['loop'][1:]):28}{median(found['nothing'][1:]):28}",
        flush=True,
    )


def whole_check(case: Case, repeats: int, longest: float) -> None:
    def fun(params: Params) -> float:
        for value in params.values():
            value.item(0)
        return case.fun(params)

    def run() -> gcm.Report:
        with redirect_stderr(StringIO()):  # the bar
            return gcm.check(fun, case.grad, case.params, steps=0, budget=None)

    size = sum(value.size for value in case.params.values())
    bare(fun, case.params, 20)
    if 2 * size * seconds_of(fun, case.params, 100) > longest:
        print(f"{case.name:24}left out: its calls alone take longer than {longest:g} s")
        return
    report = run()
    apart = {name for name, _ in report.not_batched}
    calls = min(2 * size, 20_000)
    added, before = [], seconds_of(fun, case.params, calls)
    for _ in range(repeats):
        began = clock()
        run()
        took = clock() - began
        after = seconds_of(fun, case.params, calls)
        added.append(took / (size * (before + after)) - 1)
        before = after
    print(
        f"{case.name:24}{size:8,}{report.nfev:8,}{1e6 * before:8.0f} us  {median(added):28}"
        f"{report.verdict!r}, {len(apart)} of {len(case.params)} arrays one by one",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="What the plain loop adds to bare calls.")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--only", default="", help="networks whose name has this text")
    parser.add_argument("--seconds", type=float, default=0.5, help="bare calls in a run")
    parser.add_argument("--longest", type=float, default=5.0, help="seconds a check may take")
    asked = parser.parse_args()
    cases = [case for case in (make() for make in NETWORKS) if asked.only in case.name]
    print(f"{'network':24}{'P':>8}{'timed':>8}{'a call':>11}  {'loop':28}nothing")
    for case in cases:
        the_loop(case, asked.repeats, asked.seconds)
    print(f"\n{'network':24}{'P':>8}{'calls':>8}{'a call':>11}  gcm.check, beside 2P bare calls")
    for case in cases:
        whole_check(case, asked.repeats, asked.longest)


if __name__ == "__main__":
    main()
