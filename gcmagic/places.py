"""Every array along a line, at points beside theta: which are off there.

Arrays share a line where its slope would show a small bug in any of them: the parts of the error
that they have along it add up, and no two cancel along a line that is drawn at random. Only where
the shared line is off does each of them get one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from .along import SHARP
from .batched.points import Known
from .clock import Clock
from .comparison import norm
from .directional import EXPECTED, ahead, directional, turned
from .draws import direction
from .errors import GradcheckError
from .extended import slopes_right_in_extended_precision
from .first_look import BACKWARD_ROUNDING, FEW
from .line import RATIO, ROUNDING
from .nearby import POINTS
from .noise import NOISE_BOUND, rounding_of
from .one_point import LOST
from .parameters import Block
from .phase import Phase, Settings
from .problem import Problem
from .rungs import RESOLUTION
from .schemes import UNIT_ROUNDOFF, first_steps, step_along

# the part of the time left that this may take, and the evaluations that an array needs
SHARE, EVALUATIONS = 0.2, 4
# an error that shows a gradient a ten-thousandth too long
SHOWING = 3e-5
# an error as at the first point, in units of its floor: that is half of it by the gradient
AS_SMALL = 4.0
# so many times the first step is made longer where rounding hides more than is wanted: no further
# than the steps that `directional` takes
LONGER = 2
# of few components no step is made longer than this: a thousandth is what it bends a slope by
LONGEST = 0.03
# with fewer components than this, what rounding hides along a line is left at that: more steps take
# as much as all of them
FEWEST = 8
# an error that is this many times what rounding makes comes from how the cost bends
BENT = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """A point, J, the gradient and the spread of J there, and a line through all arrays.

    The spread is that at the first point, in proportion; `coarse` where it is single precision.
    An error is `small` for an array, in units of its slope along `line`, its length, where it
    would show a small bug; among few components, one of a thousandth.
    """

    theta: np.ndarray
    cost: float
    gradient: np.ndarray
    spread: float
    coarse: bool
    small: np.ndarray
    line: np.ndarray
    lengths: np.ndarray

    def wanted(self, lines: Sequence[tuple[int, ...]]) -> np.ndarray:
        """The error of a slope along each line that is small for all its arrays."""
        allowed = (self.small * self.lengths).tolist()
        return np.array([min(allowed[k] for k in line) for line in lines])

    @property
    def size(self) -> float:
        """The size of J that steps are chosen for."""
        return max(abs(self.cost), self.spread / (EXPECTED * UNIT_ROUNDOFF) * self.coarse)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines through a place, by the arrays that they go through, a step along each, and values.

    Each of the `directions` is the part of the place's line in these arrays.
    """

    members: tuple[tuple[int, ...], ...]
    directions: np.ndarray
    steps: np.ndarray
    evaluator: Known


def _is_short(seconds: float, arrays: int, left: float) -> bool:
    """Whether time is too short for this: what a call takes, the arrays, and the seconds left."""
    return seconds * EVALUATIONS * arrays * POINTS > SHARE * left


def places(
    problem: Problem,
    thetas: list[np.ndarray],
    blocks: Sequence[Block],
    settings: Settings,
    clock: Clock,
    first: Phase,
) -> list[tuple[Place, Lines] | None]:
    """The points and lines through them, None where J or g is not finite; none if time is short."""
    left = clock.left
    if _is_short(clock.cost, len(blocks), left):
        return []
    costs, seconds = [], np.inf
    for theta in thetas:
        start = perf_counter()
        try:
            costs.append(problem.cost_at(theta))
        except GradcheckError:  # a point that the user did not ask for
            costs.append(np.nan)
        seconds = min(seconds, perf_counter() - start)
    if _is_short(seconds, len(blocks), left):
        return []
    line = direction((settings.seed, 7), problem.layout.size)
    coarse = first.is_single_precision and bool(first.cost)
    names = {block.name for block in blocks}
    attained = [AS_SMALL * block.floor for block in first.blocks if block.name in names]
    small = np.clip(np.nan_to_num(attained), SHARP, SHOWING)
    if coarse or problem.layout.size < FEW:  # more steps along a line take more than is left to see
        small[:] = RESOLUTION / 3
    made: list[tuple[Place, Lines] | None] = []
    for theta, cost in zip(thetas, costs, strict=True):
        gradient = _gradient(problem, theta) if np.isfinite(cost) else None
        if gradient is None:
            made.append(None)
            continue
        weighted = line * gradient
        lengths = np.array([norm(weighted[b.slice]) for b in blocks])
        noise = first.noise_beside(theta, cost, gradient)
        place = Place(theta, cost, gradient, noise, coarse, small, line, lengths)
        made.append((place, _lines(place, range(len(blocks)), blocks, settings)))
    finite = [one for one in made if one is not None]
    starts = [(place.theta, own.directions, own.steps, place.cost) for place, own in finite]
    for (_, own), known in zip(finite, ahead(problem, starts, seconds), strict=True):
        own.evaluator.values.update(known.values)
    return made


