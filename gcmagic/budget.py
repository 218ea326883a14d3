"""What fits into the time that a check may take."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np

from .directions import coordinates, sample_for
from .evaluation import Evaluator
from .fast import BESIDE
from .findings import Finding
from .parameters import Block
from .phase import Settings
from .problem import Problem
from .schemes import CENTRAL
from .screening import SLOPES
from .slopes import moves


def within(
    budget: float | None,
    problem: Problem,
    theta: np.ndarray,
    settings: Settings,
    points: int,
    evaluator: Evaluator,
) -> tuple[Settings, tuple[Finding, ...]]:
    """The settings, fast where all components would take longer than the budget."""
    if settings.fast or budget is None:
        return settings, ()
    blocks = problem.layout.select(settings.layers)
    start = perf_counter()
    problem.cost_at(theta)
    seconds = perf_counter() - start
    sizes = [block.size for block in blocks]
    sample = sample_for(sizes, seconds, budget, points)
    if sample is not None:  # many copies in one call may be quicker than one by one: try some
        largest = max(blocks, key=lambda block: block.size)
        tried = coordinates(largest, min(4096, max(2, int(3 / seconds))), settings.seed)
        at = largest.start + tried
        start = perf_counter()
        evaluator(problem, theta, at, theta[at, None] + np.array([-1e-5, 1e-5]))
        seconds = min(seconds, (perf_counter() - start) / (2 * tried.size))
        if settings.scheme is CENTRAL and settings.epsilon is None:
            sizes = moves(evaluator, problem, theta, blocks)
        sample = sample_for(sizes, seconds, budget, points)
    if sample is None:
        return settings, ()
    return replace(settings, sample=sample, fast=True), (
        Finding(
            "over-budget",
            "",
            "all components one by one would take longer than the budget, so random directions "
            "screened them",
            f"{sum(b.size for b in blocks):,} components; a few of every array were looked at by "
            "themselves",
            "Nothing, for a verdict. For the figure of every component take fewer examples "
            "(--data X[:, :16],Y[:, :16]) or more time (--budget SECONDS).",
        ),
    )


def components_of(blocks: tuple[Block, ...], settings: Settings) -> int:
    """How many components a point takes where the gradient is right, a slope counted as one."""
    if settings.fast:
        return SLOPES + sum(min(BESIDE, block.size) for block in blocks)
    return sum(block.size for block in blocks)
