"""Why a point cannot be judged at all: not finite, not repeatable, or a cost that stands still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .findings import Finding
from .notation import exponent
from .parameters import Block
from .problem import Problem
from .schemes import UNIT_ROUNDOFF


def stuck(problem: Problem) -> Finding:
    """The cost of another network, or of another copy of the parameters."""
    return Finding(
        "cost-does-not-move",
        "",
        "the cost does not change with any parameter, so it is not the cost of this gradient",
        f"{problem.cost_name} returned the same number for every nudge, while "
        f"{problem.gradient_name} is not zero",
        "Does it read its parameters from somewhere else (a global, a copy made earlier)? Name "
        "the right one with --cost.",
    )


def flat(problem: Problem, blocks: Sequence[Block], analytic: np.ndarray) -> Finding:
    """A cost that stands still here, and moves at points nearby."""
    return Finding(
        "saturated",
        " ".join(block.name for block in blocks),
        "the cost is flat here, so there is nothing to compare the gradient with",
        f"{problem.cost_name} returned the same number for every nudge, another one at points "
        f"nearby, and no gradient is above {exponent(np.max(np.abs(analytic)))}",
        "Smaller weights, or data of size one: a softmax or a sigmoid that is all but certain of "
        "every label leaves no loss to go down.",
    )


def unusable(
    problem: Problem, cost: float, again: float, gradient: np.ndarray, repeated: np.ndarray
) -> Finding | None:
    """Why nothing can be compared here, if so."""
    if not np.isfinite(cost):
        return Finding(
            "not-finite",
            "",
            f"the cost is {cost} here, so there is no slope to compare with",
            f"{problem.cost_name} returned {cost}",
            "Look for log(0), a division by zero or an overflow in exp; smaller weights may help.",
        )
    if abs(cost - again) > 64 * UNIT_ROUNDOFF * abs(cost):
        return Finding(
            "cost-not-repeatable",
            "",
            "the cost differs between two calls with the same parameters",
            f"{problem.cost_name} returned {cost:.6g}, then {again:.6g}",
            "Take out what is drawn at random (set keep_prob to 1, or seed inside forward), and "
            "what is carried from call to call.",
        )
    scale = np.nanmax(np.abs(gradient), initial=0.0)
    apart = np.abs(gradient - repeated) > 1e-12 * scale
    if np.any(apart):
        first = int(np.flatnonzero(apart)[0])
        return Finding(
            "gradient-not-repeatable",
            problem.layout.block_of(first).name,
            "backward gives another gradient when it is called again with the same parameters",
            f"{problem.layout.component(first)}: {gradient[first]:.6g}, then {repeated[first]:.6g}",
            "Set gradients to zero at the start of backward, and draw nothing at random in it.",
        )
    return None
