"""A table of centred differences over many steps, and what it says of each component.

Each pair of neighbouring steps (h, 4h) gives an extrapolated slope and its error::

    R(h) = (16 D(h) - D(4h)) / 15     err = |D(4h) - D(h)| / 3 + noise / h + rounding of g

The third, not the fifteenth, of what one step of the ladder changes: it bounds the error where D
converges with the first power of h only, at a jump of the curvature (relu times its own weight).
Three steps give two slopes that have to agree, and |R(4h) - R(h)| bounds the error of R(h) for
either power, closely where the cost is smooth; the lesser of the two bounds is taken.

A component is wrong only where two pairs exclude g and agree with each other, and where the slopes
from left and right come together as h falls; where they do not, the cost has a kink there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .comparison import Status
from .derivatives import Derivative, derivative
from .evaluation import Evaluator
from .problem import Problem
from .schemes import CENTRAL

# a slope is resolved where three times its error is below this part of the largest in its array
RESOLUTION = 0.003
# rungs are steps 4**k times the middle one
RUNGS = range(-3, 7)
# above the middle one no step beyond this part of max(1, |theta_i|): a cost is not smooth over more
LONGEST = 2.0
# what more steps may settle
OPEN = (Status.NOISY, Status.NOT_FINITE)


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
        """The same about some of the components."""
        return replace(
            self,
            components=self.components[places],
            analytic=self.analytic[places],
            steps=self.steps[places],
        )


class Table:
    """Centred differences by rung and component, as far as they have been taken; else NaN."""

    __slots__ = (
        "asked",
        "costs",
        "evaluator",
        "gaps",
        "nfev",
        "noise",
        "problem",
        "slopes",
        "steps",
        "taken",
        "theta",
    )

    def __init__(
        self,
        problem: Problem,
        theta: np.ndarray,
        asked: Question,
        evaluator: Evaluator | None,
        known: Derivative | None = None,
    ) -> None:
        self.problem, self.theta, self.asked, self.evaluator = problem, theta, asked, evaluator
        shape = (len(RUNGS), len(asked.analytic))
        self.slopes, self.gaps = np.full(shape, np.nan), np.full(shape, np.nan)
        self.steps = asked.steps * 4.0 ** np.array(RUNGS)[:, None]
        self.noise = np.full(shape, asked.noise)
        self.taken = np.zeros(shape, dtype=bool)
        self.nfev = 0
        if known is not None:
            self.put(0, np.arange(shape[1]), known)
            self.nfev = 0

    def put(self, rung: int, places: np.ndarray, found: Derivative) -> None:
        """Take down what one step gave."""
        row = rung - RUNGS[0]
        assert found.costs is not None
        below, above = found.costs.T
        self.slopes[row, places] = found.values
        self.gaps[row, places] = (above - 2 * self.asked.cost + below) / found.steps
        self.steps[row, places] = found.steps
        with np.errstate(divide="ignore", invalid="ignore"):
            larger = np.maximum(np.abs(below), np.abs(above)) / abs(self.asked.cost)
        self.noise[row, places] *= np.fmax(larger, 1.0)
        self.taken[row, places] = True
        self.nfev += found.nfev

    def climb(self, rung: int, places: np.ndarray) -> None:
        """Take one step for some components, those that have it already left out."""
        if rung not in RUNGS:
            return
        row = rung - RUNGS[0]
        reach = LONGEST * np.maximum(1.0, np.abs(self.theta[self.asked.components]))
        within = (rung <= 0) | (self.steps[row] <= reach)
        new = places[~self.taken[row, places] & within[places]]
        if new.size:
            at = self.asked.components[new]
            steps = self.steps[row, new]
            found = derivative(self.problem, self.theta, at, steps, CENTRAL, self.evaluator)
            self.put(rung, new, found)

    def climb_each(self, rungs: np.ndarray, places: np.ndarray) -> None:
        """Take the step of `rungs` that belongs to each component."""
        for rung in np.unique(rungs[places]):
            self.climb(int(rung), places[rungs[places] == rung])

    def sufficient(self, places: np.ndarray) -> np.ndarray:
        """The lowest rung at which noise alone would leave a slope resolved; beyond all if none."""
        needed = 0.5 * RESOLUTION / 3 * self.asked.scale - self.asked.rounding
        with np.errstate(divide="ignore"):
            steps = np.float64(1.2 * self.asked.noise) / max(needed, 0.0) / self.asked.steps[places]
            rungs = np.ceil(np.log(steps) / np.log(4.0))
        return np.clip(rungs, 1, RUNGS[-1] + 1).astype(int)

    def excess(self) -> np.ndarray:
        """How far off each is, in units of its error."""
        opinion = self.opinion()
        with np.errstate(invalid="ignore", divide="ignore"):
            off = np.abs(self.asked.analytic - opinion.values) / opinion.errors
        return np.nan_to_num(off, nan=np.inf)

    def unsettled(self, places: np.ndarray) -> np.ndarray:
        """Those among `places` that the steps so far leave open."""
        return places[np.isin(self.opinion().status[places], OPEN)]

    def disagreeing(self, places: np.ndarray) -> np.ndarray:
        """Those left open that are further off than the error that they have now."""
        opinion = self.opinion()
        off = np.abs(self.asked.analytic - opinion.values)
        left = self.unsettled(places)
        return left[(off > 3 * opinion.errors)[left]]

    def opinion(self) -> Opinion:
        """What the steps so far say."""
        asked, d, h = self.asked, self.slopes, self.steps
        analytic, noise = asked.analytic, self.noise
        with np.errstate(invalid="ignore"):
            values = (16 * d[:-1] - d[1:]) / 15
            # the longer step counts by a sixteenth, but J may be far larger over there
            rounded = 1.18 * (noise[:-1] + noise[1:] / 64) / h[:-1] + asked.rounding
            errors = np.abs(d[1:] - d[:-1]) / 3 + rounded
            # three steps whose two extrapolations agree: by how much, bounds what is left of both
            nearer = np.abs(values[1:] - values[:-1]) + rounded[:-1]
            errors[:-1] = np.fmin(errors[:-1], nearer)
        errors = np.where(np.isfinite(errors), errors, np.inf)

        each = np.arange(len(analytic))
        best = np.argmin(errors, axis=0)
        value, error = values[best, each], errors[best, each]
        single = ~np.isfinite(error)  # no pair of steps
        middle = -RUNGS[0]
        value = np.where(single, d[middle], value)
        off = np.abs(analytic - value)
        allowed = 3 * error + asked.threshold * (np.abs(analytic) + np.abs(value))

        with np.errstate(invalid="ignore"):
            excludes = np.abs(analytic - values) > 3 * errors + asked.threshold * (
                np.abs(analytic) + np.abs(values)
            )
            same = np.abs(values - value) <= 3 * (errors + error)
            confirmed = np.sum(excludes & same, axis=0) >= 2
            low, high = np.abs(self.gaps[best, each]), np.abs(self.gaps[best + 1, each])
            rough = 2 * noise[best, each] / h[best, each]
            corner = (low > 0.5 * high) & (low > rough) & (low >= 0.01 * off)

        status = np.full(len(analytic), Status.NOISY, dtype=np.int8)
        status[(off <= allowed) & (3 * error <= RESOLUTION * asked.scale)] = Status.AGREES
        status[(off > allowed) & confirmed] = Status.WRONG
        status[(off > allowed) & corner] = Status.KINK
        status[~np.isfinite(value)] = Status.NOT_FINITE
        error = np.where(single, noise[middle] / h[middle] + asked.rounding, error)
        return Opinion(value, error, status, self.nfev)
