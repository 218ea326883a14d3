"""Difference against epsilon: the V of truncation and rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .comparison import difference
from .derivatives import derivative
from .problem import Problem
from .schemes import CENTRAL, Scheme, as_scheme, steps_for


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """Formula (2) for each epsilon.

    Attributes
    ----------
    epsilons
        The steps, in the units of the parameters.
    differences
        One array a parameter array, as long as `epsilons`; ``"all"`` is over all parameters.
    nfev
        Evaluations of the cost.
    """

    epsilons: np.ndarray
    differences: dict[str, np.ndarray]
    nfev: int


def sweep(
    fun: Callable[[Any], Any],
    grad: Callable[[Any], Any],
    params: Any,
    epsilons: Sequence[float] | np.ndarray,
    *,
    scheme: Scheme | str = CENTRAL,
) -> Sweep:
    """Compare `grad` with the differences of `fun` at `params`, once for each of `epsilons`.

    Examples
    --------
    >>> import numpy as np
    >>> found = sweep(np.exp, np.exp, 1.0, [1e-1, 1e-5, 1e-13])
    >>> bool(found.differences["theta"][1] < 1e-10)
    True
    """
    problem = Problem(fun, grad, params)
    chosen = as_scheme(scheme)
    theta = problem.layout.flatten(params)
    analytic = problem.gradient_at(theta)
    cost = problem.cost_at(theta)
    every = np.arange(problem.layout.size)
    rows: dict[str, list[float]] = {name: [] for name in (*problem.layout.names, "all")}
    nfev = 1
    for epsilon in epsilons:
        steps = steps_for(theta, chosen, float(epsilon), cost)
        found = derivative(problem, theta, every, steps, chosen)
        nfev += found.nfev
        for block in problem.layout.blocks:
            rows[block.name].append(difference(analytic[block.slice], found.values[block.slice]))
        rows["all"].append(difference(analytic, found.values))
    return Sweep(np.asarray(epsilons, dtype=float), {k: np.array(v) for k, v in rows.items()}, nfev)
