"""How often is right code called wrong, and wrong code right? gcmagic beside the fixed rules.

    python benchmarks/verdicts.py [--count 1000] [--first SEED]

The first table is right code in eight regimes; the second is networks of the same kind with one bug
each, in float64. `--first` takes other networks: the seeds of the right ones begin there, those of
the wrong ones 1000 later.

What counts as an evaluation: every call of the cost, or copy in a batch of them, that the check
makes at its points, at the jittered points that settle, confirm and expose, and along directions
there; those of points that were looked at and dropped too. Not the steps of training between the
two points, nor the few calls that see whether a call repeats and how long it takes, or that hold a
batch of copies against plain calls. It is divided by the components and by the points of the
report: two, and one more for each jittered point in it.

Some of them a check makes whatever the number of components: at each point the cost and its noise,
at two jittered points the cost and a step along a line through the arrays, and a call that notes
what the units get. In a network of three components that alone is more than the differences. How
many they are is measured: by a check of as many arrays of one component each, less two evaluations
a component. So the maximum is shown three times: of all networks, of those with 20 components and
more, and of all without these fixed evaluations.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from networks import REGIMES, Network, sample

import gcmagic as gcm


def bug_factor(c):
    return lambda g, place: c * g


def _at(place, g, value):
    changed = np.array(g)
    changed.flat[place] = value
    return changed


BUGS = {
    "array x 1.01": bug_factor(1.01),
    "array x 1.0001": bug_factor(1.0001),
    "array x 2": bug_factor(2.0),
    "one sign": lambda g, k: _at(k, g, -g.flat[k]),
    "one component + 1 %": lambda g, k: _at(k, g, 1.01 * g.flat[k]),
    "one component zeroed": lambda g, k: _at(k, g, 0.0),
    "additive 1e-3": lambda g, k: g + 1e-3 * np.max(np.abs(g)),
}


def with_bug(network: Network, name: str, bug, seed: int):
    # one of the components that matter in their array: what is zero cannot be wrong by a factor
    g = np.abs(network.grad(network.params)[name])
    large = np.flatnonzero(g >= 0.1 * np.max(g))
    place = int(large[np.random.default_rng(seed).integers(large.size)])

    def grad(p):
        grads = network.grad(p)
        return {**grads, name: bug(grads[name], place)}

    return grad


def bare(network: Network, grad, epsilon: float) -> float:
    """Formula (2) by plain two-sided differences at one epsilon."""
    found = gcm.sweep(network.fun, grad, network.params, [epsilon])
    return float(found.differences["all"][0])


def torch_rule(network: Network, grad) -> bool:
    """torch.autograd.gradcheck's defaults: eps 1e-6, |g - D| <= 1e-5 + 1e-3 |D|."""
    g = grad(network.params)
    for name in network.params:
        p = {k: np.array(v) for k, v in network.params.items()}
        flat, analytic = p[name].reshape(-1), np.asarray(g[name]).reshape(-1)
        for i in range(flat.size):
            old = flat[i]
            flat[i] = old + 1e-6
            high = network.fun(p)
            flat[i] = old - 1e-6
            low = network.fun(p)
            flat[i] = old
            numeric = (high - low) / 2e-6
            if not abs(analytic[i] - numeric) <= 1e-5 + 1e-3 * abs(numeric):
                return False
    return True


def fixed(report: gcm.Report) -> int:
    """Evaluations that a check of right code makes whatever the number of components."""
    first, other = fixed_of(len(report.names))
    return first + other * (len(report.phases) - 1)


@cache
def fixed_of(arrays: int) -> tuple[int, int]:
    """The same at the first point and at each other, as a smooth cost without noise shows it."""
    names = [f"w{k}" for k in range(arrays)]
    params = {name: np.array([0.5 + 0.1 * k]) for k, name in enumerate(names)}

    def cost(p):
        return float(sum(np.sin(p[name]) for name in names)[0])

    def grad(p):
        return {name: np.cos(p[name]) for name in names}

    first, second = gcm.check(cost, grad, params).phases
    return first.nfev - 2 * arrays, second.nfev - 2 * arrays


