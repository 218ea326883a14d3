"""A cost that goes up and down within every step: no slope over these steps is one of it."""

from __future__ import annotations

import numpy as np

from .aliased import balanced
from .evaluation import Evaluator, SerialEvaluator
from .problem import Problem

# where J is looked at within a step, in units of it: no two of them as any two steps of the ladder
WITHIN = np.array([-1.0, -0.79, -0.53, -0.34, -0.17, 0.23, 0.41, 0.62, 0.87])
# what a cubic through J at theta leaves of these values, of which it takes any smooth cost
_CUBIC = WITHIN[:, None] ** np.arange(1, 4)
LEFT = np.eye(WITHIN.size) - _CUBIC @ np.linalg.pinv(_CUBIC)
# the part of their length that is more than a bend or a kink leaves; of random numbers it is 0.8
ROUGH = 0.4
# in units of the error of one J, so much of them is no rounding: of that cubics leave half of it
TOLD = 2.0
# the error of the slope of a cubic, in units of what that leaves of J or of the error of one J
BOUND = 6.0


def hidden(
    problem: Problem,
    theta: np.ndarray,
    components: np.ndarray,
    analytic: np.ndarray,
    steps: np.ndarray,
    cost: float,
    noise: float,
    evaluator: Evaluator | None = None,
) -> tuple[np.ndarray, int]:
    """Whether roughness may be why the slopes over `steps` are not g; and the evaluations.

    With sin(1e7 x) the steps of a ladder are all too long, and as each is 4 times the one before,
    what they make of its values may agree. J at points in between has nothing to do with them.

    It is not where J is smooth within them, nor where there is a shorter step within which it is
    smooth and has another slope than g as well: that of the cubic through its values.

    Parameters
    ----------
    analytic, steps
        g, and the steps over which the slopes are not g, one a component.
    cost, noise
        J at theta, and the error of one J: what cubics leave of it is no roughness.
    """
    _, moved = within(problem, theta, components, steps, cost, evaluator)
    found, nfev = is_rough(moved, noise), moved.size
    steepest, reach = float(np.max(np.abs(analytic))), float(np.max(np.abs(moved)))
    if not np.any(found) or not 0 < steepest < np.inf or not 0 < reach < np.inf or not noise > 0:
        return found, nfev
    left = np.flatnonzero(found)
    at, g = components[left], analytic[left]
    short = balanced(steepest, reach, noise) * np.maximum(1.0, np.abs(theta[at]))
    if not np.all(short < steps[left]):
        return found, nfev
    taken, moved = within(problem, theta, at, short, cost, evaluator)
    nfev += moved.size
    for row, place in enumerate(left):
        cubic = taken[row, :, None] ** np.arange(1, 4)
        fitted = np.linalg.pinv(cubic)
        rest = float(np.linalg.norm(moved[row] - cubic @ (fitted @ moved[row])))
        error = BOUND * max(noise, rest) * float(np.linalg.norm(fitted[0])) / short[row]
        slope = float(fitted[0] @ moved[row]) / short[row]
        smooth = not is_rough(moved[row : row + 1], noise)[0]
        found[place] = not (smooth and abs(slope - g[row]) > error)
    return found, nfev


def within(
    problem: Problem,
    theta: np.ndarray,
    components: np.ndarray,
    steps: np.ndarray,
    cost: float,
    evaluator: Evaluator | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Where J was looked at, in units of the steps, and how far it had moved there."""
    evaluate = SerialEvaluator() if evaluator is None else evaluator
    at = theta[components, None]
    points = at + steps[:, None] * WITHIN
    return (points - at) / steps[:, None], evaluate(problem, theta, components, points) - cost


def is_rough(moved: np.ndarray, noise: float) -> np.ndarray:
    """Where J, which `moved` so much at the points `WITHIN` a step, is not smooth, row by row."""
    with np.errstate(invalid="ignore", over="ignore"):
        left = np.linalg.norm(moved @ LEFT, axis=1)
        return (left > TOLD * noise) & (left > ROUGH * np.linalg.norm(moved, axis=1))
