"""A few steps of gradient descent on copies, to have a second point to check at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from .findings import Finding
from .problem import Problem

HALVINGS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step that was taken: where it led, what the cost was there, and the rate."""

    theta: np.ndarray
    cost: float
    learning_rate: float


def train(
    problem: Problem, theta: np.ndarray, steps: int, learning_rate: float | None
) -> tuple[tuple[int, Step] | None, tuple[Finding, ...]]:
    """The last of the steps and how many there were, or why there is no point after training."""
    before = problem.cost_at(theta)
    taken = list(islice(descend(problem, theta, learning_rate), steps)) if before == before else []
    if not taken:
        return None, (
            Finding(
                "no-descent",
                "",
                "no training step lowers the cost, so there is no point after training",
                "tried steps along minus the gradient, from a tenth of the parameters' norm down",
                "Expected where the gradient is wrong or zero; otherwise give --learning-rate.",
            ),
        )
    last = taken[-1]
    told: tuple[Finding, ...] = ()
    if not last.cost < before:
        told = (
            Finding(
                "cost-rose",
                "",
                f"{len(taken)} training steps did not lower the cost",
                f"cost {before:.3g} before, {last.cost:.3g} after, at the learning rate "
                f"{last.learning_rate:g} that was given",
                "Leave --learning-rate away, or make it smaller.",
            ),
        )
    return (len(taken), last), told


def descend(
    problem: Problem, theta: np.ndarray, learning_rate: float | None = None
) -> Iterator[Step]:
    """Descent by the user's own gradient; ends where no step lowers the cost.

    Without a `learning_rate` the first one moves theta by a tenth of its norm, and every step
    halves the rate until the cost falls (Armijo's rule with c = 0); a rate that worked is doubled
    for the next step. With one, the steps are taken whatever the cost does.
    """
    cost = problem.cost_at(theta)
    rate = learning_rate
    while True:
        gradient = problem.gradient_at(theta)
        length = float(np.linalg.norm(gradient))
        if not (np.isfinite(length) and length > 0):
            return
        if learning_rate is not None:
            theta = theta - learning_rate * gradient
            cost = problem.cost_at(theta)
            yield Step(theta, cost, learning_rate)
            continue
        if rate is None:
            rate = 0.1 * max(float(np.linalg.norm(theta)), 1e-3) / length
        found = _lower(problem, theta, cost, gradient, rate)
        if found is None:
            return
        yield found
        theta, cost, rate = found.theta, found.cost, 2 * found.learning_rate


def _lower(
    problem: Problem, theta: np.ndarray, cost: float, gradient: np.ndarray, rate: float
) -> Step | None:
    for _ in range(HALVINGS):
        there = theta - rate * gradient
        with np.errstate(all="ignore"):  # a long first step may overflow; it is not taken then
            reached = problem.cost_at(there)
        if reached < cost:
            return Step(there, reached, rate)
        rate /= 2
    return None
