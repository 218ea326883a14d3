"""How far one J can be off: by the rounding of its arithmetic, and by what saturation takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .draws import lengths
from .errors import GradcheckError
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
# a line moves J at every step where it has so many of the last digits of J in it
DIGITS = 100.0
# noise above this, in the same units, is more than arithmetic makes
COARSE = 1e3
# digits of theta would show in J if they moved it by so much, in the same units
SHOWN = 100.0
# a cost in float32 is another one so many of its digits away
SEEN = 256.0
# what looks like single precision is none where more bits move J by this part of its noise
HERE = 0.05
# noise above this, in units of u |J|, is that of float32 somewhere in the cost
SINGLE = 1e5
# the unit roundoff of float32, and its largest number
SINGLE_ROUNDOFF, SINGLE_RANGE = 2.0**-24, float(np.finfo(np.float32).max)
# what float32 parameters make J uncertain by tells its noise where it is not below this part of
# what arithmetic in float32 may make it, which their rounding says nothing of
TELLS = 0.02


@dataclass(frozen=True, slots=True)
class Noise:
    """The error of one evaluation of the cost, absolute, in the units of J.

    `still` where the cost had one and the same value on every line, as where it is saturated;
    `single` whether the cost takes its parameters in float32, and `lost` how far it is off by what
    `rounding_of` says, None where that was not asked.
    """

    level: float
    nfev: int
    still: bool = False
    single: bool | None = None
    lost: float | None = None


def rounded(cost: float) -> float:
    """The error of one J that is the least: J itself is rounded."""
    return 2 * UNIT_ROUNDOFF * abs(cost)


def rounded_to_single(values: np.ndarray) -> np.ndarray:
    """By how much rounding to float32 deviates: 1 / sqrt(12) of the last digit."""
    return np.spacing(np.abs(values).astype(np.float32)).astype(float) / np.sqrt(12)


def is_held_in_single(value: float) -> bool:
    """Whether a number is one of float32, as one of float64 nearly never is, but for a count."""
    if not -SINGLE_RANGE < value < SINGLE_RANGE or float(np.float32(value)) != value:
        return False
    return abs(value) >= 2.0**23 or not float(value).is_integer()


def noise_of(
    problem: Problem,
    theta: np.ndarray,
    cost: float,
    seed: int,
    start: int = 0,
    gradient: np.ndarray | None = None,
    *,
    asks: bool = False,
) -> Noise:
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
    gradient
        The user's: how far a line ought to move J.
    asks
        With it, whether a longer line takes more than to ask what makes J so noisy on the first: a
        cost in float32, whose noise then comes from the gradient, or saturation.
    """
    scale = np.maximum(1.0, np.abs(theta)) / max(1.0, np.sqrt(theta.size) / 30)
    line = scale * lengths((seed,), theta.size)
    level = rounded(cost)
    nfev = 0
    still, stuck, lost = True, 0.0, None
    with np.errstate(invalid="ignore", over="ignore"):
        slope = 0.0 if gradient is None else abs(float(gradient @ line))
    first = 0 if gradient is None else _first_line(cost, slope)
    for spacing in SPACINGS[max(start, first) :]:
        values: list[float] = []
        for k in range(FIRST, FIRST + NOISE_VALUES):
            values.append(float(problem.cost_at(theta + k * spacing * line)))
            if spacing == SPACINGS[0] and values[-1] in (cost, *values[:-1]):
                break  # too short a line for this cost
            if values == [cost] and spacing < SPACINGS[-1]:
                break  # J is still where it was
        nfev += len(values)
        still = still and all(value == cost for value in values)
        jumps = [after - before for before, after in pairwise(values)]
        if len(values) == 1:
            jumps = [0.0] * FIRST  # from theta itself
        # what did not move J is less than a stair of its rounding, whose deviation is 0.3 of it
        stuck = max(stuck, spacing * jumps.count(0.0))
        if len(values) == NOISE_VALUES and all(map(math.isfinite, values)):
            risen = abs(values[-1] - values[0]) / ((NOISE_VALUES - 1) * spacing)
            level = max(level, _table_noise(values), 0.3 * risen * stuck)
            moves = risen > 0.0 or slope * spacing > SHOWN * UNIT_ROUNDOFF * abs(cost)
            if moves and all(map(is_held_in_single, (cost, *values))):
                level = max(level, float(rounded_to_single(np.array(cost))))
        coarse = len(values) < NOISE_VALUES or level > COARSE * UNIT_ROUNDOFF * abs(cost)
        if gradient is not None and asks and spacing == SPACINGS[0] and coarse:
            single, lost, used = takes_single(problem, theta, cost, gradient)
            nfev += used
            told = single_noise(theta, gradient, cost) if single else None
            if told is not None:
                return Noise(max(level, told), nfev, single=True, lost=lost)
            if (
                lost is not None
                and level >= SINGLE * UNIT_ROUNDOFF * abs(cost)
                and lost > HERE * level
            ):
                return Noise(level, nfev, single=False, lost=lost)
        if len(values) == NOISE_VALUES and all(map(math.isfinite, values)):
            fine = level < SINGLE * UNIT_ROUNDOFF * abs(cost)
            if 0.0 not in jumps and (fine or spacing > SPACINGS[0]):
                break  # it moved at every step: a longer line would take curvature for noise
    return Noise(float(level), nfev, still, lost=lost)


