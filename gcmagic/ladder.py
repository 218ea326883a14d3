"""Second opinion on components that disagree: centred differences over a ladder of steps.

Each pair of neighbouring steps (h, 4h) gives an extrapolated slope and its error::

    R = (16 D(h) - D(4h)) / 15        err = |D(4h) - D(h)| / 15 + noise / h + rounding of g

A component is wrong only where two pairs exclude g and agree with each other, and where the slopes
from left and right come together as h falls; where they do not, the cost has a kink there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .comparison import Status
from .derivatives import derivative
from .evaluation import Evaluator
from .problem import Problem
from .schemes import CENTRAL

RUNGS = 4.0 ** np.arange(-3, 4)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the ladder says of each component: a slope, its error, and a Status."""

    values: np.ndarray
    errors: np.ndarray
    status: np.ndarray
    nfev: int


def climb(
    problem: Problem,
    theta: np.ndarray,
    components: np.ndarray,
    steps: np.ndarray,
    analytic: np.ndarray,
    cost: float,
    noise: float,
    rounding: float,
    scale: float,
    threshold: float,
    evaluator: Evaluator | None = None,
) -> Opinion:
    """Judge `components` of theta.

    Parameters
    ----------
    steps
        The middle step of the ladder, one a component.
    analytic
        g at these components.
    cost, noise
        J at theta and the absolute error of one J.
    rounding
        The absolute error of g itself, from the rounding in the backward pass.
    scale
        The largest gradient in the parameter array: one that is resolved to worse than a hundredth
        of it is not resolved.
    threshold
        Relative deviation that is let pass whatever the error.
    """
    slopes, gaps, taken = [], [], []
    nfev = 0
    for rung in RUNGS:
        found = derivative(problem, theta, components, rung * steps, CENTRAL, evaluator)
        below, above = found.costs.T
        slopes.append(found.values)
        gaps.append((above - 2 * cost + below) / found.steps)
        taken.append(found.steps)
        nfev += found.nfev
    d, gap, h = np.array(slopes), np.array(gaps), np.array(taken)
    with np.errstate(invalid="ignore"):
        values = (16 * d[:-1] - d[1:]) / 15
        errors = np.abs(d[1:] - d[:-1]) / 15 + 1.2 * noise / h[:-1] + rounding
    errors = np.where(np.isfinite(errors), errors, np.inf)

    each = np.arange(len(components))
    best = np.argmin(errors, axis=0)
    value, error = values[best, each], errors[best, each]
    off = np.abs(analytic - value)
    allowed = 3 * error + threshold * (np.abs(analytic) + np.abs(value))

    excludes = np.abs(analytic - values) > 3 * errors + threshold * (
        np.abs(analytic) + np.abs(values)
    )
    same = np.abs(values - value) <= 3 * (errors + error)
    confirmed = np.sum(excludes & same, axis=0) >= 2
    low, high = np.abs(gap[best, each]), np.abs(gap[best + 1, each])
    corner = (low > 0.5 * high) & (low > 2 * noise / h[best, each]) & (low >= 0.5 * off)

    status = np.full(len(components), Status.NOISY, dtype=np.int8)
    status[(off <= allowed) & (3 * error <= 0.01 * scale)] = Status.AGREES
    status[(off > allowed) & confirmed] = Status.WRONG
    status[(off > allowed) & corner] = Status.KINK
    status[~np.isfinite(value)] = Status.NOT_FINITE
    return Opinion(value, error, status, nfev)
