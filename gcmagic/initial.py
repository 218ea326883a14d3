"""The point where a check begins: drawn at random, or as given."""

from __future__ import annotations

import numpy as np

from .errors import GradcheckError
from .findings import Finding
from .parameters import ParameterLayout
from .problem import Problem
from .refusals import not_a_number

SPREAD = 0.1


def draw(layout: ParameterLayout, theta: np.ndarray, seed: int) -> np.ndarray:
    """A random theta with the scales of the given one, and no array left at a constant.

    An array that varies keeps its mean where that dominates (a gain near one) and its spread. One
    that does not vary is where bugs hide (a bias at zero, a gamma at one): it gets a spread of
    `SPREAD`, or of the smallest spread among the others where those are smaller, about its value.
    """
    rng = np.random.default_rng(seed)
    finite = [theta[b.slice][np.isfinite(theta[b.slice])] for b in layout.blocks]
    spreads = [float(np.std(values)) for values in finite if values.size > 1]
    spreads = [s for s in spreads if np.isfinite(s) and s > 0]
    default = min([SPREAD, *spreads]) if spreads else SPREAD
    default = max(default, 0.01)
    drawn = np.empty_like(theta)
    for block, values in zip(layout.blocks, finite, strict=True):
        values = values if values.size else np.zeros(1)
        mean, spread = float(np.mean(values)), float(np.std(values))
        if not spread > 0:
            spread = default * max(1.0, abs(mean))
        centre = mean if abs(mean) > 3 * spread else 0.0
        drawn[block.slice] = centre + spread * rng.standard_normal(block.size)
    return drawn


def jitter(theta: np.ndarray, seed: int) -> np.ndarray:
    """The given values, each moved by about a tenth of its size."""
    rng = np.random.default_rng(seed)
    return theta + SPREAD * np.maximum(np.abs(theta), SPREAD) * rng.standard_normal(theta.shape)


def random_start(
    problem: Problem, theta: np.ndarray, seed: int
) -> tuple[str, np.ndarray, tuple[Finding, ...]]:
    """Name, theta and findings of the first random point at which cost and gradient are finite."""
    drawn = draw(problem.layout, theta, seed)
    odd = not_a_number(problem.layout, theta)
    if _is_finite(problem, drawn):
        return "random initialisation", drawn, () if odd is None else (odd,)
    why = "at a random initialisation cost or gradient is not finite, or cannot be computed"
    jittered = jitter(theta, seed)
    if _is_finite(problem, jittered):
        told = Finding(
            "start",
            "",
            "started near the given parameters instead of at random ones",
            why,
            "Nothing, if the parameters are bounded (variances, probabilities).",
        )
        return "near the given parameters", jittered, (told,)
    told = Finding(
        "start", "", "started at the given parameters", why, "Check that the cost is finite nearby."
    )
    return "given parameters", theta.copy(), (told,)


def _is_finite(problem: Problem, theta: np.ndarray) -> bool:
    try:
        with np.errstate(all="ignore"):
            finite = np.isfinite(problem.cost_at(theta))
            return bool(finite and np.all(np.isfinite(problem.gradient_at(theta))))
    except GradcheckError:
        return False
