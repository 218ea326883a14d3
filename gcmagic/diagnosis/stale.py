"""A gradient of the call before: what backward reads was not made anew."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..comparison import Comparison
from ..findings import Finding
from ..problem import Problem
from .evidence import EVIDENCE, Evidence
from .layers import listed


def stale(evidence: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """The gradient stays the same to the last bit when all parameters move."""
    if evidence.problem is None or not wrong:
        return
    theta = evidence.phase.theta
    rng = np.random.default_rng(evidence.settings.seed)
    moved = theta + 0.1 * np.maximum(np.abs(theta), 0.1) * rng.standard_normal(theta.size)
    try:
        elsewhere = evidence.problem.gradient_at(moved)
    except Exception:  # the check has its answer; this is a second look at it
        return
    still = []
    for block in wrong:
        at = block.block.start + block.components
        same = np.array_equal(elsewhere[at], block.analytic)
        if same and np.any(block.analytic) and block.analytic.size >= EVIDENCE:
            largest = int(np.argmax(np.abs(block.numeric)))
            now = _slope(evidence.problem, moved, int(at[largest]))
            before, error = block.numeric[largest], block.error[largest]
            if abs(now - before) > 10 * error + 1e-3 * abs(before):
                still.append(block)
    if still:
        names = [block.name for block in still]
        yield Finding(
            "stale",
            " ".join(names),
            f"{' '.join(names)}: the gradient does not change when the parameters do",
            f"all {sum(b.analytic.size for b in still)} components are the same at another point",
            f"{listed(names)} may be made of a stale cache, or of values of an earlier call: does "
            "backward use what this forward pass returned?",
        )


def _slope(problem: Problem, theta: np.ndarray, component: int) -> float:
    """A slope of the cost, good to a thousandth: enough to say that it is another one."""
    ends = []
    for step in (-1e-4, 1e-4):
        there = theta.copy()
        there[component] += step
        ends.append(problem.cost_at(there))
    return (ends[1] - ends[0]) / 2e-4
