"""All components of an array at once, along its own gradient, where each alone is too noisy.

The slope of the cost along g / ||g|| is ||g|| where g is right: sqrt(n) times the slope along a
component of the same size, with the same noise in J. So a gradient that is a ten-thousandth too
long shows under a loss of 1e8, where no single component does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from .comparison import FAIL, PASS, Comparison, Joint, Status, norm
from .derivatives import derivative
from .directional import RATIO, ROUNDING, turned
from .errors import GradcheckError
from .extended import slopes_right_in_extended_precision
from .first_look import BACKWARD_ROUNDING
from .nearby import jittered
from .noise import NOISE_BOUND, noise_of
from .parameters import Block
from .phase import EXPECTED_NOISE, Phase, Settings
from .problem import Problem
from .schemes import UNIT_ROUNDOFF, first_steps

# a slope whose error is below this part of it would show a gradient that is 1e-4 too long
SHARP = 1e-5
# a slope is resolved where three times its error is below this part of it
RESOLUTION = 0.01
# how many steps beyond three are tried, and the longest, in units of the largest component; of
# the first three none is longer than this part of it
FURTHER, LONGEST, SHORT = 4, 1.0, 0.25
# a gradient that is 1e-4 too long shows where the error of the slope is below this, in units of
# what is wanted: three errors are allowed
SHOWING = 1.6
# a slope that speaks against a disagreement is this much better than the disagreement is large
TELLING = 0.3
# c0 of c0 + c1 h + c3 h**3, from its values at h, 4 h and 16 h
CUBIC = np.linalg.inv(RATIO ** np.outer(range(3), (0, 1, 3)))[0]
ZERO, FIRST = np.zeros(1), np.zeros(1, dtype=int)


def with_joints(
    problem: Problem, phase: Phase, settings: Settings, first: Phase | None = None
) -> Phase:
    """The phase with the arrays looked at along their gradients that no component resolves.

    Those that another point, `first`, has shown to be right and sharply are left out, and those
    that would be seen no better here than there.
    A disagreement is confirmed as any FAIL is: extrapolated slopes from two pairs of steps exclude
    the gradient, extended precision does not explain it, and it is there at a jittered point.
    """
    if phase.refused or phase.lost or phase.is_single_precision or settings.scheme.is_complex:
        return phase
    blocks, nfev = [], 0
    gradient = None
    seen = () if first is None else first.blocks
    sharp = {b.name for b in seen if b.verdict is PASS and b.sharpness <= SHARP}
    for block in phase.blocks:
        if block.name not in sharp and _is_blunt(block) and settings.epsilon is None:
            gradient = problem.gradient_at(phase.theta) if gradient is None else gradient
            noise = phase.noise / NOISE_BOUND
            there = None if first is None else first.block(block.name)
            if there is not None and there.joint is not None:
                assert first is not None
                ratio = phase.noise / first.noise
                if not may_be_sharper(there.joint, gradient[block.block.slice], ratio):
                    blocks.append(block)
                    continue
            joint, used = along(
                problem, phase.theta, block.block, gradient, phase.cost, noise, settings
            )
            nfev += used
            if joint is not None and joint.status == Status.WRONG:
                joint, used = _confirmed(problem, phase, block.block, joint, settings)
                nfev += used
            block = replace(block, joint=joint)
        blocks.append(block)
    return replace(phase, blocks=tuple(blocks), nfev=phase.nfev + nfev)


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


def along(
    problem: Problem,
    theta: np.ndarray,
    block: Block,
    gradient: np.ndarray,
    cost: float,
    noise: float,
    settings: Settings,
) -> tuple[Joint | None, int]:
    """The slope of the cost along the gradient of one array, and the evaluations that it took.

    Parameters
    ----------
    noise
        The spread of one J by rounding.

    Returns
    -------
    Joint or None
        None where the array has no gradient to go along, or the cost cannot be had there.
    """
    own = gradient[block.slice]
    largest = float(np.max(np.abs(own), initial=0.0))
    if not np.isfinite(largest) or largest == 0.0:
        return None, 0
    direction = np.zeros((1, theta.size))
    direction[0, block.slice] = own / float(np.sqrt(np.mean((own / largest) ** 2)) * largest)
    analytic = float(direction[0] @ gradient)
    rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * float(np.abs(direction[0]) @ np.abs(gradient))
    wanted = 2 * SHARP * abs(analytic)  # of |g| + |D|, as the floor is
    try:
        numeric, error, nfev = _slope(problem, theta, direction, cost, noise, wanted)
    except GradcheckError:  # a point that the user did not ask for
        return None, 0
    if not (np.isfinite(numeric) and np.isfinite(error)):
        return None, nfev
    best = Joint(direction[0, block.slice], analytic, numeric, error + rounding, Status.NOISY)
    relative = settings.threshold * (abs(best.analytic) + abs(best.numeric))
    off = abs(best.analytic - best.numeric)
    resolved = 3 * best.error <= RESOLUTION * max(abs(best.analytic), abs(best.numeric))
    if resolved and off > 3 * best.error + relative:
        return replace(best, status=Status.WRONG), nfev
    return replace(best, status=Status.AGREES if best.floor <= SHARP else Status.NOISY), nfev


def _slope(
    problem: Problem,
    theta: np.ndarray,
    direction: np.ndarray,
    cost: float,
    noise: float,
    wanted: float,
) -> tuple[float, float, int]:
    """The slope along one direction, its error, and the evaluations.

    As `directional` extrapolates it, from three neighbouring steps, the first at which rounding
    leaves half of `wanted`; longer ones where rounding makes the error and may come near that,
    shorter ones where the cost bends, until it is as small as `wanted`, or grows::

        R(h) = (16 D(h) - D(4h)) / 15
        err  = 4/3 |R(h) - R(h/4)| + 3 noise / h + the jump of the slope at theta
    """
    at = turned(problem, theta, direction)
    size = max(abs(cost), noise / (EXPECTED_NOISE * UNIT_ROUNDOFF))
    base = float(first_steps(direction, size)[0])
    taken: dict[int, tuple[float, float]] = {}
    nfev = 0

    def extrapolated(rung: int) -> tuple[float, float, float]:
        """Slope and error from this step and the two above it, and rounding's part in that."""
        nonlocal nfev
        h = base * RATIO ** np.arange(rung, rung + 3)
        for k, step in enumerate(h, rung):
            if k not in taken:
                found = derivative(at, ZERO, FIRST, np.array([step]))
                assert found.costs is not None
                taken[k] = float(found.values[0]), (float(np.sum(found.costs)) - 2 * cost) / step
                nfev += found.nfev
        (d0, _), (d1, near), (d2, far) = (taken[k] for k in range(rung, rung + 3))
        shorter, longer = ((RATIO**2 * x - y) / (RATIO**2 - 1) for x, y in ((d0, d1), (d1, d2)))
        rounding = ROUNDING * noise / h[1]
        # what is left at h = 0 of (J(h) - 2 J + J(-h)) / h, if it is a line, and if it is a cubic
        line = abs(RATIO * near - far) / (RATIO - 1) - 4 * rounding
        cubic = abs(float(CUBIC @ [taken[k][1] for k in range(rung, rung + 3)]))
        jump = 2 * max(0.0, min(line, cubic))
        return longer, 4 / 3 * abs(longer - shorter) + rounding + jump, rounding

    start = _first_rung(base, noise, wanted)
    slope, least, rounding = extrapolated(start)
    way = 1 if rounding > 0.3 * least else -1
    for k in range(1, FURTHER + 1):
        if not least > wanted:
            break
        longest = base * RATIO ** (start + k + 1)
        if way > 0 and (longest > LONGEST or least > RATIO * SHOWING * wanted):
            break
        value, error, rounding = extrapolated(start + way * k)
        if error < least:
            slope, least = value, error
        elif way < 0 or not rounding > 0.01 * error:
            break
    return float(slope), float(least), nfev


