"""Points beside theta, where what is special at it, or out of sight, is neither."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .draws import normal
from .errors import GradcheckError
from .problem import Problem

POINTS = 2


def jittered(
    problem: Problem, theta: np.ndarray, seed: int, count: int = POINTS
) -> Iterator[np.ndarray]:
    """Points beside theta, away from kinks and special values, every other one less saturated.

    Theta + 0.2 max(rms, 1) N(0, 1), array by array; for every second point an array whose rms is
    above 1 is shrunk to 1 first.
    """
    blocks = problem.layout.blocks
    starts, counts = [b.start for b in blocks], [b.size for b in blocks]
    sizes = np.sqrt(np.add.reduceat(theta**2, starts) / counts)
    scales = np.repeat(0.2 * np.maximum(sizes, 1.0), counts)
    for k in range(count):
        numbers = normal((seed + 1 + k,), theta.size)
        moved = numbers * scales
        moved += theta
        for place in np.flatnonzero(sizes > 1) if k % 2 else ():
            own = blocks[place].slice
            moved[own] = 0.2 * numbers[own] + theta[own] / sizes[place]
        yield moved


def cost_beside(problem: Problem, theta: np.ndarray, cost: float, seed: int) -> tuple[float, int]:
    """The largest |J| at points beside theta, 0 where J is `cost` at all; and the evaluations."""
    found, nfev = [0.0], 0
    for point in jittered(problem, theta, seed):
        try:
            nfev += 1
            value = problem.cost_at(point)
        except GradcheckError:  # a point that the user did not ask for
            continue
        if np.isfinite(value) and value != cost:
            found.append(abs(value))
    return max(found), nfev


def gradients_beside(problem: Problem, thetas: list[np.ndarray]) -> np.ndarray:
    """The absolute gradient at each point, a row each; NaN where it cannot be had."""
    rows = np.full((len(thetas), problem.layout.size), np.nan)
    for row, theta in zip(rows, thetas, strict=True):
        try:
            row[:] = np.abs(problem.gradient_at(theta))
        except GradcheckError:
            continue
    return rows
