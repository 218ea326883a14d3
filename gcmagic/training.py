"""A few steps of gradient descent on copies, to have a second point to check at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .problem import Problem

HALVINGS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step that was taken: where it led, what the cost was there, and the rate."""

    theta: np.ndarray
    cost: float
    learning_rate: float


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
