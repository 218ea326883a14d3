"""Why a point cannot be judged at all: not finite, not repeatable, or a cost that stands still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .findings import Finding
from .notation import exponent
from .parameters import Block, ParameterLayout
from .problem import Problem
from .schemes import UNIT_ROUNDOFF, Scheme, default_epsilon


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


def unmoved(
    problem: Problem,
    theta: np.ndarray,
    cost: float,
    gradient: np.ndarray,
    scheme: Scheme,
    epsilon: float | None,
) -> Finding:
    """A cost that no nudge changes: by an epsilon of the user's that is too small, or `stuck`."""
    good = default_epsilon(scheme, cost)
    if epsilon is None or not epsilon < good:
        return stuck(problem)
    moved = theta + good * np.maximum(1.0, np.abs(theta)) * np.sign(gradient)
    if problem.cost_at(moved) == cost:
        return stuck(problem)
    return Finding(
        "epsilon",
        "",
        f"epsilon {exponent(epsilon)} is too small here",
        f"{problem.cost_name} returned the same number for every nudge: it changes by less than "
        "its last digit",
        f"Leave --epsilon away, or take about {exponent(good)}.",
    )


def not_a_number(layout: ParameterLayout, theta: np.ndarray) -> Finding | None:
    """A parameter that is not finite, if there is one."""
    if np.isfinite(theta).all():
        return None
    found = np.flatnonzero(~np.isfinite(theta))
    first = int(found[0])
    block = layout.block_of(first)
    many = int(np.count_nonzero(~np.isfinite(theta[block.slice])))
    what = "is no finite number" if many == 1 else "are no finite numbers"
    return Finding(
        "not-finite",
        block.name,
        f"{block.name}: {many} of {block.size} parameters {what}",
        f"{layout.component(first)} is {theta[first]}",
        "Start from finite parameters: where training has diverged, run the cell that makes them "
        "again.",
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


def _of_data(problem: Problem) -> str:
    """The first of the data that is not finite, as discovery named them; empty for none."""
    for root in problem.roots:
        for name, value in root.items() if isinstance(root, dict) else ():
            if isinstance(value, np.ndarray) and value.dtype.kind in "fc":
                odd = np.argwhere(~np.isfinite(value))
                if odd.size or (not value.ndim and not np.isfinite(value)):
                    place = f"[{', '.join(map(str, odd[0]))}]" if value.ndim else ""
                    return f"; {name}{place} is {value[tuple(odd[0])]} to begin with"
    return ""


def unusable(
    problem: Problem, cost: float, again: float, gradient: np.ndarray, repeated: np.ndarray
) -> Finding | None:
    """Why nothing can be compared here, if so."""
    if not np.isfinite(cost):
        return Finding(
            "not-finite",
            "",
            f"the cost is {cost} here, so there is no slope to compare with",
            f"{problem.cost_name} returned {cost}" + _of_data(problem),
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
    if repeated is gradient:  # to the last bit the same, as the caller knows
        return None
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
