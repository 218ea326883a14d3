"""A second look in extended precision: a bug, or what rounding makes of right code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .derivatives import derivative
from .directional import turned
from .problem import Problem
from .rungs import Question
from .schemes import CENTRAL, UNIT_ROUNDOFF

# steps in extended precision, the likeliest first: short ones for a kink nearby, long ones for
# stairs of rounding
EXTENDED = (1.0, 10.0, 1 / 8, 100.0, 1 / 64)


def slopes_right_in_extended_precision(
    problem: Problem,
    theta: np.ndarray,
    directions: np.ndarray,
    analytic: np.ndarray,
    numeric: np.ndarray,
) -> tuple[np.ndarray, int]:
    """The same of slopes along directions, one a row: which of them rounding alone explains."""
    count = len(directions)
    asked = Question(
        np.arange(count), analytic, np.full(count, CENTRAL.epsilon), 0.0, 0.0, 0.0, 1.0, 0.0
    )
    at = turned(problem, theta, directions)
    return right_in_extended_precision(at, np.zeros(count), asked, numeric)


def right_in_extended_precision(
    problem: Problem,
    theta: np.ndarray,
    asked: Question,
    numeric: np.ndarray,
    stretches: Sequence[float] = EXTENDED,
) -> tuple[np.ndarray, int]:
    """Which components agree three times better when the same code runs with 11 more bits.

    Near saturation cost or backward may lose most of their digits, in log(1 - a) for one, and then
    right code disagrees at every step. A bug is off by as much in any precision; what rounding
    makes shrinks with it, in stairs that are still there, so that one of the steps has to be wide
    enough. A component that agrees at one step takes no further ones. All False where extended
    precision is not to be had.
    """
    right = np.zeros(asked.components.shape, dtype=bool)
    if np.finfo(np.longdouble).eps >= np.finfo(float).eps:
        return right, 0
    allowed, nfev = 0.3 * np.abs(asked.analytic - numeric), 0
    try:
        params = problem.layout.workspace(theta, np.longdouble).params
        gradient = problem.layout.flatten_gradient(problem.grad(params))[asked.components]
        right = np.abs(gradient - numeric) <= allowed  # the slope was right, backward lost digits
        size = abs(asked.cost)
        for stretch in stretches:
            # J comes back in float64, whose rounding a short step magnifies to any slope at all;
            # and along a long one it bends to any
            steps = stretch * asked.steps
            told = UNIT_ROUNDOFF * size <= allowed * steps
            told &= (stretch <= 1) | (
                steps**2 * np.fmax(np.abs(gradient), np.abs(numeric)) <= allowed
            )
            left = np.flatnonzero(told & ~right)
            if not left.size:
                continue
            found = derivative(
                problem,
                theta,
                asked.components[left],
                steps[left],
                CENTRAL,
                dtype=np.longdouble,
            )
            nfev += found.nfev
            assert found.costs is not None
            size = max(size, float(np.max(np.abs(found.costs))))
            told = UNIT_ROUNDOFF * size * found.amplified <= allowed[left]
            right[left] = told & (np.abs(gradient[left] - found.values) <= allowed[left])
    except Exception:  # the check has its answer; this is a second look at it
        return np.zeros(asked.components.shape, dtype=bool), nfev
    return right, nfev
