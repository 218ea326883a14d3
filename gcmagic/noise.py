"""How far one J can be off: by the rounding of its arithmetic, and by what saturation takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .draws import lengths
from .problem import Problem
from .schemes import UNIT_ROUNDOFF

# one J is taken to be off by at most this many times the measured noise, which is a spread
NOISE_BOUND = 6.0
# of the lines that noise is measured on, in units of theta
SPACINGS = (1e-9, 1e-6, 1e-4)
# of their steps the first: beside theta, not across it, for theta itself may be a kink
FIRST = 8
# values of J on a line
NOISE_VALUES = 7
# noise above this, in units of u |J|, is that of float32 somewhere in the cost
SINGLE = 1e5


@dataclass(frozen=True, slots=True)
class Noise:
    """The error of one evaluation of the cost, absolute, in the units of J.

    `still` where the cost had one and the same value on every line, as where it is saturated.
    """

    level: float
    nfev: int
    still: bool = False


def rounded(cost: float) -> float:
    """The error of one J that is the least: J itself is rounded."""
    return 2 * UNIT_ROUNDOFF * abs(cost)


def noise_of(problem: Problem, theta: np.ndarray, cost: float, seed: int, start: int = 0) -> Noise:
    """How far one J can be off by rounding, measured with the ECnoise difference table.

    Seven values on a short line beside theta: the k-th differences of a smooth function vanish
    there, those of its rounding errors do not (More and Wild, Estimating Computational Noise, SIAM
    J. Sci. Comput. 33, 2011). A cost that such a line does not move at every step, one that is
    computed in float32 or rounded to some digits, gets longer ones. Never below 2 u |J|: J itself
    is rounded.

    Parameters
    ----------
    start
        The line to begin with, where shorter ones are known not to move J at every step.
    """
    scale = np.maximum(1.0, np.abs(theta)) / max(1.0, np.sqrt(theta.size) / 30)
    line = scale * lengths((seed,), theta.size)
    level = rounded(cost)
    nfev = 0
    still, stuck = True, 0.0
    for spacing in SPACINGS[start:]:
        values: list[float] = []
        for k in range(FIRST, FIRST + NOISE_VALUES):
            values.append(float(problem.cost_at(theta + k * spacing * line)))
            if spacing == SPACINGS[0] and values[-1] in (cost, *values[:-1]):
                break  # too short a line for this cost
        nfev += len(values)
        still = still and all(value == cost for value in values)
        jumps = [after - before for before, after in pairwise(values)]
        if len(values) == 1:
            jumps = [0.0] * FIRST  # from theta itself
        # what did not move J is less than a stair of its rounding, whose deviation is 0.3 of it
        stuck = max(stuck, spacing * jumps.count(0.0))
        if len(values) == NOISE_VALUES and all(map(math.isfinite, values)):
            slope = abs(values[-1] - values[0]) / ((NOISE_VALUES - 1) * spacing)
            level = max(level, _table_noise(values), 0.3 * slope * stuck)
            fine = level < SINGLE * UNIT_ROUNDOFF * abs(cost)
            if 0.0 not in jumps and (fine or spacing > SPACINGS[0]):
                break  # it moved at every step: a longer line would take curvature for noise
    return Noise(float(level), nfev, still)


def _table_noise(table: list[float]) -> float:
    levels = []
    scale = 1.0
    for k in range(1, 6):
        table = [after - before for before, after in pairwise(table)]
        scale *= k / (2.0 * (2 * k - 1))  # (k!)^2 / (2k)!
        levels.append(math.sqrt(scale * (sum(d * d for d in table) / len(table))))
    # first and second differences may still hold slope and curvature
    return math.nan if any(map(math.isnan, levels[2:])) else sorted(levels[2:])[1]


def rounding_of(problem: Problem, theta: np.ndarray, cost: float) -> float:
    """How far J, which is `cost`, is off at theta by rounding; one evaluation, NaN if it fails.

    What saturation takes from J in stairs, in log(1 - a + 1e-12) near a = 1 for one, no short line
    shows, for J does not leave its stair there. Eleven bits more do.
    """
    if np.finfo(np.longdouble).eps >= np.finfo(float).eps:
        return np.nan
    try:
        params = problem.layout.workspace(theta, np.longdouble).params
        return abs(cost - problem.cost(params))
    except Exception:  # a second look: the check goes on without it
        return np.nan


def is_single(bound: float, cost: float) -> bool:
    """Whether J is off by as much as float32 somewhere in it makes it, at most `bound`."""
    return bound > NOISE_BOUND * SINGLE * UNIT_ROUNDOFF * abs(cost)
