"""What hides at the first point: every array along a direction, at two points beside it.

A bias at zero, a gain at one, an output layer of zeros: there, terms of the gradient vanish, and
with them the bugs in these terms. At a point where nothing is special they show, and one direction
through an array shows any of them: the error of the gradient has a part along it, whatever its
pattern. Two evaluations an array, more steps where these leave it open; a full check where that
disagrees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from .batched.points import Known
from .comparison import FAIL
from .directional import EXPECTED, ahead, directional, turned
from .directions import random_directions
from .errors import GradcheckError
from .evaluation import Evaluator
from .extended import slopes_right_in_extended_precision
from .findings import Finding
from .first_look import BACKWARD_ROUNDING
from .joint import SHARP
from .nearby import POINTS, jittered
from .noise import NOISE_BOUND, rounding_of
from .parameters import Block
from .phase import LOST, Phase, Settings
from .problem import Problem
from .report_text import enumerate_names
from .rungs import RESOLUTION
from .schemes import UNIT_ROUNDOFF, first_steps
from .settling import CANDIDATES, point
from .units import never_inactive

# the part of the budget that this may take, and the evaluations that an array needs
SHARE, EVALUATIONS = 0.2, 4
# an error as at the first point, in units of its floor: that is half of it by the gradient
AS_SMALL = 4.0


def expose(
    problem: Problem,
    phases: list[Phase],
    settings: Settings,
    evaluator: Evaluator,
    budget: float | None = None,
) -> list[Phase]:
    """The phases, and a jittered one for arrays that are wrong there and nowhere else so far.

    Where no such point can be looked at, the first phase says what may hide at it.
    """
    first = phases[0]
    if first.refused:
        return phases
    start, looked, nfev = perf_counter(), 0, 0
    skip = CANDIDATES if any(phase.name.startswith("jittered") for phase in phases) else 0
    found: list[Phase] = []
    told = {b.name for phase in phases for b in phase.blocks if b.verdict is FAIL}
    blocks = [b.block for b in first.blocks if b.name not in told]
    thetas = list(jittered(problem, first.theta, settings.seed, skip + POINTS))[skip:]
    places = _places(problem, thetas, blocks, settings, budget, first) if blocks else []
    for k, place in enumerate(places, start=skip + 1):
        told = {b.name for phase in found for b in phase.blocks if b.verdict is FAIL}
        left = [n for n, block in enumerate(blocks) if block.name not in told]
        spent = perf_counter() - start
        if not left or (budget is not None and looked and spent > SHARE * budget / POINTS):
            break
        if place is None:
            continue
        nfev += 1
        suspects, used = _suspects(problem, place, left, blocks, settings)
        nfev += used
        looked += used > 0
        if suspects:
            plain = replace(settings, layers=suspects, epsilon=None)
            phase = point(problem, f"jittered {k}", place.theta, plain, evaluator, ())
            nfev += 0 if phase.verdict is FAIL else phase.nfev
            found += [phase] if phase.verdict is FAIL else []
    rest = [_told(problem, phase, first) for phase in (*phases[1:], *found)]
    findings = first.findings
    if not looked and len(phases) == 1:
        findings = (*findings, *_powerless(problem, first))
    return [replace(first, nfev=first.nfev + nfev, findings=findings), *rest]


@dataclass(frozen=True, slots=True)
class _Place:
    """A point, J and its spread there, a direction through each array, and a step along it.

    The spread is that at the first point, in proportion; `coarse` where it is single precision.
    An error is `small` on a line, in units of the gradient there, where it would show a small bug,
    or as much as the components of its array show at the first point.
    """

    theta: np.ndarray
    cost: float
    directions: np.ndarray
    steps: np.ndarray
    spread: float
    coarse: bool
    small: np.ndarray
    evaluator: Known


def _places(
    problem: Problem,
    thetas: list[np.ndarray],
    blocks: list[Block],
    settings: Settings,
    budget: float | None,
    first: Phase,
) -> list[_Place | None]:
    """The points, None for one where the cost is not finite; none at all where time is short."""
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
    line = random_directions(problem.layout.size, blocks, 1, [settings.seed, 7])[0]
    directions = np.zeros((len(blocks), line.size))
    for row, block in zip(directions, blocks, strict=True):
        row[block.slice] = line[block.slice]
    coarse = first.is_single_precision and bool(first.cost)
    attained = [AS_SMALL * block.floor for block in first.blocks if block.block in blocks]
    small = np.clip(np.nan_to_num(attained), SHARP, RESOLUTION / 3)
    if coarse:
        small[:] = RESOLUTION / 3
    made: list[_Place | None] = []
    for theta, cost in zip(thetas, costs, strict=True):
        if np.isfinite(cost):
            spread = first.noise_beside(cost)
            size = max(abs(cost), spread / (EXPECTED * UNIT_ROUNDOFF) if coarse else 0.0)
            steps = first_steps(directions, size)
            made.append(_Place(theta, cost, directions, steps, spread, coarse, small, Known({})))
        else:
            made.append(None)
    finite = [place for place in made if place is not None]
    starts = [(place.theta, directions, place.steps, place.cost) for place in finite]
    known = iter(ahead(problem, starts, seconds))
    return [None if place is None else replace(place, evaluator=next(known)) for place in made]


def _suspects(
    problem: Problem, place: _Place, left: list[int], blocks: list[Block], settings: Settings
) -> tuple[tuple[str, ...], int]:
    """The arrays, of those `left`, whose slope along its direction is not that of the gradient.

    No evaluations where the gradient is not finite.
    """
    known = place.evaluator.only(left)
    nfev = 2 * len(left)
    try:
        gradient = problem.gradient_at(place.theta)
        if not np.all(np.isfinite(gradient)):
            return (), 0
        slopes = _first_slopes(problem, place, left, known)
        seen = _seen(place, left, slopes, gradient, settings)
        if np.any(seen.off) and not place.coarse:
            # saturated, J may have lost digits here, which its noise elsewhere does not show
            lost, nfev = rounding_of(problem, place.theta, place.cost), nfev + 1
            if lost > LOST * NOISE_BOUND * place.spread:
                small = np.full(len(blocks), RESOLUTION / 3)
                place = replace(place, spread=lost, coarse=True, small=small)
                seen = _seen(place, left, slopes, gradient, settings)
        rows = np.flatnonzero(seen.off | seen.coarse)
        if not rows.size:
            return (), nfev
        directions = place.directions[left][rows]
        measured = directional(
            problem,
            place.theta,
            directions,
            cost=place.cost,
            # in single precision the values along a line do not show it
            noise=place.spread if place.coarse else None,
            evaluator=known.only(rows.tolist()),
        )
    except GradcheckError:
        return (), 0
    nfev += measured.nfev - 2 * len(rows)  # the first step has been taken
    expected = directions @ gradient
    rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * (np.abs(directions) @ np.abs(gradient))
    relative = settings.threshold * (np.abs(expected) + np.abs(measured.values))
    with np.errstate(invalid="ignore"):
        off = np.abs(measured.values - expected) > measured.errors + rounding + relative
    if np.any(off):
        wrong = np.flatnonzero(off)
        right, used = slopes_right_in_extended_precision(
            problem, place.theta, directions[wrong], expected[wrong], measured.values[wrong]
        )
        off[wrong], nfev = ~right, nfev + used
    return tuple(blocks[left[k]].name for k in rows[off]), nfev


@dataclass(frozen=True, slots=True)
class _Seen:
    """Which lines are off after one step, and which have an error that is not small."""

    off: np.ndarray
    coarse: np.ndarray


def _first_slopes(problem: Problem, place: _Place, left: list[int], known: Known) -> np.ndarray:
    """The slopes along the lines through the arrays that are left, one step each."""
    directions, steps = place.directions[left], place.steps[left]
    points, every = steps[:, None] * np.array([-1.0, 1.0]), np.arange(len(left))
    costs = known.given(every, points)
    if costs is None:
        at = turned(problem, place.theta, directions)
        costs = known(at, np.zeros(len(left)), every, points)
    below, above = costs.T
    return (above - below) / (2 * steps)


def _seen(
    place: _Place, left: list[int], slopes: np.ndarray, gradient: np.ndarray, settings: Settings
) -> _Seen:
    directions, steps = place.directions[left], place.steps[left]
    expected = directions @ gradient
    sizes = np.sqrt(directions**2 @ gradient**2)
    rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * (np.abs(directions) @ np.abs(gradient))
    error = NOISE_BOUND * place.spread / steps + rounding
    allowed = error + settings.threshold * (np.abs(expected) + np.abs(slopes))
    with np.errstate(invalid="ignore"):
        return _Seen(~(np.abs(slopes - expected) <= allowed), ~(error <= place.small[left] * sizes))


def _told(problem: Problem, phase: Phase, first: Phase) -> Phase:
    """The phase with a finding that says why the first point did not show what it shows."""
    seen = {block.name for block in first.blocks if block.verdict is FAIL}
    names = [b.name for b in phase.blocks if b.verdict is FAIL and b.name not in seen]
    special = _special(problem, first) if names else []
    if not names or not (special or phase.name.startswith("jittered")):
        return phase
    said = Finding(
        "hidden",
        " ".join(names),
        f"{enumerate_names(names)}: wrong, but not to be seen at the {first.name}",
        f"there {'; '.join(special)}"
        if special
        else f"it shows at {phase.name}, where nothing is special",
        "A term of the gradient vanishes there. Look for a decay on a bias, a gain that is left "
        "out, a path through an array of zeros.",
    )
    return replace(phase, findings=(*phase.findings, said))


def _powerless(problem: Problem, first: Phase) -> tuple[Finding, ...]:
    special = _special(problem, first)
    if not special:
        return ()
    return (
        Finding(
            "no-power",
            "",
            f"at the {first.name} some bugs cannot show, and no other point was looked at",
            "; ".join(special),
            "Check at random parameters as well (--init random), or after some training.",
        ),
    )


def _special(problem: Problem, phase: Phase) -> list[str]:
    """What is special about the parameters and the units at a point, in words."""
    names: dict[str, list[str]] = {}
    for comparison in phase.blocks:
        kind = special_value(phase.theta[comparison.block.slice].reshape(comparison.shape))
        if kind:
            names.setdefault(kind, []).append(comparison.name)
    said = [f"{enumerate_names(found)}: {kind}" for kind, found in names.items()]
    active = never_inactive(problem, phase)
    return [*said, active] if active else said


def special_value(values: np.ndarray) -> str:
    """Why errors in the gradient of an array may not show at these values; empty if none.

    Examples
    --------
    >>> special_value(np.zeros(3))
    'all zero'
    >>> special_value(np.eye(3))
    'the identity'
    """
    flat = values.reshape(-1)
    if not np.any(flat):
        return "all zero"
    if np.all(flat == 1):
        return "all one"
    if flat.size > 1 and np.all(flat == flat[0]):
        return "all the same"
    if values.ndim == 2 and values.shape[0] == values.shape[1] and values.shape[0] > 1:
        if np.array_equal(values, np.eye(values.shape[0])):
            return "the identity"
        if np.array_equal(values, values.T):
            return "symmetric"
    if flat.size > 1 and np.sqrt(np.mean(flat**2)) < 1e-3:
        return "below 1e-3 in size"
    return ""
