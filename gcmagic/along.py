"""The slope of the cost along the gradients of arrays, by the steps that show most.

The slope of the cost along g / ||g|| is ||g|| where g is right: sqrt(n) times the slope along a
component of the same size, with the same noise in J. So a gradient that is a ten-thousandth too
long shows under a loss of 1e8, where no single component does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .comparison import Joint, Status, norm
from .derivatives import Derivative, derivative
from .directional import turned
from .errors import GradcheckError
from .evaluation import Evaluator
from .first_look import BACKWARD_ROUNDING, FEW
from .line import RATIO, ROUNDING
from .noise import NOISE_BOUND
from .parameters import Block
from .phase import EXPECTED_NOISE, Settings, usual_steps
from .problem import Problem
from .schemes import CENTRAL, UNIT_ROUNDOFF, first_steps, step_along

# a slope whose error is below this part of it would show a gradient that is 1e-4 too long
SHARP = 1e-5
# a slope is resolved where three times its error is below this part of it
RESOLUTION = 0.01
# how many steps beyond three are tried, and the longest, in units of the largest component; of
# the first three none is longer than this part of it
FURTHER, LONGEST, SHORT = 4, 1.0, 0.25
# and no more of them than this part of the number of components, as each takes as much as one
SHARE = 4
# a gradient that is 1e-4 too long shows where the error of the slope is below this, in units of
# what is wanted: three errors are allowed
SHOWING = 1.6
# among few components arrays share a line if rounding alone leaves no more than this part of the
# error that shows a small bug in each of them
LEAVES = 0.75
# what they share is not looked at once more by itself where it is so near to being sharp
ALMOST = 1.5
# c0 of c0 + c1 h + c3 h**3, from its values at h, 4 h and 16 h
CUBIC = np.linalg.inv(RATIO ** np.outer(range(3), (0, 1, 3)))[0]
ZERO, FIRST = np.zeros(1), np.zeros(1, dtype=int)


def looked(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    gradient: np.ndarray,
    cost: float,
    noise: float,
    settings: Settings,
    evaluator: Evaluator | None = None,
) -> tuple[dict[str, Joint], int]:
    """What arrays show along their gradients, and the evaluations that it took.

    Each along its own; those of few components together where rounding lets that show a small bug
    in each, for a line takes as much as several of them. On that line an error of one array is as
    large as on its own, and so is that of J. Only where it is off, or bends, each has to be looked
    at by itself.
    Arrays that have no gradient to go along, and those along which the cost cannot be had, are
    left out.
    """
    seen: dict[str, Joint] = {}
    nfev = 0
    together = _together(blocks, gradient, _size(cost, noise), noise) if theta.size < FEW else ()
    if together:
        seen, nfev = along(problem, theta, together, gradient, cost, noise, settings)
        if any(joint.status == Status.WRONG for joint in seen.values()):
            seen = {}
        near = ALMOST * sharp_among(theta.size)
        seen = {name: joint for name, joint in seen.items() if joint.floor <= near}
    for block in blocks:
        if block.name not in seen:
            found, used = along(
                *(problem, theta, [block], gradient, cost, noise, settings, evaluator)
            )
            seen, nfev = seen | found, nfev + used
    return seen, nfev


def _together(
    blocks: Sequence[Block], gradient: np.ndarray, size: float, noise: float
) -> Sequence[Block]:
    """As many of the arrays as rounding lets share a line, the longest gradients first."""
    lengths = {b.name: norm(gradient[b.slice]) * b.size**0.5 for b in blocks}
    left = sorted((b for b in blocks if lengths[b.name] > 0), key=lambda b: -lengths[b.name])
    while len(left) > 1:
        wanted = 2 * SHARP * lengths[left[-1].name]
        base = step_along(sum(b.size for b in left), size)
        rounding = ROUNDING * noise / (base * RATIO ** (_first_rung(base, noise, wanted) + 1))
        if rounding <= LEAVES * SHOWING * wanted:
            return left
        left.pop()
    return ()


def along(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    gradient: np.ndarray,
    cost: float,
    noise: float,
    settings: Settings,
    evaluator: Evaluator | None = None,
) -> tuple[dict[str, Joint], int]:
    """The slope of the cost along the gradients of some arrays, and the evaluations that it took.

    Each gradient is so scaled that the mean of its squares is one. What the slope of several is off
    by is put down to each of them.

    Parameters
    ----------
    noise
        The spread of one J by rounding.
    evaluator
        For an array of one component, which is its own direction: it may know values already.

    Returns
    -------
    dict
        Empty where an array has no gradient to go along, or the cost cannot be had there.
    """
    direction = np.zeros((1, theta.size))
    for block in blocks:
        own = gradient[block.slice]
        largest = float(np.max(np.abs(own), initial=0.0))
        if not np.isfinite(largest) or largest == 0.0:
            return {}, 0
        scaled = own / largest
        direction[0, block.slice] = scaled / np.sqrt(np.mean(scaled**2))
    parts = [float(direction[0, b.slice] @ gradient[b.slice]) for b in blocks]
    rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * float(np.abs(direction[0]) @ np.abs(gradient))
    wanted = 2 * SHARP * min(parts)  # of |g| + |D|, as the floor is
    try:
        if evaluator is not None and [block.size for block in blocks] == [1]:
            line = _component(problem, theta, blocks[0].start, direction, cost, noise, evaluator)
        else:
            line = _line(problem, theta, direction, cost, noise)
        numeric, error, nfev = _slope(line, cost, noise, wanted)
    except GradcheckError:  # a point that the user did not ask for
        return {}, 0
    if not (np.isfinite(numeric) and np.isfinite(error)):
        return {}, nfev
    off, error = numeric - sum(parts), error + rounding
    joints, sharp = {}, sharp_among(theta.size)
    for block, part in zip(blocks, parts, strict=True):
        best = Joint(direction[0, block.slice], part, part + off, error, Status.NOISY)
        relative = settings.threshold * (abs(best.analytic) + abs(best.numeric))
        resolved = 3 * error <= RESOLUTION * max(abs(best.analytic), abs(best.numeric))
        if resolved and abs(off) > 3 * error + relative:
            best = replace(best, status=Status.WRONG)
        elif best.floor <= sharp:
            best = replace(best, status=Status.AGREES)
        joints[block.name] = best
    return joints, nfev


@dataclass(frozen=True, slots=True)
class _Line:
    """A line through theta of `size` components.

    The step to begin with, whether what it gives is known already, and what a step gives.
    """

    size: int
    base: float
    known: bool
    step: Callable[[float], Derivative]


def _line(
    problem: Problem, theta: np.ndarray, direction: np.ndarray, cost: float, noise: float
) -> _Line:
    """The line along a direction."""
    at = turned(problem, theta, direction)
    base = float(first_steps(direction, _size(cost, noise))[0])
    return _Line(theta.size, base, False, lambda h: derivative(at, ZERO, FIRST, np.array([h])))


def _component(
    problem: Problem,
    theta: np.ndarray,
    component: int,
    direction: np.ndarray,
    cost: float,
    noise: float,
    evaluator: Evaluator,
) -> _Line:
    """The line along one component, by the steps that the ladder takes."""
    place = np.array([component])
    base = float(usual_steps(theta[place], cost, NOISE_BOUND * noise)[0])
    sign = direction[0, component]

    def step(h: float) -> Derivative:
        found = derivative(problem, theta, place, np.array([h]), CENTRAL, evaluator)
        return replace(found, values=sign * found.values)

    return _Line(theta.size, base, True, step)


def _slope(
    line: _Line,
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
    base, few = line.base, line.size < FEW
    taken: dict[int, tuple[float, float]] = {}
    nfev = 0

    def extrapolated(rung: int) -> tuple[float, float, float]:
        """Slope and error from this step and the two above it, and rounding's part in that."""
        nonlocal nfev
        h = base * RATIO ** np.arange(rung, rung + 3)
        for k, step in enumerate(h, rung):
            if k not in taken:
                found = line.step(float(step))
                assert found.costs is not None
                taken[k] = float(found.values[0]), (float(np.sum(found.costs)) - 2 * cost) / step
                nfev += found.nfev
        (d0, _), (d1, near), (d2, far) = (taken[k] for k in range(rung, rung + 3))
        shorter, longer = ((RATIO**2 * x - y) / (RATIO**2 - 1) for x, y in ((d0, d1), (d1, d2)))
        rounding = ROUNDING * noise / h[1]
        # what is left at h = 0 of (J(h) - 2 J + J(-h)) / h, if it is a line, and if it is a cubic
        straight = abs(RATIO * near - far) / (RATIO - 1) - 4 * rounding
        cubic = abs(float(CUBIC @ [taken[k][1] for k in range(rung, rung + 3)]))
        jump = 2 * max(0.0, min(straight, cubic))
        return longer, 4 / 3 * abs(longer - shorter) + rounding + jump, rounding

    enough = wanted * (SHOWING if few else 1.0)
    start = _first_rung(base, noise, wanted)
    further = min(FURTHER, line.size // SHARE)
    rough = ROUNDING * noise / (base * RATIO ** (start + 1)) > enough
    if few and rough and not line.known and base * RATIO ** (start + 3) <= LONGEST:
        start, further = start + 1, min(further, 1)  # rounding alone leaves too much: the next one
    slope, least, rounding = extrapolated(start)
    way = 1 if rounding > 0.3 * least else -1
    for k in range(1, further + 1):
        if not least > enough:
            break
        longest = base * RATIO ** (start + k + 1)
        if way > 0 and (longest > LONGEST or least > RATIO * SHOWING * wanted):
            break
        value, error, rounding = extrapolated(start + way * k)
        if error < least:
            slope, least = value, error
        elif few or way < 0 or not rounding > 0.01 * error:
            break
    return float(slope), float(least), nfev


def sharp_among(size: int) -> float:
    """The floor that is sharp; of few components what shows a gradient 1e-4 too long is enough."""
    return SHOWING * SHARP if size < FEW else SHARP


def _size(cost: float, noise: float) -> float:
    """The size of J that the first step is chosen for: |J|, or what explains the noise."""
    return max(abs(cost), noise / (EXPECTED_NOISE * UNIT_ROUNDOFF))


def _first_rung(base: float, noise: float, wanted: float) -> int:
    """The rung to begin with: where rounding leaves half of `wanted`, if that is no long step."""
    rung = 0
    while (
        2 * ROUNDING * noise / (base * RATIO ** (rung + 1)) > wanted
        and base * RATIO ** (rung + 3) <= SHORT
    ):
        rung += 1
    return rung
