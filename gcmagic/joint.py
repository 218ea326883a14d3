"""All components of an array at once, along its own gradient, where each alone is too noisy.

The slope of the cost along g / ||g|| is ||g|| where g is right: sqrt(n) times the slope along a
component of the same size, with the same noise in J. So a gradient that is a ten-thousandth too
long shows under a loss of 1e8, where no single component does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from .along import SHARP, looked, sharp_among
from .comparison import FAIL, PASS, Comparison, Joint, Status, norm
from .directional import turned
from .errors import GradcheckError
from .evaluation import Evaluator
from .extended import slopes_right_in_extended_precision
from .first_look import FEW
from .nearby import jittered
from .noise import COARSE, NOISE_BOUND, noise_of
from .parameters import Block
from .phase import Phase, Settings, cost_size
from .problem import Problem
from .rough import hidden
from .schemes import UNIT_ROUNDOFF, first_steps

# a slope that speaks against a disagreement is this much better than the disagreement is large
TELLING = 0.3


def with_joints(
    problem: Problem,
    phase: Phase,
    settings: Settings,
    first: Phase | None = None,
    evaluator: Evaluator | None = None,
) -> Phase:
    """The phase with the arrays looked at along their gradients that no component resolves.

    Those that another point, `first`, has shown to be right and sharply are left out, and among
    few components those that would be seen no better here than there.
    A disagreement is confirmed as any FAIL is: extrapolated slopes from two pairs of steps exclude
    the gradient, extended precision does not explain it, J is smooth there, and it is there at a
    jittered point.
    """
    if phase.refused or phase.lost or phase.is_single_precision or settings.scheme.is_complex:
        return phase
    few = phase.theta.size < FEW
    if few and phase.noise > NOISE_BOUND * COARSE * UNIT_ROUNDOFF * abs(phase.cost):
        return phase  # saturation, of which a look that takes as much as they do shows no more
    seen = () if first is None else first.blocks
    enough = sharp_among(phase.theta.size)
    sharp = {b.name for b in seen if b.verdict is PASS and b.sharpness <= enough}
    blunt = [b.block for b in phase.blocks if b.name not in sharp and _is_blunt(b, enough)]
    if settings.epsilon is not None or not blunt:
        return phase
    gradient = problem.gradient_at(phase.theta)
    if first is not None:
        ratio, known = phase.noise / first.noise, {b.name: b.joint for b in first.blocks if b.joint}
        blunt = [b for b in blunt if _may_be(b, known, gradient, ratio)]
        if few:  # of those that no other look can settle, the first point told
            agree = {b.name for b in phase.blocks if b.verdict is PASS}
            blunt = [b for b in blunt if b.name in agree]
    noise = phase.noise / NOISE_BOUND
    joints, nfev = looked(
        *(problem, phase.theta, blunt, gradient, phase.cost, noise, settings, evaluator)
    )
    for block in blunt:
        joint = joints.get(block.name)
        if joint is not None and joint.status == Status.WRONG:
            joints[block.name], used = _confirmed(problem, phase, block, joint, settings)
            nfev += used
    blocks = tuple(replace(b, joint=joints.get(b.name, b.joint)) for b in phase.blocks)
    return replace(phase, blocks=blocks, nfev=phase.nfev + nfev)


def _may_be(
    block: Block, known: Mapping[str, Joint], gradient: np.ndarray, noise: float = 1.0
) -> bool:
    """Whether an array is worth a look: it has had none, may be seen better here, or is of many."""
    seen = known.get(block.name)
    return (
        seen is None or gradient.size >= FEW or may_be_sharper(seen, gradient[block.slice], noise)
    )


def may_be_sharper(seen: Joint, own: np.ndarray, noise: float = 1.0) -> bool:
    """Whether an array with this gradient may show less than half the difference seen elsewhere.

    Parameters
    ----------
    seen
        What it showed at another point.
    own
        Its gradient at this one.
    noise
        The noise of J here in units of that there.
    """
    expected = noise * seen.error / (2 * norm(own) * np.sqrt(own.size))
    return bool(expected <= max(SHARP, seen.floor / 2))


def seen_at(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    settings: Settings,
    first: Phase | None = None,
    known: Mapping[str, Joint] | None = None,
) -> tuple[dict[str, Joint], int]:
    """What the arrays show along their gradients at another point; empty where it has no cost.

    Parameters
    ----------
    first
        A point whose noise is taken over, for a first look; else it is measured.
    known
        What arrays showed already; among few components those that would be seen no better here
        are left out.
    """
    try:
        gradient = problem.gradient_at(theta)
        left = [block for block in blocks if _may_be(block, known or {}, gradient)]
        if not left:
            return {}, 0
        cost = problem.cost_at(theta)
    except GradcheckError:
        return {}, 1
    if not (np.isfinite(cost) and np.all(np.isfinite(gradient))):
        return {}, 1
    nfev = 1
    if first is not None:
        noise = first.noise_beside(theta, cost, gradient)
    else:
        measured = noise_of(problem, theta, cost, settings.seed, gradient=gradient)
        noise, nfev = measured.level, nfev + measured.nfev
    seen, used = looked(problem, theta, left, gradient, cost, noise, settings)
    return seen, nfev + used


def _is_blunt(block: Comparison, sharp: float) -> bool:
    """Whether the components agree, or are too noisy to tell, and a small bug would not show."""
    return bool(
        block.probe is None
        and block.verdict is not FAIL
        and block.components.size == block.block.size
        and block.floor > sharp
        and np.all((block.status == Status.AGREES) | (block.status == Status.NOISY))
    )


def _confirmed(
    problem: Problem, phase: Phase, block: Block, joint: Joint, settings: Settings
) -> tuple[Joint, int]:
    """A disagreement that neither rounding nor roughness explains and a jittered point confirms."""
    direction = np.zeros((1, phase.theta.size))
    direction[0, block.slice] = joint.direction
    excused, nfev = slopes_right_in_extended_precision(
        problem,
        phase.theta,
        direction,
        np.array([joint.analytic]),
        np.array([joint.numeric]),
    )
    if not excused[0]:
        at = turned(problem, phase.theta, direction)
        steps = first_steps(direction, cost_size(phase.cost, phase.noise))
        given = np.array([joint.analytic])
        excused, used = hidden(
            at, np.zeros(1), np.zeros(1, int), given, steps, phase.cost, phase.noise
        )
        nfev += used
    if excused[0]:
        return replace(joint, status=Status.NOISY), nfev
    verdicts = set()
    for theta in jittered(problem, phase.theta, settings.seed):
        seen, used = seen_at(problem, theta, [block], settings)
        nfev += used
        for other in seen.values():
            if other.status == Status.WRONG:
                verdicts.add(FAIL)
            elif other.floor <= TELLING * joint.difference:
                verdicts.add(PASS)
    stands = FAIL in verdicts and PASS not in verdicts
    return replace(joint, status=Status.WRONG if stands else Status.UNCONFIRMED), nfev