def run_right(count: int, first: int) -> tuple[Counter, dict[str, list[tuple[float, float, int]]]]:
    rows: Counter = Counter()
    spent: dict[str, list[tuple[float, float, int]]] = {regime: [] for regime in REGIMES}
    for regime in REGIMES:
        for k in range(first, first + count // len(REGIMES)):
            network = sample(regime, k)
            report = gcm.check(network.fun, network.grad, network.params, seed=k)
            rows[regime, report.verdict.name] += 1
            if report.verdict is not gcm.PASS:
                codes = {f.code for f in report.findings}
                print(f"  {regime}, {network.family}, seed {k}: {report.summary} {sorted(codes)}")
            P = sum(v.size for v in network.params.values())
            share = P * len(report.phases)
            spent[regime].append((report.nfev / share, (report.nfev - fixed(report)) / share, P))
            with np.errstate(all="ignore"):
                rows[regime, "1e-7"] += not bare(network, network.grad, 1e-7) <= 1e-7
                rows[regime, "1e-5"] += not bare(network, network.grad, 1e-5) <= 1e-7
                rows[regime, "torch"] += not torch_rule(network, network.grad)
            rows[regime, "n"] += 1
    return rows, spent


def evaluations(spent: dict[str, list[tuple[float, float, int]]]) -> None:
    """The table of evaluations a component and point."""
    columns = ["mean", "median", "max", "max, P >= 20", "max, not fixed", "above 7", "of P >= 20"]
    print(
        "\nevaluations a component and point, on right code (what counts: see the top of the file)"
    )
    print(f"{'':16}" + "".join(f"{c:>16}" for c in columns))
    for name in [*spent, "all"]:
        rows = [row for regime in spent if name in (regime, "all") for row in spent[regime]]
        every = np.array([each for each, _, _ in rows])
        large = np.array([each for each, _, P in rows if P >= 20])
        rest = np.array([without for _, without, _ in rows])
        figures = [np.mean(every), np.median(every), np.max(every), np.max(large), np.max(rest)]
        above = [f"{np.sum(x > 7)} of {x.size}" for x in (every, large)]
        print(
            f"{name:16}"
            + "".join(f"{figure:>16.1f}" for figure in figures)
            + "".join(f"{text:>16}" for text in above)
        )


def run_wrong(count: int, first: int) -> Counter:
    rows: Counter = Counter()
    regimes = [regime for regime in REGIMES if regime != "float32"]
    k = 0
    while sum(rows[bug, "n"] for bug in BUGS) < count:
        bug = list(BUGS)[k % len(BUGS)]
        regime = regimes[k // len(BUGS) % len(regimes)]
        network = sample(regime, first + 1000 + k)
        grads = network.grad(network.params)
        names = [name for name, g in grads.items() if np.any(g)]
        k += 1
        if not names:
            continue
        name = names[k % len(names)]
        grad = with_bug(network, name, BUGS[bug], k)
        report = gcm.check(network.fun, grad, network.params, seed=k, repair=0)
        rows[bug, "n"] += 1
        rows[bug, report.verdict.name] += 1
        if report.verdict is gcm.FAIL:
            rows[bug, "exact"] += report.wrong == (name,)
        else:
            print(f"  {bug} in {name}, {regime}, {network.family}, seed {k}: {report.summary}")
        with np.errstate(all="ignore"):
            rows[bug, "1e-7"] += bare(network, grad, 1e-7) <= 1e-7
            rows[bug, "1e-5"] += bare(network, grad, 1e-5) <= 1e-7
            rows[bug, "torch"] += torch_rule(network, grad)
    return rows


def table(title: str, rows: Counter, columns: list[str]) -> None:
    names = list(dict.fromkeys(name for name, _ in rows))
    print(f"\n{title}\n{'':22}" + "".join(f"{c:>14}" for c in columns))
    for name in [*names, "all"]:
        chosen = names if name == "all" else [name]
        n = sum(rows[x, "n"] for x in chosen)
        cells = []
        for column in columns:
            if column == "n":
                cells.append(f"{n:>14}")
            else:
                cells.append(f"{100 * sum(rows[x, column] for x in chosen) / n:>13.1f}%")
        print(f"{name:22}" + "".join(cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    count, first = asked.count, asked.first
    start = time.perf_counter()
    right, spent = run_right(count, first)
    table(
        "right code called wrong (FAIL, and the fixed rules), or not told (INCONCLUSIVE)",
        right,
        ["n", "FAIL", "INCONCLUSIVE", "1e-7", "1e-5", "torch"],
    )
    evaluations(spent)
    wrong = run_wrong(count, first)
    table(
        "wrong code called right (PASS, and the fixed rules), or not told (INCONCLUSIVE); "
        "exactly the wrong array named",
        wrong,
        ["n", "PASS", "INCONCLUSIVE", "exact", "1e-7", "1e-5", "torch"],
    )
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
