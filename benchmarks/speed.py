"""What a full check costs, beside what everybody else takes for it.

    python benchmarks/speed.py [--large] [--repeats N] [--only TEXT] [--longest SECONDS]
                                [--processor]

One process, one thread of ours, the same network at the same theta. In every repeat each contender
has its turn, one after the other, so that other work on the machine slows all of them alike; what
is printed is the median of the ratios to the bare calls of the same repeat. Bare calls run in a
loop; what takes less time than that loop runs again and again for as long, and "gcmagic check,
once" is the first of these runs, which finds nothing of its own in the processor's caches. "check"
is the whole of `gcm.check(..., steps=0)`: noise, slopes, their errors, verdicts. Peers compute all
P slopes and no verdict; torch's fast mode looks along one direction only. The unit, 2P bare forward
calls, is timed on at most 1,000 of them, JAX on at most 8,192 components. With --processor the time
of the processor is taken, which other programs lengthen less; OPENBLAS_NUM_THREADS=1 then keeps the
bare calls from waiting in threads.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from costs import LARGE, SMALL, Case
from peers import EPSILON, PEERS, installed

import gcmagic as gcm
from gcmagic.batched import BatchedEvaluator
from gcmagic.evaluation import SerialEvaluator
from gcmagic.problem import Problem

Timed = tuple[Callable[[], Any], float]
CHECK, ONCE = "gcmagic check", "gcmagic check, once"
CALLS = 1000  # forward calls that stand for all 2P where P is large


def seconds_of(function: Callable[[], Any], clock: Callable[[], float]) -> float:
    began = clock()
    function()
    return clock() - began


def seconds_each(run: Callable[[], Any], clock: Callable[[], float], least: float) -> list[float]:
    """Of the first run, and of each of as many as take `least` seconds or so."""
    first = seconds_of(run, clock)
    count = min(100, round(least / first))
    if count < 2:
        return [first, first]

    def often() -> None:
        for _ in range(count):
            run()

    return [first, seconds_of(often, clock) / count]


def differences(problem: Problem, evaluator: Any, most: int | None = None) -> int:
    """The 2P values of the cost, or those of `most` components; how many components."""
    theta = problem.layout.flatten(problem.params)
    every = np.arange(theta.size)[:most]
    evaluator(problem, theta, every, theta[every, None] + EPSILON * np.array([-1.0, 1.0]))
    return every.size


def contenders(case: Case, unit: float, longest: float) -> dict[str, Timed]:
    """What is timed, by name, with the share of the whole work that it does."""
    problem = Problem(case.fun, case.grad, case.params)
    size = problem.layout.size
    some = min(size, max(50, CALLS // 2))
    found: dict[str, Timed] = {
        CHECK: (
            lambda: gcm.check(case.fun, case.grad, case.params, steps=0, budget=None),
            1.0,
        ),
        "gcmagic differences": (lambda: differences(problem, BatchedEvaluator()), 1.0),
        "gcmagic plain loop": (
            lambda: differences(problem, SerialEvaluator(), some),
            some / size,
        ),
    }
    for peer in PEERS:
        if not installed(peer.package) or (peer.own_arrays and not case.generic):
            continue
        share = peer.share(size)
        seconds = peer.calls * share * unit
        if seconds > longest:
            print(f"  {peer.name} left out: it would take about {seconds:.0f} s a run")
            continue
        found[peer.name] = (peer.make(case, problem), share)
    return found


def measure(
    case: Case, repeats: int, longest: float, clock: Callable[[], float]
) -> dict[str, float]:
    """How many times faster than the 2P bare calls each contender is."""
    count = 2 * sum(v.size for v in case.params.values())
    calls = min(CALLS, count)

    def bare() -> None:
        for _ in range(calls):
            case.fun(case.params)

    bare()
    unit = seconds_of(bare, clock) * count / calls
    print(f"\n{case.name}: P = {count // 2:,}, 2P bare calls about {unit:.3f} s", flush=True)
    runs = contenders(case, unit, longest)
    ratios: dict[str, list[float]] = {CHECK: [], ONCE: [], **{name: [] for name in runs}}
    for run, _ in runs.values():
        run()  # compiled, imported, in the cache
    for _ in range(repeats):
        for name, (run, share) in runs.items():
            least = seconds_of(bare, clock)  # beside each: others use the machine
            unit = least * count / calls
            first, each = seconds_each(run, clock, least)
            ratios[name].append(unit * share / each)
            if name == CHECK:
                ratios[ONCE].append(unit * share / first)
    for name, values in ratios.items():
        ratio = statistics.median(values)
        spread = f"({min(values):.3g} to {max(values):.3g})"
        said = f"{ratio:8.2f} x faster" if ratio >= 1 else f"{1 / ratio:8.2f} x slower"
        print(f"  {name:24}{said}   {spread}", flush=True)
    evaluator = BatchedEvaluator()
    problem = Problem(case.fun, lambda p: p, case.params)
    differences(problem, evaluator)
    for name, reason in evaluator.reasons.items():
        print(f"    {name} by the loop: {reason}")
    report = gcm.check(case.fun, case.grad, case.params, steps=0, budget=None)
    print(f"    {report.verdict!r}, difference {report.difference:.1e}, {report.nfev} evaluations")
    return {name: statistics.median(values) for name, values in ratios.items()}


def plot(table: dict[str, dict[str, float]], path: Path) -> None:
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(name for row in table.values() for name in row))
    figure, axes = plt.subplots(figsize=(9, 0.9 * len(table) + 2.5), layout="constrained")
    height = 0.8 / len(names)
    for k, name in enumerate(names):
        places = [i + k * height for i, row in enumerate(table.values()) if name in row]
        axes.barh(places, [row[name] for row in table.values() if name in row], height, label=name)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set(xscale="log", xlabel="times faster than 2P bare forward calls")
    axes.set_yticks([i + 0.4 for i in range(len(table))], list(table))
    axes.invert_yaxis()
    axes.legend(fontsize="small", loc="lower right")
    figure.savefig(path, dpi=150)
    print(f"\nsaved {path}")


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a check takes, beside its peers.")
    parser.add_argument("--large", action="store_true", help="networks that take minutes")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="networks whose name has this text")
    parser.add_argument("--longest", type=float, default=20.0, help="seconds that a run may take")
    parser.add_argument("--plot", type=Path, default=Path("speed.png"))
    parser.add_argument(
        "--processor", action="store_true", help="time of the processor, all threads together"
    )
    asked = parser.parse_args()
    clock = time.process_time if asked.processor else time.perf_counter
    absent = sorted({peer.package for peer in PEERS if not installed(peer.package)})
    if absent:
        print(f"not installed, left out: {', '.join(absent)}")
    table = {}
    for make in SMALL + (LARGE if asked.large else ()):
        case = make()
        if asked.only in case.name:
            table[case.name] = measure(case, asked.repeats, asked.longest, clock)
    try:
        plot(table, asked.plot)
    except ImportError:
        print("not installed, no plot: matplotlib")


if __name__ == "__main__":
    main()
