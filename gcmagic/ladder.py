"""Second opinion on components that disagree: which steps to take, until they settle it."""

from __future__ import annotations

import numpy as np

from .derivatives import Derivative
from .evaluation import Evaluator
from .problem import Problem
from .rungs import OPEN, RUNGS, Opinion, Question, Table

# the rungs that settle most questions, and those that are spent on what they leave open
NEAR = (-1, 0, 1)
FAR = (-3, -2, 2, 3)
# those over which a slope that is wrong keeps its value
STEADY = range(-3, 3)
# components that climb first where many have the same question
PILOTS = 4


def judge(
    problem: Problem,
    theta: np.ndarray,
    asked: Question,
    evaluator: Evaluator | None = None,
    known: Derivative | None = None,
) -> Opinion:
    """Steps for every component until they settle it, or until there are no more.

    Components that disagree get the steps around the middle one. Those that agree within an error
    that is too large get the steps at which the noise is small enough, where there are such. Of
    what is open then the furthest off go first, and the others after them if that settled any.

    Parameters
    ----------
    known
        What the middle step gave, where it has been taken already.
    """
    table = Table(problem, theta, asked, evaluator, known)
    everyone = np.arange(len(asked.analytic))
    coarse = np.zeros(everyone.size, dtype=bool)
    if known is not None:
        coarse = np.abs(asked.analytic - known.values) <= asked.noise / known.steps + asked.rounding
    low = table.sufficient(everyone) if np.any(coarse) else np.zeros(everyone.size, dtype=int)

    for rung in NEAR:
        table.climb(rung, everyone[~coarse])
    for group in _pilots_first(everyone[coarse], -np.abs(asked.analytic)):
        for beyond in (0, 1):
            table.climb_each(low + beyond, group)
        table.climb_each(low + 2, table.unsettled(group))
        if np.all(np.isin(table.opinion().status[group], OPEN)):
            break  # no more of the array is to be had

    left = table.unsettled(everyone[~coarse])
    left = np.append(left, table.disagreeing(everyone[coarse]))
    for group in _pilots_first(left, -table.excess()):
        for rung in sorted({*NEAR, *FAR}):
            table.climb(rung, group)
        if np.all(np.isin(table.opinion().status[group], OPEN)):
            break
    return table.opinion()


def _pilots_first(places: np.ndarray, order: np.ndarray) -> list[np.ndarray]:
    """Half of them at most, and few, that come first in `order`; then the others. None empty."""
    ranked = places[np.argsort(order[places], kind="stable")]
    few = min(PILOTS, (ranked.size + 1) // 2)
    parts = ranked[:few], ranked[few:]
    return [np.sort(part) for part in parts if part.size]


def steady(
    problem: Problem, theta: np.ndarray, asked: Question, evaluator: Evaluator | None = None
) -> tuple[np.ndarray, int]:
    """Which components are wrong by more than their slope changes over six steps.

    Rounding may come in stairs that are wider than three steps of the ladder, log(1 - a + 1e-12)
    near a = 1 for one; then neighbouring steps agree with each other on a wrong slope. What D
    changes by with h^2, as that of a smooth cost that bends much does, is no such stair.
    """
    table = Table(problem, theta, asked, evaluator)
    for rung in STEADY:
        table.climb(rung, np.arange(len(asked.analytic)))
    rows = slice(STEADY[0] - RUNGS[0], STEADY[-1] - RUNGS[0] + 1)
    d, n = table.slopes[rows], 3 * table.noise[rows] / table.steps[rows]
    n[~table.taken[rows]] = np.inf  # too long a step, which says nothing
    smooth, less = (16 * d[:-1] - d[1:]) / 15, 1.2 * np.maximum(n[:-1], n[1:] / 16)
    return _stands(asked, d, n) | _stands(asked, smooth, less), table.nfev


def _stands(asked: Question, slopes: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Whether g is further from the middle one of the slopes than twice what they change by."""
    middle = slopes[len(slopes) // 2]
    off = np.abs(asked.analytic - middle)
    with np.errstate(invalid="ignore"):
        spread = np.max(np.where(noise < off, np.abs(slopes - middle) - noise, 0.0), axis=0)
    return off > 2 * spread
