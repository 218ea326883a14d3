"""Numeric derivatives: a scheme at given components, with the error that each one carries."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import InputError, UserCodeError
from .evaluation import Evaluator, SerialEvaluator
from .problem import Problem
from .schemes import CENTRAL, Scheme


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