def _first_line(cost: float, slope: float) -> int:
    """The first line whose steps move J by many of its last digits, at this slope or one of one.

    Under a large loss the shorter ones do not move it at every step, and what a longer one takes of
    the curvature is far below these digits; not so where the slope is as large as the loss.
    """
    digits = DIGITS * math.ulp(cost) / max(1.0, slope)
    long = [spacing >= digits for spacing in SPACINGS]
    return long.index(True) if True in long else len(SPACINGS) - 1


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


def takes_single(
    problem: Problem, theta: np.ndarray, cost: float, gradient: np.ndarray
) -> tuple[bool, float | None, int]:
    """Whether J, which is `cost`, sees no more of theta than float32 holds.

    In extended precision it is the same to the last bit then, and at theta with other digits beyond
    those of float32; another one where some hundred of these digits are others. A cost in stairs, a
    rounded one or the share of wrong answers, is the same there too.

    Returns
    -------
    tuple
        That; how far J is off by what `rounding_of` says, and the evaluations. False, None and 0
        where other digits would not move J either way.
    """
    rounded = theta.astype(np.float32).astype(float)
    # a quarter of the last digit at most, which is rounded off
    other = np.where(rounded == theta, theta * (1 + 2.0**-26), rounded)
    if not abs(gradient @ (other - theta)) > SHOWN * UNIT_ROUNDOFF * abs(cost):
        return False, None, 0
    lost = rounding_of(problem, theta, cost)
    if lost > 0.0:
        return False, lost, 1
    try:
        if problem.cost_at(other) != cost:
            return False, lost, 2
        digits = np.spacing(np.abs(theta).astype(np.float32)).astype(float)
        return problem.cost_at(theta + SEEN * digits * np.sign(gradient)) != cost, lost, 3
    except GradcheckError:  # a point that the user did not ask for
        return False, lost, 3


def single_noise(theta: np.ndarray, gradient: np.ndarray, cost: float) -> float | None:
    """The spread of one J, which is `cost`, that takes theta in float32; None where unknown.

    Each component is rounded to it, and J where it is a number of float32. Of another J, where what
    that makes is far less than arithmetic in float32 would, nothing says in what it was.
    """
    own = float(np.linalg.norm(gradient * rounded_to_single(theta)))
    if is_held_in_single(cost):
        return float(np.hypot(own, rounded_to_single(np.array(cost))))
    return own if own >= TELLS * SINGLE_ROUNDOFF * abs(cost) else None


def is_single(bound: float, cost: float, least: float = SINGLE) -> bool:
    """Whether J is off by as much as float32 somewhere in it makes it, at most `bound`."""
    return bound > NOISE_BOUND * least * UNIT_ROUNDOFF * abs(cost)
