"""Finite-difference schemes as data, and the steps that suit them.

A scheme says where to evaluate the cost and how to combine what comes back::

    D = Re sum_k w_k J(theta + h o_k v) / h

with offsets o_k and weights w_k. One identity holds them all, Re sum_k w_k o_k**j = [j = 1] for
0 <= j <= order, and a test checks it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from .errors import InputError

UNIT_ROUNDOFF = 2.0**-53


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way to turn values of the cost into a derivative.

    Attributes
    ----------
    name
        What ``--scheme`` calls it.
    offsets, weights
        o_k and w_k above; complex where the scheme steps into the complex plane.
    order
        The error is O(h**order).
    epsilon
        The step for theta and J of size one, in the units of theta.
    is_complex
        Whether the cost is asked for complex parameters.
    """

    name: str
    offsets: tuple[complex, ...]
    weights: tuple[complex, ...]
    order: int
    epsilon: float
    is_complex: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_complex", any(complex(o).imag for o in self.offsets))

    def noise_factor(self) -> float:
        """Error of D in units of (error of one J) / h, worst case: the sum of |w_k|."""
        return 0.0 if self.is_complex else float(sum(abs(w) for w in self.weights))

    def combine(self, values: np.ndarray, h: np.ndarray | float) -> np.ndarray:
        """D out of J at the offsets: `values` has one column an offset."""
        return np.real(values @ np.asarray(self.weights)) / h


FORWARD = Scheme("forward", (0, 1), (-1, 1), 1, 1e-7)
CENTRAL = Scheme("central", (-1, 1), (-0.5, 0.5), 2, 1e-5)
RICHARDSON = Scheme("richardson", (-1, -0.5, 0.5, 1), (1 / 6, -4 / 3, 4 / 3, -1 / 6), 4, 1e-3)
COMPLEX_STEP = Scheme("complex-step", (1j,), (-1j,), 2, 1e-20)

SCHEMES = {scheme.name: scheme for scheme in (FORWARD, CENTRAL, RICHARDSON, COMPLEX_STEP)}


def as_scheme(scheme: Scheme | str) -> Scheme:
    """The scheme of that name; a Scheme is passed on."""
    if isinstance(scheme, Scheme):
        return scheme
    try:
        return SCHEMES[scheme]
    except KeyError:
        raise InputError(f"no scheme {scheme!r}; there are: {' '.join(SCHEMES)}") from None


def default_epsilon(scheme: Scheme, cost: float) -> float:
    """The step for a cost of this size, a power of ten.

    The best step for a scheme of order p grows with the error of J, which grows with |J|, like
    |J|**(1 / (p + 1)): from h* = (3 eps_f / M)**(1/3) for centred differences (Gill, Murray and
    Wright, Practical Optimization, 1981, section 8.6). A power of ten, so that rounding on another
    machine does not choose another step.
    """
    if scheme.is_complex or not math.isfinite(cost):
        return scheme.epsilon
    exponent = math.log10(scheme.epsilon) + math.log10(max(1.0, abs(cost))) / (scheme.order + 1)
    return 10.0 ** min(round(exponent), -1)


def steps_for(theta: np.ndarray, scheme: Scheme, epsilon: float | None, cost: float) -> np.ndarray:
    """The step of every component: `epsilon` itself, or the default scaled by max(1, |theta_i|).

    Raises
    ------
    InputError
        Where epsilon is no positive finite number.
    """
    if epsilon is None:
        step = default_epsilon(scheme, cost)
        if scheme.is_complex:
            return np.full(theta.shape, step)
        return step * np.maximum(1.0, np.abs(theta))
    if not (
        isinstance(epsilon, (int, float, np.number)) and math.isfinite(epsilon) and epsilon > 0
    ):
        raise InputError(f"epsilon is {epsilon!r}; needed: a positive number such as 1e-5")
    return np.full(theta.shape, float(epsilon))


def first_steps(directions: np.ndarray, cost: float) -> np.ndarray:
    """The step to begin with along each direction, one a row, for a cost of this size."""
    return np.array([step_along(int(np.count_nonzero(row)), cost) for row in directions])


def step_along(count: int, cost: float) -> float:
    """The step to begin with along a direction that moves so many components."""
    # a unit that sums n inputs moves with sqrt(n), and a square array has n**2 components
    return default_epsilon(CENTRAL, cost) / max(1, count) ** 0.25
