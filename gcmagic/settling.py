"""One point after another, until no array is left open that another point could settle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .along import SHARE, SHARP, sharp_among
from .clock import Clock
from .comparison import INCONCLUSIVE, PASS, Joint, Status
from .confirm import confirmed
from .diagnosis.rules import diagnose
from .evaluation import Evaluator
from .fast import screen_at
from .findings import Finding
from .first_look import FEW
from .joint import seen_at, with_joints
from .nearby import gradients_beside, jittered
from .one_point import Calls, check_at
from .phase import Phase, Settings
from .problem import Problem
from .remembering import Remembering
from .report import Report

# how many more points what is open is looked at: a unit may be idle at one of them, and at another
SETTLING = 4
# the points that they are chosen from, by what moves there, and what is faint beside the others
CANDIDATES, FAINT = 8, 1e-6
# points at which what is open moves by no more than this factor less or more are alike
ALIKE = 3.0
# how many of them for arrays that agree and would not show a small bug
BLUNT = 2


def point(
    problem: Problem,
    name: str,
    theta: np.ndarray,
    settings: Settings,
    evaluator: Evaluator,
    told: tuple[Finding, ...],
    first: Phase | None = None,
    calls: Calls | None = None,
    reached: float | None = None,
) -> Phase:
    """Measured, confirmed where something is off, and explained; after `first` with its noise."""
    once = Remembering(evaluator, theta)
    if settings.fast:
        phase = screen_at(problem, name, theta, settings, once)
    else:
        phase = check_at(problem, name, theta, settings, once, first, calls, reached)
    phase = with_joints(problem, phase, settings, first, once)
    phase = confirmed(problem, phase, settings, once)
    findings = (*told, *diagnose(phase, settings, problem))
    return replace(phase, findings=findings, nfev=phase.nfev - once.saved)


def settle(
    problem: Problem, phases: list[Phase], settings: Settings, evaluator: Evaluator, clock: Clock
) -> list[Phase]:
    """The phases, and jittered ones where these settle what is open or was seen too badly.

    No more of them than there is time for. What a point took that told no more is counted with the
    first phase.
    """
    every = [block for phase in phases for block in phase.blocks]
    if every and all(b.verdict is PASS and b.sharpness <= SHARP for b in every):
        return phases  # as nearly always
    report = Report(tuple(phases), settings, problem)
    nothing_open = not any(_is_open(report, name) for name in report.names)
    if nothing_open or any(phase.refused for phase in phases):
        return phases
    nfev = 0
    thetas = list(jittered(problem, phases[0].theta, settings.seed, CANDIDATES))
    slopes: np.ndarray | None = None
    sharp: set[str] = set()
    joints: dict[str, Joint] = {}
    for phase in phases:
        joints |= {b.name: b.joint for b in phase.blocks if b.joint and b.name not in joints}
    looked, few = 0, thetas[0].size < FEW
    looks = min(BLUNT, thetas[0].size // SHARE)
    order = [turn ^ 1 for turn in range(CANDIDATES)]  # of each two the less saturated one first
    if few:  # every point is as much as they are: those that show most
        slopes = gradients_beside(problem, thetas)
        order = _steepest(report, slopes)
    for turn in range(CANDIDATES):
        left = [name for name in report.names if _is_open(report, name) and name not in sharp]
        if not left or clock.is_tight:
            break
        k = order[turn]
        theta, name = thetas[k], f"jittered {k + 1}"
        blunt = [name for name in left if report.verdict_of(name) is PASS]
        if blunt and turn >= looks:
            left = [name for name in left if name not in blunt]
        wrong: set[str] = set()
        if blunt and turn < looks:  # as a whole: that takes a tenth of what the components take
            blocks = problem.layout.select(blunt)
            seen, used = seen_at(problem, theta, blocks, settings, phases[0], joints)
            nfev += used
            joints |= {
                n: j for n, j in seen.items() if n not in joints or j.floor < joints[n].floor
            }
            sharp |= {n for n, joint in seen.items() if joint.status == Status.AGREES}
            wrong = {n for n, joint in seen.items() if joint.status == Status.WRONG}
            left = [name for name in left if name not in blunt or name in wrong]
        if left and not wrong.issuperset(left):
            slopes = gradients_beside(problem, thetas) if slopes is None else slopes
            left = [name for name in left if name in wrong or _moves_at(k, slopes, report, name)]
        if not left or looked == SETTLING:
            continue
        looked += 1
        asked = replace(settings, layers=tuple(left))
        known = phases[0] if few else None  # its noise takes as much as several of them
        phase = point(problem, name, theta, asked, evaluator, (), known)
        with_it = replace(report, phases=(*report.phases, phase))
        if not phase.refused and any(_told_more(report, with_it, name) for name in left):
            report = with_it
        else:
            nfev += phase.nfev
    first, *rest = report.phases
    return [replace(first, nfev=first.nfev + nfev), *rest]


def _steepest(report: Report, slopes: np.ndarray) -> list[int]:
    """The points, those first where what is open moves most: in steps of a factor, as `ALIKE` says.

    Of those alike in that, as rounding must not choose, of each two the less saturated one first.
    """
    opened = [name for name in report.names if _is_open(report, name)]
    largest = np.array([np.max(_open_slopes(report, slopes, name), axis=1) for name in opened])
    best = np.nan_to_num(np.max(largest, axis=1, keepdims=True), nan=1.0)
    least = np.nan_to_num(np.min(largest / np.where(best > 0, best, 1.0), axis=0))
    steps = np.round(np.log(np.maximum(least, FAINT)) / np.log(ALIKE))
    return sorted((turn ^ 1 for turn in range(CANDIDATES)), key=lambda k: -steps[k])


def _open_slopes(report: Report, slopes: np.ndarray, name: str) -> np.ndarray:
    """The slopes of what is open in an array; of all of it where no one component is."""
    (block,) = report.problem.layout.select([name])
    still_open = report.open_components(name)
    own = slopes[:, block.slice]
    return own[:, still_open] if still_open.size == block.size and np.any(still_open) else own


def _moves_at(k: int, slopes: np.ndarray, report: Report, name: str) -> bool:
    """Whether something open in an array has a gradient at point k, not faint beside others'.

    True of all points where it has a gradient at none.
    """
    own = _open_slopes(report, slopes, name)
    largest = np.max(np.nan_to_num(own), axis=0)
    clear = (own[k] >= FAINT * largest) & (largest > 0)
    return bool(np.any(clear)) or not np.any(largest > 0)


def _told_more(before: Report, after: Report, name: str) -> bool:
    """Whether the last point of `after` says something of an array that was not known."""
    if after.verdict_of(name) is not before.verdict_of(name):
        return True
    fewer = np.sum(after.open_components(name)) < np.sum(before.open_components(name))
    floors = [min((b.sharpness for b in r.blocks_of(name)), default=1.0) for r in (before, after)]
    return bool(fewer or floors[1] < 0.1 * floors[0])


def _is_open(report: Report, name: str) -> bool:
    """Whether no point so far has said FAIL, or PASS with an error that would show small bugs."""
    verdict = report.verdict_of(name)
    if verdict is not PASS:
        return verdict is INCONCLUSIVE and not report.is_beyond_settling(name)
    if any(phase.is_single_precision for phase in report.phases):
        return False  # it is as coarse at any point
    enough = sharp_among(report.problem.layout.size)
    return not any(b.sharpness <= enough for b in report.blocks_of(name) if b.verdict is PASS)
