"""How far one J can be off: by the rounding of its arithmetic, and by what saturation takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
# those after them, where J moves in stairs that are wider still, as in half precision: no longer
# than shows them, for where a rectifier turns on the line that is taken for noise
WIDE = (3e-3, 3e-2)
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
# the unit roundoff of float32
SINGLE_ROUNDOFF = 2.0**-24
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


def rounded_to(kind: type[np.floating], values: np.ndarray) -> np.ndarray:
    """By how much rounding to float32 or float16 deviates: 1 / sqrt(12) of the last digit."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.spacing(np.abs(values).astype(kind)).astype(float) / np.sqrt(12)


def are_held(values: Sequence[float], kind: type[np.floating]) -> bool:
    """Whether numbers are all of float32 or float16, as ones of float64 nearly never are.

    Counts are, but for those that are too large for it to tell one from the next.
    """
    size = np.abs(values)
    with np.errstate(over="ignore"):
        held = size.astype(kind) == size
    whole = (size < 1 / np.finfo(kind).eps) & (size == np.round(size))
    return bool(np.all(held & np.isfinite(size)) and not np.all(whole))


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
    moves = False
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
        stuck = max(stuck, spacing * jumps.count(0.0))
        if len(values) == NOISE_VALUES and all(map(math.isfinite, values)):
            risen = values[0] != values[-1]
            moves = risen or slope * spacing > SHOWN * UNIT_ROUNDOFF * abs(cost) > 0.0
            level = max(level, _noise_on(values, cost, spacing, stuck, moves))
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
                moves = not fine and is_blind(problem, theta, cost, gradient)
                nfev += not fine
                break  # it moved at every step: a longer line would take curvature for noise
    for spacing in WIDE if moves else ():
        wide = _wide_noise(problem, theta, cost, spacing * line)
        level, nfev = max(level, wide), nfev + NOISE_VALUES
        if wide > 0.0:
            break
    return Noise(float(level), nfev, still, lost=lost)


def _noise_on(values: list[float], cost: float, spacing: float, stuck: float, moves: bool) -> float:
    """The noise that values on a line show, of which steps as long as `stuck` did not move J.

    What did not move J is less than a stair of its rounding, whose deviation is 0.3 of it.
    """
    risen = abs(values[-1] - values[0]) / ((NOISE_VALUES - 1) * spacing)
    level = max(_table_noise(values), 0.3 * risen * stuck)
    if moves and are_held((cost, *values), np.float32):
        narrow = np.float16 if are_held((cost, *values), np.float16) else np.float32
        level = max(level, float(rounded_to(narrow, np.array(cost))))
    return level


def _wide_noise(problem: Problem, theta: np.ndarray, cost: float, step: np.ndarray) -> float:
    """The noise on a line of steps that half precision shows; where J overflows, all it moves by.

    Zero where it does not move at all.
    """
    values = [problem.cost_at(theta + k * step) for k in range(FIRST, FIRST + NOISE_VALUES)]
    if not all(map(math.isfinite, values)):
        moved = [abs(value - cost) for value in values if math.isfinite(value)]
        return max(moved, default=abs(cost))
    if all(value == cost for value in values):
        return 0.0
    return _noise_on(values, cost, 1.0, sum(x == y for x, y in pairwise(values)), moves=True)


def is_blind(problem: Problem, theta: np.ndarray, cost: float, gradient: np.ndarray | None) -> bool:
    """Whether J, which is `cost`, is the same to the last bit at another theta alike in float16.

    False where it would be so by what the gradient says.
    """
    other = _alike(theta, np.float16)
    if gradient is None or not _shows(gradient, other - theta, cost):
        return False
    return problem.cost_at(other) == cost


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
    other = _alike(theta, np.float32)
    if not _shows(gradient, other - theta, cost):
        return False, None, 0
    lost = rounding_of(problem, theta, cost)
    if lost > 0.0:
        return False, lost, 1
    try:
        if problem.cost_at(other) != cost:
            return False, lost, 2
        return problem.cost_at(_other_digits(theta, gradient)) != cost, lost, 3
    except GradcheckError:  # a point that the user did not ask for
        return False, lost, 3


def _alike(theta: np.ndarray, kind: type[np.floating]) -> np.ndarray:
    """Theta with other digits beyond those of float32 or float16."""
    with np.errstate(over="ignore"):
        rounded = theta.astype(kind).astype(float)
    # a quarter of the last digit at most, which is rounded off
    other = np.where(rounded == theta, theta * (1 + float(np.finfo(kind).eps) / 8), rounded)
    return np.where(np.isfinite(other), other, theta)


def _shows(gradient: np.ndarray, moved: np.ndarray, cost: float) -> bool:
    """Whether such a move of theta would show in the digits of J."""
    return bool(abs(gradient @ moved) > SHOWN * UNIT_ROUNDOFF * abs(cost))


def _other_digits(theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Theta with other digits of float32, each as the gradient goes, and the same in float16."""
    step = SEEN * np.spacing(np.abs(theta).astype(np.float32)).astype(float) * np.sign(gradient)
    with np.errstate(over="ignore"):
        stays = (theta + step).astype(np.float16) == theta.astype(np.float16)
    return np.where(stays, theta + step, theta - step)


def single_noise(theta: np.ndarray, gradient: np.ndarray, cost: float) -> float | None:
    """The spread of one J, which is `cost`, that takes theta in float32; None where unknown.

    Each component is rounded to it, and J where it is a number of float32. Of another J, where what
    that makes is far less than arithmetic in float32 would, nothing says in what it was.
    """
    own = float(np.linalg.norm(gradient * rounded_to(np.float32, theta)))
    if are_held([cost], np.float32):
        return float(np.hypot(own, rounded_to(np.float32, np.array(cost))))
    return own if own >= TELLS * SINGLE_ROUNDOFF * abs(cost) else None


def is_single(bound: float, cost: float, least: float = SINGLE) -> bool:
    """Whether J is off by as much as float32 somewhere in it makes it, at most `bound`."""
    return bound > NOISE_BOUND * least * UNIT_ROUNDOFF * abs(cost)