def _first_rung(base: float, noise: float, wanted: float) -> int:
    """The rung to begin with: where rounding leaves half of `wanted`, if that is no long step."""
    rung = 0
    while (
        2 * ROUNDING * noise / (base * RATIO ** (rung + 1)) > wanted
        and base * RATIO ** (rung + 3) <= SHORT
    ):
        rung += 1
    return rung


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
        What arrays showed already; those that would be seen no better here are left out.
    """
    try:
        gradient = problem.gradient_at(theta)
        left = [
            block
            for block in blocks
            if not known
            or block.name not in known
            or may_be_sharper(known[block.name], gradient[block.slice])
        ]
        if not left:
            return {}, 0
        cost = problem.cost_at(theta)
    except GradcheckError:
        return {}, 1
    if not (np.isfinite(cost) and np.all(np.isfinite(gradient))):
        return {}, 1
    nfev, seen = 1, {}
    if first is not None:
        noise = first.noise_beside(cost)
    else:
        measured = noise_of(problem, theta, cost, settings.seed)
        noise, nfev = measured.level, nfev + measured.nfev
    for block in left:
        joint, used = along(problem, theta, block, gradient, cost, noise, settings)
        nfev += used
        if joint is not None:
            seen[block.name] = joint
    return seen, nfev


def _is_blunt(block: Comparison) -> bool:
    """Whether the components agree, or are too noisy to tell, and a small bug would not show."""
    return bool(
        block.probe is None
        and block.verdict is not FAIL
        and block.components.size == block.block.size
        and block.floor > SHARP
        and np.all((block.status == Status.AGREES) | (block.status == Status.NOISY))
    )


def _confirmed(
    problem: Problem, phase: Phase, block: Block, joint: Joint, settings: Settings
) -> tuple[Joint, int]:
    """A disagreement that rounding does not explain, and that a jittered point confirms."""
    direction = np.zeros((1, phase.theta.size))
    direction[0, block.slice] = joint.direction
    right, nfev = slopes_right_in_extended_precision(
        problem,
        phase.theta,
        direction,
        np.array([joint.analytic]),
        np.array([joint.numeric]),
    )
    if right[0]:
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
