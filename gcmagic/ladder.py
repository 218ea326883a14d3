"""Second opinion on components that disagree: centred differences over a ladder of steps.

Each pair of neighbouring steps (h, 4h) gives an extrapolated slope and its error::

    R = (16 D(h) - D(4h)) / 15        err = |D(4h) - D(h)| / 3 + noise / h + rounding of g

The third, not the fifteenth, of what one step of the ladder changes: it bounds the error where D
converges with the first power of h only, at a jump of the curvature (relu times its own weight).

A component is wrong only where two pairs exclude g and agree with each other, and where the slopes
from left and right come together as h falls; where they do not, the cost has a kink there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .comparison import Status
from .derivatives import derivative
from .evaluation import Evaluator
from .problem import Problem
from .schemes import CENTRAL

# a slope is resolved where three times its error is below this part of the largest in its array
RESOLUTION = 0.003
# the steps that settle most questions, and those that are spent on what they leave open
NEAR = 4.0 ** np.arange(-1, 2)
FAR = 4.0 ** np.arange(-3, 4)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the ladder says of each component: a slope, its error, and a Status."""

    values: np.ndarray
    errors: np.ndarray
    status: np.ndarray
    nfev: int


@dataclass(frozen=True, slots=True)
class Question:
    """Components of theta whose gradient is doubted.

    Attributes
    ----------
    components, analytic
        Which ones, and g there.
    steps
        The middle step of the ladder, one a component.
    cost, noise
        J at theta and the absolute error of one J.
    rounding
        The absolute error of g itself, from the rounding in the backward pass.
    scale
        The largest gradient in the parameter array, which `RESOLUTION` goes by.
    threshold
        Relative deviation that is let pass whatever the error.
    """

    components: np.ndarray
    analytic: np.ndarray
    steps: np.ndarray
    cost: float
    noise: float
    rounding: float
    scale: float
    threshold: float

    def only(self, places: np.ndarray) -> Question:
        """The same question about some of the components."""
        return replace(
            self,
            components=self.components[places],
            analytic=self.analytic[places],
            steps=self.steps[places],
        )


def judge(
    problem: Problem, theta: np.ndarray, asked: Question, evaluator: Evaluator | None = None
) -> Opinion:
    """Three steps for every component, and seven for those that three leave open."""
    first = _climb(problem, theta, asked, NEAR, evaluator)
    left = np.flatnonzero(np.isin(first.status, (Status.NOISY, Status.NOT_FINITE)))
    if not left.size:
        return first
    second = _climb(problem, theta, asked.only(left), FAR, evaluator)
    values, errors, status = first.values.copy(), first.errors.copy(), first.status.copy()
    values[left], errors[left], status[left] = second.values, second.errors, second.status
    return Opinion(values, errors, status, first.nfev + second.nfev)


def steady(
    problem: Problem, theta: np.ndarray, asked: Question, evaluator: Evaluator | None = None
) -> tuple[np.ndarray, int]:
    """Which components are wrong by more than their slope changes over six steps.

    Rounding may come in stairs that are wider than three steps of the ladder, log(1 - a + 1e-12)
    near a = 1 for one; then neighbouring steps agree with each other on a wrong slope.
    """
    slopes, noise = [], []
    nfev = 0
    for rung in FAR[:-1]:
        found = derivative(problem, theta, asked.components, rung * asked.steps, CENTRAL, evaluator)
        slopes.append(found.values)
        noise.append(3 * asked.noise / found.steps)
        nfev += found.nfev
    d, n = np.array(slopes), np.array(noise)
    middle = d[len(d) // 2]
    off = np.abs(asked.analytic - middle)
    with np.errstate(invalid="ignore"):
        spread = np.max(np.where(n < off, np.abs(d - middle) - n, 0.0), axis=0)
    return off > 2 * spread, nfev


def _climb(
    problem: Problem,
    theta: np.ndarray,
    asked: Question,
    rungs: np.ndarray,
    evaluator: Evaluator | None,
) -> Opinion:
    analytic, noise = asked.analytic, asked.noise
    slopes, gaps, taken = [], [], []
    nfev = 0
    for rung in rungs:
        found = derivative(problem, theta, asked.components, rung * asked.steps, CENTRAL, evaluator)
        below, above = found.costs.T
        slopes.append(found.values)
        gaps.append((above - 2 * asked.cost + below) / found.steps)
        taken.append(found.steps)
        nfev += found.nfev
    d, gap, h = np.array(slopes), np.array(gaps), np.array(taken)
    with np.errstate(invalid="ignore"):
        values = (16 * d[:-1] - d[1:]) / 15
        errors = np.abs(d[1:] - d[:-1]) / 3 + 1.2 * noise / h[:-1] + asked.rounding
    errors = np.where(np.isfinite(errors), errors, np.inf)

    each = np.arange(len(analytic))
    best = np.argmin(errors, axis=0)
    value, error = values[best, each], errors[best, each]
    off = np.abs(analytic - value)
    allowed = 3 * error + asked.threshold * (np.abs(analytic) + np.abs(value))

    excludes = np.abs(analytic - values) > 3 * errors + asked.threshold * (
        np.abs(analytic) + np.abs(values)
    )
    same = np.abs(values - value) <= 3 * (errors + error)
    confirmed = np.sum(excludes & same, axis=0) >= 2
    low, high = np.abs(gap[best, each]), np.abs(gap[best + 1, each])
    corner = (low > 0.5 * high) & (low > 2 * noise / h[best, each]) & (low >= 0.01 * off)

    status = np.full(len(analytic), Status.NOISY, dtype=np.int8)
    status[(off <= allowed) & (3 * error <= RESOLUTION * asked.scale)] = Status.AGREES
    status[(off > allowed) & confirmed] = Status.WRONG
    status[(off > allowed) & corner] = Status.KINK
    status[~np.isfinite(value)] = Status.NOT_FINITE
    return Opinion(value, error, status, nfev)