def _gradient(problem: Problem, theta: np.ndarray) -> np.ndarray | None:
    """The gradient, None where it cannot be had or is not finite."""
    try:
        gradient = problem.gradient_at(theta)
    except GradcheckError:
        return None
    return gradient if np.all(np.isfinite(gradient)) else None


def _lines(place: Place, left: Sequence[int], blocks: Sequence[Block], settings: Settings) -> Lines:
    """Lines through the arrays that are left, and no values on them."""
    members = _shared(place, left, blocks, settings)
    directions = _through(place.line, members, blocks)
    steps = first_steps(directions, place.size)
    wanted, few = place.wanted(members), len(place.gradient) < FEW
    for _ in range(LONGER):
        longer = NOISE_BOUND * place.spread / steps > wanted
        steps[longer & (steps <= LONGEST / RATIO) if few else longer] *= RATIO
    return Lines(members, directions, steps, Known({}))


def _shared(
    place: Place, left: Sequence[int], blocks: Sequence[Block], settings: Settings
) -> tuple[tuple[int, ...], ...]:
    """Lines, by the arrays that they go through: one for those that would show a small bug there.

    By what rounding leaves at the second of its steps, and what is let pass of the slope.
    """
    step = RATIO * step_along(sum(blocks[k].size for k in left), place.size)
    whole = norm(place.lengths[list(left)])
    noise = NOISE_BOUND * place.spread / step
    error = noise + 2 * settings.threshold * whole
    # among so few components also those that rounding hides by themselves as well
    least = noise if len(place.gradient) < FEWEST else np.inf
    shown = (place.small * place.lengths).tolist()
    together = tuple(k for k in left if error <= shown[k] or shown[k] < least < np.inf)
    if len(together) < 2:
        return tuple((k,) for k in left)
    return (together, *((k,) for k in left if k not in together))


def _through(
    line: np.ndarray, lines: Sequence[tuple[int, ...]], blocks: Sequence[Block]
) -> np.ndarray:
    """The parts of a line in some arrays, one row for each of `lines`."""
    directions = np.zeros((len(lines), line.size))
    for row, members in zip(directions, lines, strict=True):
        for k in members:
            row[blocks[k].slice] = line[blocks[k].slice]
    return directions


def suspects(
    problem: Problem,
    place: Place,
    lines: Lines,
    left: list[int],
    blocks: Sequence[Block],
    settings: Settings,
) -> tuple[tuple[str, ...], int]:
    """The arrays, of those `left`, whose slope along a line is not that of the gradient."""
    if len(left) < sum(map(len, lines.members)):
        lines = _lines(place, left, blocks, settings)
    nfev, known, few = 2 * len(lines.members), 2, len(place.gradient) < FEW
    try:
        slopes = _first_slopes(problem, place, lines)
        seen = _seen(place, lines, slopes, settings)
        if not (seen.off.any() or seen.coarse.any()):  # as nearly always
            return (), nfev
        plain = lines.steps <= first_steps(lines.directions, place.size)  # not made longer
        if np.any(seen.off & (plain | few)) and not place.coarse:
            # saturated, J may have lost digits here, which its noise elsewhere does not show
            lost, nfev = rounding_of(problem, place.theta, place.cost), nfev + 1
            if lost > LOST * NOISE_BOUND * place.spread:
                if few:
                    return (), nfev  # the other point is less saturated, or that after training
                small = np.full(len(blocks), RESOLUTION / 3)
                place = replace(place, spread=lost, coarse=True, small=small)
                seen, known = (
                    _seen(place, lines, slopes, settings),
                    0,
                )  # with longer steps from here
            elif few and lost > 0.0:  # there are more bits: they tell in two what steps do in six
                wrong = np.flatnonzero(seen.off)
                right, used = slopes_right_in_extended_precision(
                    *(problem, place.theta, lines.directions[wrong]),
                    *((lines.directions @ place.gradient)[wrong], slopes[wrong]),
                )
                seen.off[wrong], nfev = ~right, nfev + used
        rows = np.flatnonzero(seen.off | seen.coarse).tolist()
        if not rows:
            return (), nfev
        members, values = [lines.members[row] for row in rows], lines.evaluator.only(rows)
        off, again, used = _looked(problem, place, members, blocks, settings, values)
        nfev += used - known * len(rows)
        if again:  # each by itself
            alone = [(k,) for k in again]
            more, _, used = _looked(problem, place, alone, blocks, settings, Known({}))
            off, nfev = off | more, nfev + used
    except GradcheckError:
        return (), 0
    return tuple(blocks[k].name for k in sorted(off)), nfev


