"""Arrays that are not called wrong and not called right, and why."""

from __future__ import annotations

import numpy as np

from ..comparison import FAIL, Comparison, Status
from ..findings import Finding
from ..notation import exponent
from ..phase import Phase, Settings
from ..schemes import default_epsilon
from .worst import worst

# a gradient that is smaller than this beside the largest one is zero but for rounding
ZERO, SINGLE_ZERO = 1e-11, 1e-5


def open_question(block: Comparison, phase: Phase) -> Finding:
    """Why an array that is not called wrong is not called right."""
    name = block.name
    rounded = not block.is_zero and _is_rounding(block, phase)
    if block.is_zero or rounded:
        return Finding(
            "nothing-moves",
            name,
            f"{name}: nothing moves, so nothing was checked",
            f"the gradient is zero{' but for rounding' if rounded else ''}, and so is the slope of "
            "the cost, within its error",
            "Right for dead units and for a bias before batch normalisation; otherwise start from "
            "other parameters or other data.",
        )
    if block.count(Status.NOT_FINITE):
        first = int(np.flatnonzero(block.status == Status.NOT_FINITE)[0])
        return Finding(
            "not-finite",
            name,
            f"{name}: {block.count(Status.NOT_FINITE)} of {block.analytic.size} components are "
            "not finite",
            f"{block.component(first)}: analytic {block.analytic[first]:.3g}, "
            f"numeric {block.numeric[first]:.3g}",
            "Look for log(0), a division by zero or an overflow in exp.",
        )
    if block.count(Status.KINK):
        first = int(np.flatnonzero(block.status == Status.KINK)[0])
        return Finding(
            "kink",
            name,
            f"{name}: no one slope here, as at a kink ({block.count(Status.KINK)} of "
            f"{block.analytic.size} components)",
            f"{block.component(first)}: the slopes from left and right differ, and by as much at a "
            "smaller step",
            "Check at another point (--seed 1), or with data that are not exactly zero.",
        )
    if block.probe is not None and block.probe.status == Status.WRONG and not block.is_unconfirmed:
        return Finding(
            "off-along-directions",
            name,
            f"{name}: off along random directions, and no component was found that is",
            "many components that are off by less than shows in one of them, or rounding"
            if block.probe.searched
            else "there was no time left to look for them",
            f"Check it by itself: --layers {name}, with a larger --budget or fewer examples.",
        )
    if block.is_unconfirmed:
        return Finding(
            "unconfirmed",
            name,
            f"{name}: off at this point, right at two points nearby",
            worst(block, Status.UNCONFIRMED)
            if block.count(Status.UNCONFIRMED)
            else "the slope of the cost along the gradient of the array",
            "Often a kink or a saturated unit; look at another point (--seed 1) before you "
            "believe it or dismiss it.",
        )
    return Finding(
        "noisy",
        name,
        f"{name}: the numeric gradient is too noisy to tell",
        "rounding in the cost, divided by epsilon, is as large as the gradient",
        "Use float64 throughout, leave --epsilon to gcmagic, or make the cost smaller (a mean, "
        "fewer examples).",
    )


def _is_rounding(block: Comparison, phase: Phase) -> bool:
    """Whether the gradient is a sum that cancels, and no slope of the cost is seen either.

    A bias before batch normalisation has 1e-18 where the other arrays have 1e-2.
    """
    largest = max(np.max(np.abs(other.analytic), initial=0.0) for other in phase.blocks)
    zero = (SINGLE_ZERO if phase.is_single_precision else ZERO) * largest
    with np.errstate(invalid="ignore"):
        unseen = np.abs(block.numeric) <= block.error
        return bool(block.analytic.size and np.all((np.abs(block.analytic) <= zero) & unseen))


def floor(block: Comparison, settings: Settings) -> Finding:
    """Right, as far as a noisy cost lets one see."""
    return Finding(
        "floor",
        block.name,
        f"{block.name}: right as far as this cost lets one see",
        f"rounding in the cost puts the difference above {exponent(settings.threshold)}",
        "Is something computed in float32, is a unit saturated, or a large constant added to the "
        "cost?",
    )


def epsilon(phase: Phase, settings: Settings) -> Finding | None:
    """An epsilon of the user's that does not suit this cost."""
    if settings.epsilon is None or settings.scheme.is_complex:
        return None
    good = default_epsilon(settings.scheme, phase.cost)
    checked = [b for b in phase.blocks if not b.is_zero and np.all(np.isfinite(b.error))]
    above = [b for b in checked if b.verdict is not FAIL and b.floor > settings.threshold]
    if not above:
        return None
    small = settings.epsilon < good
    return Finding(
        "epsilon",
        "",
        f"epsilon {exponent(settings.epsilon)} is too {'small' if small else 'large'} here",
        ("rounding in the cost, divided by epsilon," if small else "the curvature of the cost")
        + f" can make a difference above {exponent(settings.threshold)} where the gradient is "
        f"right: {' '.join(block.name for block in above)}",
        f"Leave --epsilon away, or take about {exponent(good)}.",
    )
