"""A cost that turns within a step, sin(1e5 x) for one: the steps that are short enough for it."""

from __future__ import annotations

import numpy as np

from .derivatives import Derivative, derivative
from .evaluation import Evaluator
from .phase import usual_steps
from .problem import Problem
from .schemes import CENTRAL, UNIT_ROUNDOFF

# components that are looked at: of those that are off the largest gradients
PILOTS = 4
# g h in units of what J really changes by, from which on J cannot follow g over h
STEEP = 3.0
# of the slope over short steps: the part that may be noise, and the part that may differ from g
FINE = 0.05
# theta + h has to be this many times more than the spacing of floats away from theta
APART = 1000


def shorter_step(
    problem: Problem,
    theta: np.ndarray,
    components: np.ndarray,
    analytic: np.ndarray,
    found: Derivative | None,
    cost: float,
    noise: float,
    evaluator: Evaluator | None = None,
) -> tuple[float | None, int]:
    """A step over which J has the slope g, where the usual ones are too long; and evaluations.

    A cost that goes up and down within a step is flat over many such steps, and they all agree. It
    shows by g h, which is more than J changes by at all, R; see `balanced` for the step.

    Parameters
    ----------
    components, analytic, found
        Those that are off, g there, and the slopes over the usual steps that they are off from,
        where it was they that were moved.

    Returns
    -------
    In units of max(1, |theta_i|); None where the slope over shorter steps is not g either.
    """
    size = np.abs(analytic)
    worst = np.argsort(-size, kind="stable")[:PILOTS]
    at, g = components[worst], analytic[worst]
    scale = np.maximum(1.0, np.abs(theta[at]))
    nfev = 0
    if found is None:
        steps = usual_steps(theta[at], cost, noise)
        seen = derivative(problem, theta, at, steps, CENTRAL, evaluator)
        nfev += seen.nfev
    else:
        seen = found.only(worst)
    assert seen.costs is not None
    reach = np.max(np.abs(seen.costs - cost))
    if not (0 < STEEP * reach < np.median(np.abs(g) * seen.steps)) or not noise > 0:
        return None, nfev
    short = balanced(float(np.max(size)), float(reach), noise)
    near = derivative(problem, theta, at, short * scale, CENTRAL, evaluator)
    follows = np.abs(near.values - g) <= FINE * np.max(np.abs(g))
    return short if np.all(follows) else None, nfev + near.nfev


def balanced(steepest: float, reach: float, noise: float) -> float:
    """The step for a cost that changes by `reach` at most and has the slope `steepest`.

    With g = R k, as for R sin(k x), noise and the third derivative, R k^3, are balanced at
    (3 noise R^2 / g^3)^(1/3). In units of max(1, |theta_i|): no shorter than theta can be moved by.
    """
    short = np.cbrt(3 * noise * reach**2 / steepest**3)
    return float(max(short, noise / (FINE * steepest), APART * UNIT_ROUNDOFF))