def _looked(
    problem: Problem,
    place: Place,
    lines: Sequence[tuple[int, ...]],
    blocks: Sequence[Block],
    settings: Settings,
    evaluator: Known,
) -> tuple[set[int], list[int], int]:
    """Arrays that are off along lines of their own, by several steps; and the evaluations.

    Between them, those to look at by themselves: a line that they share is off, or one of many
    components bends so much that it hides more of them than is small.
    """
    few = place.theta.size < FEW
    directions = _through(place.line, lines, blocks)
    measured = directional(
        problem,
        place.theta,
        directions,
        cost=place.cost,
        # in single precision the values along a line do not show it; other lines take as much as
        # few components
        noise=place.spread if place.coarse or few else None,
        evaluator=evaluator,
    )
    nfev, expected = measured.nfev, directions @ place.gradient
    rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * (np.abs(directions) @ np.abs(place.gradient))
    relative = settings.threshold * (np.abs(expected) + np.abs(measured.values))
    error = measured.errors + rounding
    with np.errstate(invalid="ignore"):
        off = np.abs(measured.values - expected) > error + relative
    alone = np.array([len(line) == 1 for line in lines])
    wrong = np.flatnonzero(off & (few | alone))  # of few: saves a look at each
    if wrong.size:
        right, used = slopes_right_in_extended_precision(
            problem, place.theta, directions[wrong], expected[wrong], measured.values[wrong]
        )
        off[wrong], nfev = ~right, nfev + used
    bent = np.where(
        (not few) & (error > BENT * ROUNDING * measured.noise / measured.steps), error, 0.0
    )
    again = [
        k
        for row in np.flatnonzero(~alone).tolist()
        for k in lines[row]
        if off[row] or bent[row] > place.small[k] * place.lengths[k]
    ]
    return {lines[row][0] for row in np.flatnonzero(off & alone).tolist()}, again, nfev


@dataclass(frozen=True, slots=True)
class _Seen:
    """Which lines are off, and which have an error that is not small."""

    off: np.ndarray
    coarse: np.ndarray


def _first_slopes(problem: Problem, place: Place, lines: Lines) -> np.ndarray:
    """The slopes along the lines, one step each."""
    points, every = lines.steps[:, None] * np.array([-1.0, 1.0]), np.arange(lines.steps.size)
    costs = lines.evaluator.given(every, points)
    if costs is None:
        at = turned(problem, place.theta, lines.directions)
        costs = lines.evaluator(at, np.zeros(every.size), every, points)
    below, above = costs.T
    return (above - below) / (2 * lines.steps)


def _seen(place: Place, lines: Lines, slopes: np.ndarray, settings: Settings) -> _Seen:
    directions, gradient = lines.directions, place.gradient
    expected = directions @ gradient
    rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * (np.abs(directions) @ np.abs(gradient))
    error = NOISE_BOUND * place.spread / lines.steps + rounding
    allowed = error + settings.threshold * (np.abs(expected) + np.abs(slopes))
    wanted = place.wanted(lines.members)
    if len(gradient) < FEW:
        # a long step bends, and shorter ones take as much as components do
        whole = np.array([norm(place.lengths[list(line)]) for line in lines.members])
        allowed = allowed + lines.steps**2 * whole
    if len(gradient) < FEWEST:
        wanted = np.full(wanted.size, np.inf)
    with np.errstate(invalid="ignore"):
        return _Seen(~(np.abs(slopes - expected) <= allowed), ~(error <= wanted))
