"""Every array along a line, at points beside theta: which are off there.

Arrays share a line where its slope would show a small bug in any of them: the parts of the error
that they have along it add up, and no two cancel along a line that is drawn at random. Only where
the shared line is off does each of them get one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np

from .along import SHARP
from .batched.points import Known
from .comparison import norm
from .directional import EXPECTED, RATIO, ROUNDING, ahead, directional, turned
from .draws import direction
from .errors import GradcheckError
from .extended import slopes_right_in_extended_precision
from .first_look import BACKWARD_ROUNDING, FEW
from .nearby import POINTS
from .noise import NOISE_BOUND, rounding_of
from .one_point import LOST
from .parameters import Block
from .phase import Phase, Settings
from .problem import Problem
from .rungs import RESOLUTION
from .schemes import UNIT_ROUNDOFF, first_steps, steps_along

# the part of the budget that this may take, and the evaluations that an array needs
SHARE, EVALUATIONS = 0.2, 4
# an error that shows a gradient a ten-thousandth too long
SHOWING = 3e-5
# an error as at the first point, in units of its floor: that is half of it by the gradient
AS_SMALL = 4.0
# so many times the first step is made longer where rounding hides more than is wanted: no further
# than the steps that `directional` takes
LONGER = 2
# an error that is this many times what rounding makes comes from how the cost bends
BENT = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """A point, J, the gradient and the spread of J there, lines, and a step along each.

    The spread is that at the first point, in proportion; `coarse` where it is single precision.
    An error is `small` for an array, in units of its slope along `line`, its length, where it
    would show a small bug; among few components, also where it is as at the first point.
    `line` goes through all arrays; each of the `directions` is its part in those of a line.
    """

    theta: np.ndarray
    cost: float
    gradient: np.ndarray
    spread: float
    coarse: bool
    small: np.ndarray
    line: np.ndarray
    lengths: np.ndarray
    lines: tuple[tuple[int, ...], ...] = ()
    directions: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    steps: np.ndarray = field(default_factory=lambda: np.empty(0))
    evaluator: Known = field(default_factory=lambda: Known({}))

    def wanted(self, lines: Sequence[tuple[int, ...]]) -> np.ndarray:
        """The error of a slope along each line that is small for all its arrays."""
        return np.array([min(self.small[k] * self.lengths[k] for k in line) for line in lines])

    @property
    def size(self) -> float:
        """The size of J that steps are chosen for."""
        return max(abs(self.cost), self.spread / (EXPECTED * UNIT_ROUNDOFF) * self.coarse)


def places(
    problem: Problem,
    thetas: list[np.ndarray],
    blocks: Sequence[Block],
    settings: Settings,
    budget: float | None,
    first: Phase,
) -> list[Place | None]:
    """The points, None for one where J or g is not finite; none at all where time is short."""
    costs, seconds = [], np.inf
    for theta in thetas:
        start = perf_counter()
        try:
            costs.append(problem.cost_at(theta))
        except GradcheckError:  # a point that the user did not ask for
            costs.append(np.nan)
        seconds = min(seconds, perf_counter() - start)
    if budget is not None and seconds * EVALUATIONS * len(blocks) * POINTS > SHARE * budget:
        return []
    line = direction((settings.seed, 7), problem.layout.size)
    coarse = first.is_single_precision and bool(first.cost)
    attained = [AS_SMALL * block.floor for block in first.blocks if block.block in blocks]
    most = RESOLUTION / 3 if problem.layout.size < FEW else SHOWING
    small = np.clip(np.nan_to_num(attained), SHARP, most)
    if coarse:
        small[:] = RESOLUTION / 3
    made: list[Place | None] = []
    for theta, cost in zip(thetas, costs, strict=True):
        gradient = _gradient(problem, theta) if np.isfinite(cost) else None
        if gradient is None:
            made.append(None)
            continue
        lengths = np.array([norm(line[b.slice] * gradient[b.slice]) for b in blocks])
        noise = first.noise_beside(cost)
        bare = Place(theta, cost, gradient, noise, coarse, small, line, lengths)
        made.append(_with_lines(bare, range(len(blocks)), blocks, settings))
    finite = [place for place in made if place is not None]
    starts = [(place.theta, place.directions, place.steps, place.cost) for place in finite]
    known = iter(ahead(problem, starts, seconds))
    return [None if place is None else replace(place, evaluator=next(known)) for place in made]


def _gradient(problem: Problem, theta: np.ndarray) -> np.ndarray | None:
    """The gradient, None where it cannot be had or is not finite."""
    try:
        gradient = problem.gradient_at(theta)
    except GradcheckError:
        return None
    return gradient if np.all(np.isfinite(gradient)) else None


def _with_lines(
    place: Place, left: Sequence[int], blocks: Sequence[Block], settings: Settings
) -> Place:
    """The place with lines through the arrays that are left, and no values on them."""
    lines = _shared(place, left, blocks, settings)
    directions = _through(place.line, lines, blocks)
    steps = first_steps(directions, place.size)
    wanted = place.wanted(lines)
    for _ in range(LONGER):
        steps[NOISE_BOUND * place.spread / steps > wanted] *= RATIO
    return replace(place, lines=lines, directions=directions, steps=steps, evaluator=Known({}))


def _shared(
    place: Place, left: Sequence[int], blocks: Sequence[Block], settings: Settings
) -> tuple[tuple[int, ...], ...]:
    """Lines, by the arrays that they go through: one for those that would show a small bug there.

    By what rounding leaves at the second of its steps, and what is let pass of the slope.
    """
    count = sum(blocks[k].size for k in left)
    step = RATIO * float(steps_along(np.array(count), place.size))
    whole = norm(place.lengths[list(left)])
    error = NOISE_BOUND * place.spread / step + 2 * settings.threshold * whole
    together = tuple(k for k in left if error <= place.small[k] * place.lengths[k])
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
    problem: Problem, place: Place, left: list[int], blocks: Sequence[Block], settings: Settings
) -> tuple[tuple[str, ...], int]:
    """The arrays, of those `left`, whose slope along a line is not that of the gradient."""
    if len(left) < sum(map(len, place.lines)):
        place = _with_lines(place, left, blocks, settings)
    nfev, known = 2 * len(place.lines), 2
    try:
        slopes = _first_slopes(problem, place)
        seen = _seen(place, slopes, settings)
        plain = place.steps <= first_steps(place.directions, place.size)  # not made longer
        if np.any(seen.off & plain) and not place.coarse:
            # saturated, J may have lost digits here, which its noise elsewhere does not show
            lost, nfev = rounding_of(problem, place.theta, place.cost), nfev + 1
            if lost > LOST * NOISE_BOUND * place.spread:
                small = np.full(len(blocks), RESOLUTION / 3)
                place = replace(place, spread=lost, coarse=True, small=small)
                seen, known = _seen(place, slopes, settings), 0  # with longer steps from here on
        rows = np.flatnonzero(seen.off | seen.coarse).tolist()
        if not rows:
            return (), nfev
        lines, values = [place.lines[row] for row in rows], place.evaluator.only(rows)
        off, again, used = _looked(problem, place, lines, blocks, settings, values)
        nfev += used - known * len(rows)
        if again:  # each by itself
            lines = [(k,) for k in again]
            more, _, used = _looked(problem, place, lines, blocks, settings, Known({}))
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
    directions = _through(place.line, lines, blocks)
    measured = directional(
        problem,
        place.theta,
        directions,
        cost=place.cost,
        # in single precision the values along a line do not show it
        noise=place.spread if place.coarse else None,
        evaluator=evaluator,
    )
    nfev, expected = measured.nfev, directions @ place.gradient
    rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * (np.abs(directions) @ np.abs(place.gradient))
    relative = settings.threshold * (np.abs(expected) + np.abs(measured.values))
    error = measured.errors + rounding
    with np.errstate(invalid="ignore"):
        off = np.abs(measured.values - expected) > error + relative
    alone = np.array([len(line) == 1 for line in lines])
    wrong = np.flatnonzero(off & alone)
    if wrong.size:
        right, used = slopes_right_in_extended_precision(
            problem, place.theta, directions[wrong], expected[wrong], measured.values[wrong]
        )
        off[wrong], nfev = ~right, nfev + used
    many = place.theta.size >= FEW
    bent = np.where(many & (error > BENT * ROUNDING * measured.noise / measured.steps), error, 0.0)
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


def _first_slopes(problem: Problem, place: Place) -> np.ndarray:
    """The slopes along the lines, one step each."""
    points, every = place.steps[:, None] * np.array([-1.0, 1.0]), np.arange(len(place.lines))
    costs = place.evaluator.given(every, points)
    if costs is None:
        at = turned(problem, place.theta, place.directions)
        costs = place.evaluator(at, np.zeros(every.size), every, points)
    below, above = costs.T
    return (above - below) / (2 * place.steps)


def _seen(place: Place, slopes: np.ndarray, settings: Settings) -> _Seen:
    directions, gradient = place.directions, place.gradient
    expected = directions @ gradient
    rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * (np.abs(directions) @ np.abs(gradient))
    error = NOISE_BOUND * place.spread / place.steps + rounding
    allowed = error + settings.threshold * (np.abs(expected) + np.abs(slopes))
    with np.errstate(invalid="ignore"):
        return _Seen(~(np.abs(slopes - expected) <= allowed), ~(error <= place.wanted(place.lines)))
