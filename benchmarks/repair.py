"""How many bugs of the suites the repair mends: python -m benchmarks.repair [single|pairs|...]."""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module

import numpy as np

from gcmagic import FAIL
from gcmagic.check import check_problem
from gcmagic.diagnosis.repair import repair
from gcmagic.findings import Finding
from tests.suites.cases import APART, Case


def function_in(source: str, finding: Finding) -> tuple[int, int, str]:
    """Index of the first line, number of lines and indent of the function that is mended."""
    name = finding.title.partition(" of ")[2].partition(":")[0]
    *owner, short = name.split(".")
    lines = source.splitlines()
    start = 0
    if owner:
        start = next(
            k for k, line in enumerate(lines) if re.match(rf"\s*class {owner[-1]}\b", line)
        )
    first = next(k for k in range(start, len(lines)) if re.match(rf"\s*def {short}\b", lines[k]))
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    last = first + 1
    while last < len(lines) and (
        not lines[last].strip() or lines[last].startswith((indent + " ", indent + "\t"))
    ):
        last += 1
    return first, last - first, indent


def mended(case: Case, repairs: Iterable[Finding]) -> Case:
    """The case with the functions that the findings give in the place of its own."""
    source = case.source
    for finding in repairs:
        first, count, indent = function_in(source, finding)
        lines = source.splitlines()
        new = [indent + line if line else line for line in (finding.mended or "").splitlines()]
        source = "\n".join([*lines[:first], *new, *lines[first + count :]]) + "\n"
    return Case(replace(case.network, source=source, mutations=()))


def is_right(case: Case, right: Case) -> bool:
    """Whether two cases have one gradient at points in general."""
    a, b = right.problem(), case.problem()
    theta = a.layout.flatten(a.params)
    for seed in range(3):
        moved = theta + 0.3 * np.random.default_rng(seed).standard_normal(theta.size)
        x, y = a.gradient_at(moved), b.gradient_at(moved)
        if not np.max(np.abs(x - y)) <= 1e3 * APART * np.max(np.abs(x)):
            return False
    return True


def judged(case: Case, seconds: float) -> tuple[str, bool, float, tuple[Finding, ...]]:
    """What became of a case, whether on the right line, the seconds of CPU, the findings."""
    report = check_problem(case.problem(), init="random", steps=0, repair=0)
    if report.verdict is not FAIL:
        return "not caught", False, 0.0, ()
    start = time.process_time()
    found = repair(report, seconds)
    used = time.process_time() - start
    repairs = [f for f in found if f.code == "repair"]
    if not repairs:
        return ("unused name" if found else "missed"), False, used, found
    lines = set()
    for f in repairs:
        first = function_in(case.source, f)[0]
        lines |= {first + (f.line or 0)}
    gone = any(not m.after.strip() for m in case.mutations)
    near = {k + d for k in case.lines for d in ((-1, 0, 1) if gone else (0,))}
    new, right = mended(case, repairs), Case(case.network)
    if not is_right(new, right):
        return "WRONG", lines <= near, used, found
    good = not case.network.other or holds_elsewhere(new, right)
    return ("repaired" if good else "by chance"), lines <= near, used, found


def holds_elsewhere(case: Case, right: Case) -> bool:
    """Whether an edit holds for other data: a 3 that is a width here is none there."""
    try:
        return is_right(case.elsewhere(), right.elsewhere())
    except (ValueError, IndexError):  # shapes that do not fit
        return False


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    others = "or pairs, paths, unseen, held_out, fresh"
    parser.add_argument("suite", nargs="?", default="single", help=others)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--all", action="store_true", help="show what mends the rest, too")
    parser.add_argument("--seed", type=int, default=0, help="which pairs are drawn")
    parser.add_argument("--every", type=int, default=1, help="every so many cases")
    options = parser.parse_args(argv)
    suite = import_module("tests.suites.single")
    if options.suite == "single":
        cases = suite.SINGLE
    elif options.suite == "pairs":
        cases = suite.pairs(seed=options.seed)
    else:
        module = import_module(f"tests.suites.{options.suite}")
        cases = getattr(module, options.suite.upper())
    cases = [case for case in cases if options.only in case.name][:: options.every]
    table: dict[str, int] = {}
    times, on_line = [], 0
    for case in cases:
        outcome, is_on_line, used, found = judged(case, options.seconds)
        table[outcome] = table.get(outcome, 0) + 1
        if outcome != "not caught":
            times.append(used)
        on_line += outcome == "repaired" and is_on_line
        if options.all or outcome != "repaired" or not is_on_line:
            what = "; ".join(f"{f.line}: {f.after}" for f in found if f.code == "repair")
            print(f"{outcome:11} {used:5.2f} s  {case.name}\n            {what}", flush=True)
    count = len(cases)
    print(f"\n{count} bugs")
    for outcome, number in sorted(table.items()):
        print(f"{outcome:12} {number:4}  {number / count:6.1%}")
    repaired = table.get("repaired", 0)
    print(f"on the line  {on_line:4}  {on_line / max(repaired, 1):6.1%} of those repaired")
    if times:
        print(
            f"CPU seconds: median {statistics.median(times):.2f}, "
            f"p90 {sorted(times)[int(0.9 * len(times))]:.2f}, largest {max(times):.2f}"
        )
    return table.get("WRONG", 0) > 0


if __name__ == "__main__":
    sys.exit(main())
