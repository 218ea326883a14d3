"""Numeric derivatives: a scheme at given components, with the error that each one carries."""

from __future__ import annotations

import math
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .directions import signs
from .errors import InputError, UserCodeError
from .evaluation import Evaluator, SerialEvaluator
from .problem import Problem
from .schemes import CENTRAL, UNIT_ROUNDOFF, Scheme


@dataclass(frozen=True, slots=True)
class Derivative:
    """A numeric derivative at some components of theta.

    Attributes
    ----------
    components
        Which components, as indices into theta.
    values
        D, one a component.
    steps
        h, the step really taken, one a component.
    costs
        J at the scheme's offsets, one row a component; None where other things were moved than the
        components themselves.
    nfev
        Evaluations of the cost.
    amplified
        What an error of one J makes in D, in units of it, one a component.
    sums
        Elements of the array's products that were moved in its place; 0 where it was itself.
    """

    components: np.ndarray
    values: np.ndarray
    steps: np.ndarray
    costs: np.ndarray | None
    nfev: int
    amplified: np.ndarray
    sums: int = 0

    def only(self, places: np.ndarray | slice) -> Derivative:
        """The same of some of the components, which were moved themselves; values of its own."""
        assert self.costs is not None
        costs, values = self.costs[places], np.array(self.values[places])
        parts = self.components[places], values, self.steps[places], costs
        return Derivative(*parts, costs.size, self.amplified[places])


def derivative(
    problem: Problem,
    theta: np.ndarray,
    components: np.ndarray,
    steps: np.ndarray,
    scheme: Scheme = CENTRAL,
    evaluator: Evaluator | None = None,
    dtype: Any = None,
) -> Derivative:
    """D at `components`, with `steps` of the same length.

    With `dtype` the cost gets its parameters in that precision.
    """
    evaluate = SerialEvaluator() if evaluator is None else evaluator
    offsets = np.asarray(scheme.offsets, dtype=complex if scheme.is_complex else float)
    points = theta[components, None] + steps[:, None] * offsets
    if scheme.is_complex:
        taken = steps
    else:
        # what was added is not the step asked for but what is left of it after rounding
        moved = points - theta[components, None]
        taken = moved @ np.asarray(scheme.weights, dtype=float)
        apart = np.diff(np.sort(points, axis=1), axis=1) if points.shape[1] > 2 else np.diff(points)
        if not np.all(np.abs(apart) > 0):
            small = int(np.argmin(np.abs(taken)))
            raise InputError(
                f"epsilon {steps[small]:.1e} is too small to move "
                f"{problem.layout.component(int(components[small]))} = "
                f"{theta[components[small]]:.3g} in float64; needed: about 1e-5 times its size"
            )
    try:
        with warnings.catch_warnings() if scheme.is_complex else nullcontext():
            if scheme.is_complex:  # an imaginary part that is dropped is the derivative
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
            costs = evaluate(problem, theta, components, points.astype(dtype or points.dtype))
    except UserCodeError as error:
        if scheme.is_complex and isinstance(
            error.__cause__, (TypeError, np.exceptions.ComplexWarning)
        ):
            raise InputError(
                f"the complex step does not apply: {error} (math.* and float(...) take no complex "
                "numbers); use --scheme central"
            ) from error
        raise
    values = np.asarray(scheme.combine(costs, taken), dtype=float)
    amplified = scheme.noise_factor() / taken
    return Derivative(components, values, taken, costs, costs.size, amplified)


# of the lines that noise is measured on, in units of theta
SPACINGS = (1e-9, 1e-6, 1e-4)
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


def noise_of(problem: Problem, theta: np.ndarray, cost: float, seed: int) -> Noise:
    """How far one J can be off by rounding, measured with the ECnoise difference table.

    Seven values on a short line beside theta: the k-th differences of a smooth function vanish
    there, those of its rounding errors do not (More and Wild, Estimating Computational Noise, SIAM
    J. Sci. Comput. 33, 2011). A cost that such a line does not move at every step, one that is
    computed in float32 or rounded to some digits, gets longer ones. Never below 2 u |J|: J itself
    is rounded.
    """
    rng = np.random.default_rng(seed)
    line = (0.5 + 0.5 * rng.random(theta.shape)) * signs(rng, theta.shape)
    line *= np.maximum(1.0, np.abs(theta)) / max(1.0, np.sqrt(theta.size) / 30)
    level = 2 * UNIT_ROUNDOFF * abs(cost)
    nfev = 0
    still, stuck = True, 0.0
    for spacing in SPACINGS:
        values: list[float] = []
        # beside theta, not across it: theta itself may be a kink, at zero biases for example
        for k in range(8, 15):
            values.append(float(problem.cost_at(theta + k * spacing * line)))
            if spacing == SPACINGS[0] and values[-1] in values[:-1]:
                break  # too short a line for this cost
        nfev += len(values)
        still = still and all(value == cost for value in values)
        jumps = [after - before for before, after in pairwise(values)]
        # what did not move J is less than a stair of its rounding, whose deviation is 0.3 of it
        stuck = max(stuck, spacing * jumps.count(0.0))
        if len(values) == 7 and all(map(math.isfinite, values)):
            slope = abs(values[-1] - values[0]) / (6 * spacing)
            level = max(level, _table_noise(values), 0.3 * slope * stuck)
            if 0.0 not in jumps and level < SINGLE * UNIT_ROUNDOFF * abs(cost):
                break  # it moved, and finely: a longer line would take curvature for noise
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
