"""What fits into the time that a check may take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from .clock import EACH, Clock
from .directions import coordinates, sample_for
from .evaluation import Evaluator
from .fast import beside
from .findings import Finding
from .parameters import Block
from .phase import Settings
from .problem import Problem
from .proving import SLOPES
from .schemes import CENTRAL
from .slopes import moves

# steps of training, with what finds their rate, in calls of the cost and of the gradient
TRAINED = 8
# evaluations that have to be there before it is tried whether many copies in one call are quicker
TRIED = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """How to look, at how many points, and what is to be said of that."""

    settings: Settings
    points: int
    findings: tuple[Finding, ...] = ()


def within(
    clock: Clock,
    problem: Problem,
    theta: np.ndarray,
    settings: Settings,
    points: int,
    evaluator: Evaluator,
) -> Plan:
    """The settings, fast where all components would take longer than the budget.

    Where that takes long as well, it is at one point, with fewer components beside the directions.
    """
    if clock.budget is None:
        return Plan(settings, points)
    blocks = problem.layout.select(settings.layers)
    screened = settings.fast
    if not settings.fast:
        sample, each = _sample(clock, problem, theta, settings, points, evaluator)
        if sample is None:
            used = EACH * sum(block.size for block in blocks)
            return Plan(replace(settings, spare=_spare(clock, each, points, used)), points)
        settings = replace(settings, sample=sample, fast=True)
    one = clock.screening(len(blocks))
    training = TRAINED * (clock.cost + clock.gradient)
    left_out = points == 2 and 2 * one + training > clock.left
    if left_out:
        points, training = 1, 0.0
    spare = _spare(clock, clock.cost, points, (one + training / points) / clock.cost)
    told = () if screened and not left_out else (_over(blocks, screened, left_out),)
    return Plan(replace(settings, spare=spare), points, told)


def _spare(clock: Clock, each: float, points: int, used: float) -> float:
    """Evaluations of so many seconds that a point may take beyond those of a right gradient."""
    return max(0.0, clock.left / each / points - used)


def _sample(
    clock: Clock,
    problem: Problem,
    theta: np.ndarray,
    settings: Settings,
    points: int,
    evaluator: Evaluator,
) -> tuple[int | None, float]:
    """How many components of every array fit into the budget, None where all of them do.

    And the seconds that an evaluation takes, of many in one call where that is quicker.
    """
    blocks, seconds = problem.layout.select(settings.layers), clock.cost
    sizes = [block.size for block in blocks]
    sample = sample_for(sizes, seconds, clock.budget, points)
    if sample is None or TRIED * seconds > max(clock.budget or 0.0, clock.left):
        return sample, seconds
    # many copies in one call may be quicker than one by one: try some
    largest = max(blocks, key=lambda block: block.size)
    tried = coordinates(largest, min(4096, max(2, int(3 / seconds))), settings.seed)
    at = largest.start + tried
    start = perf_counter()
    evaluator(problem, theta, at, theta[at, None] + np.array([-1e-5, 1e-5]))
    seconds = min(seconds, (perf_counter() - start) / (2 * tried.size))
    if settings.scheme is CENTRAL and settings.epsilon is None:
        sizes = moves(evaluator, problem, theta, blocks)
    return sample_for(sizes, seconds, clock.budget, points), seconds


def _over(blocks: tuple[Block, ...], screened: bool, left_out: bool) -> Finding:
    """What is said of a check that the budget made smaller."""
    size = f"{sum(block.size for block in blocks):,} components"
    if screened:
        return Finding(
            "over-budget",
            "",
            "a point after training would have taken longer than the budget, and was left out",
            size,
            "Nothing, for a verdict at this point. For the other fewer examples "
            "(--data X[:, :16],Y[:, :16]) or more time (--budget SECONDS).",
        )
    return Finding(
        "over-budget",
        "",
        "all components one by one would take longer than the budget, so random directions "
        f"screened them{', at one point' * left_out}",
        f"{size}; a few of every array were looked at by themselves"
        f"{'; the point after training was left out' * left_out}",
        "Nothing, for a verdict. For the figure of every component take fewer examples "
        "(--data X[:, :16],Y[:, :16]) or more time (--budget SECONDS).",
    )


def one_point_only() -> Finding:
    """What is said where the first point took so long that there is no time for another."""
    return Finding(
        "over-budget",
        "",
        "the first point took more than half of the budget, so there is none after training",
        "what is wrong is looked at closely, which takes longer than what is right",
        "Nothing where this point tells. For the other fewer examples (--data X[:, :16],Y[:, :16]) "
        "or more time (--budget SECONDS).",
    )


def components_of(blocks: tuple[Block, ...], settings: Settings) -> int:
    """How many components a point takes where the gradient is right, a slope counted as one."""
    if settings.fast:
        few = beside(settings, len(blocks))
        return SLOPES + sum(min(few, block.size) for block in blocks)
    return sum(block.size for block in blocks)
