"""How the cost of a check grows with the number of parameters, and how much memory it takes.

    python benchmarks/growth.py [--most P] [--repeats N] [--plot PATH]

Networks of two layers, 32 examples, P from 1e2 to 1e6, each in a process of its own; the check of
every component. Memory is the most that the process has had, less what it held before. Of the
repeats the median; bare calls and check follow each other in each.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from costs import dense

import gcmagic as gcm

# inputs and hidden units; P = (inputs + 1) hidden + 5 hidden + 5
SIZES = ((4, 10), (16, 16), (32, 28), (64, 47), (128, 80), (256, 120), (784, 127), (784, 1266))


def peak() -> float:
    """Most memory that this process has had, MiB."""
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def one(inputs: int, hidden: int, repeats: int) -> dict[str, float]:
    case = dense((inputs, hidden, 5), 32)
    size = sum(v.size for v in case.params.values())
    calls = 200
    held, bare, check = peak(), [], []
    for _ in range(repeats):
        began = time.perf_counter()
        for _ in range(calls):
            case.fun(case.params)
        bare.append((time.perf_counter() - began) / calls)
        began = time.perf_counter()
        report = gcm.check(case.fun, case.grad, case.params, steps=0, budget=None)
        check.append(time.perf_counter() - began)
        assert report.passed
    return {
        "P": size,
        "bare": 2 * size * statistics.median(bare),
        "check": statistics.median(check),
        "memory": peak() - held,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="How cost and memory grow with P.")
    parser.add_argument("--most", type=float, default=1e6)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--plot", type=Path, default=Path("growth.png"))
    parser.add_argument("--one", type=int, nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(*asked.one, asked.repeats)))
        return
    rows = []
    print(f"{'P':>9}{'2P bare calls':>16}{'check':>12}{'faster':>9}{'memory':>12}")
    for inputs, hidden in SIZES:
        if (inputs + 6) * hidden + 5 > 1.1 * asked.most:
            continue
        command = [sys.executable, __file__, "--one", str(inputs), str(hidden)]
        command += ["--repeats", str(asked.repeats)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        rows.append(row)
        print(
            f"{row['P']:9,}{row['bare']:14.3f} s{row['check']:10.3f} s"
            f"{row['bare'] / row['check']:8.1f}x{row['memory']:8.0f} MiB",
            flush=True,
        )
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    sizes = np.array([row["P"] for row in rows])
    axes.plot(sizes, [row["bare"] for row in rows], "o-", label="2P bare forward calls")
    axes.plot(sizes, [row["check"] for row in rows], "s-", label="gcm.check(..., steps=0)")
    axes.set(xscale="log", yscale="log", xlabel="parameters", ylabel="seconds")
    axes.legend()
    figure.savefig(asked.plot, dpi=150)
    print(f"saved {asked.plot}")


if __name__ == "__main__":
    main()
