"""The V: one array's difference at every epsilon, and what truncation and rounding make of it.

A difference of order p is off by C h**p + N / h: its own truncation, which falls with the step h,
and the rounding of the cost, which rises (Nocedal and Wright, Numerical Optimization, 2006,
section 8.1). Right code shows the sum of both, a V on logarithmic axes; wrong code stays above it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .comparison import Comparison, difference
from .derivatives import derivative
from .errors import InputError
from .evaluation import Evaluator
from .noise import NOISE_BOUND
from .phase import Phase
from .problem import Problem
from .schemes import UNIT_ROUNDOFF, Scheme

EPSILONS = 10.0 ** np.arange(-12, -0.75, 0.5)
SAMPLE = 24, 240  # components that stand for one array, and for all together
LEAST = 4
CLEAR = 10.0  # truncation is measured where it is this many times the rounding


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Formula (2) over some components of one array, against epsilon.

    Attributes
    ----------
    name
        Of the array.
    looked, size
        How many components were looked at, and how many there are.
    epsilons
        The steps, in the units of theta.
    differences
        Formula (2) at each; NaN where the step is too small to move theta.
    truncation, rounding
        What the difference of right code is made of at each; zero where none was measured.
    """

    name: str
    looked: int
    size: int
    epsilons: np.ndarray
    differences: np.ndarray
    truncation: np.ndarray
    rounding: np.ndarray

    @property
    def floor(self) -> tuple[float, float]:
        """The best epsilon of the ladder, and the difference that right code shows there."""
        both = self.truncation + self.rounding
        best = int(np.argmin(both))
        return float(self.epsilons[best]), float(both[best])


def curve(
    problem: Problem,
    phase: Phase,
    name: str,
    scheme: Scheme,
    evaluator: Evaluator | None = None,
    epsilons: np.ndarray = EPSILONS,
) -> Curve:
    """Evaluate some components of one array of `phase` on a ladder of steps.

    Raises
    ------
    InputError
        Where this point holds no such array.
    """
    block = phase.block(name)
    if block is None:
        raise InputError(f"{name} was not looked at in {phase.name!r}; take another point")
    count = max(LEAST, min(SAMPLE[0], SAMPLE[1] // len(phase.blocks)))
    places = spread(block, count)
    components = block.block.start + block.components[places]
    slopes = []
    for epsilon in epsilons:
        steps = np.full(places.size, float(epsilon))
        try:
            slopes.append(
                derivative(problem, phase.theta, components, steps, scheme, evaluator).values
            )
        except InputError:  # the step is lost beside theta
            slopes.append(np.full(places.size, np.nan))
    return _curve(block, places, np.array(slopes), epsilons, scheme, phase.noise / NOISE_BOUND)


def _curve(
    block: Comparison,
    places: np.ndarray,
    slopes: np.ndarray,
    epsilons: np.ndarray,
    scheme: Scheme,
    level: float,
) -> Curve:
    analytic = block.analytic[places]
    with np.errstate(all="ignore"):
        spread_of_d = level * float(np.sqrt(np.sum(np.abs(np.asarray(scheme.weights)) ** 2)))
        rounding = (0.0 if scheme.is_complex else spread_of_d) * np.sqrt(places.size) / epsilons
        change = np.linalg.norm(np.diff(slopes, axis=0), axis=1)
        ratio = epsilons[1:] / epsilons[:-1]
        lost = change / (ratio**scheme.order - 1)
        seen = lost > CLEAR * rounding[:-1] + UNIT_ROUNDOFF * np.linalg.norm(analytic)
        seen &= np.append(seen[1:], True)  # twice, so that one unlucky step is not it
        truncation = np.zeros(epsilons.size)
        if np.any(seen):
            first = int(np.argmax(seen))
            truncation = lost[first] * (epsilons / epsilons[first]) ** scheme.order
        best = slopes[int(np.nanargmin(rounding + truncation))]
        total = float(np.linalg.norm(analytic) + np.linalg.norm(best))
        total = total if np.isfinite(total) and total > 0 else np.nan
        return Curve(
            block.name,
            places.size,
            block.block.size,
            np.asarray(epsilons, dtype=float),
            np.array([difference(analytic, slope) for slope in slopes]),
            np.nan_to_num(truncation / total),
            np.nan_to_num(rounding / total) + UNIT_ROUNDOFF,
        )


def spread(block: Comparison, count: int) -> np.ndarray:
    """About `count` places, spread evenly, and the two that are furthest off."""
    size = block.analytic.size
    even = np.linspace(0, size - 1, min(max(2, count), size)).astype(int)
    return np.unique(np.concatenate([even, np.array(block.worst(2), dtype=int)]))
