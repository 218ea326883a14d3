"""A cost that goes up and down within every step: no slope over these steps is one of it."""

from __future__ import annotations

import numpy as np

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


def rough(
    problem: Problem,
    theta: np.ndarray,
    components: np.ndarray,
    steps: np.ndarray,
    cost: float,
    noise: float,
    evaluator: Evaluator | None = None,
) -> tuple[np.ndarray, int]:
    """Along which components J is not smooth within the step; and the evaluations.

    With sin(1e7 x) the steps of a ladder are all too long, and as each is 4 times the one before,
    what they make of its values may agree. J at points in between has nothing to do with them.

    Parameters
    ----------
    cost, noise
        J at theta, and the error of one J: what cubics leave of it is no roughness.
    """
    evaluate = SerialEvaluator() if evaluator is None else evaluator
    points = theta[components, None] + steps[:, None] * WITHIN
    moved = evaluate(problem, theta, components, points) - cost
    with np.errstate(invalid="ignore", over="ignore"):
        left = np.linalg.norm(moved @ LEFT, axis=1)
        told = left > TOLD * noise
        return told & (left > ROUGH * np.linalg.norm(moved, axis=1)), points.size
