"""One point after another, until no array is left open that another point could settle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .comparison import INCONCLUSIVE, PASS
from .confirm import confirmed, jittered
from .diagnosis.rules import diagnose
from .evaluation import Evaluator
from .fast import screen_at
from .findings import Finding
from .phase import Phase, Settings, check_at
from .problem import Problem
from .report import Report

# a PASS whose floor is above this would hide a gradient that is off by a hundredth of a percent
SHARP = 1e-5
# how many more points what is open is looked at: a unit may be idle at one of them, and at another
SETTLING = 4


def point(
    problem: Problem,
    name: str,
    theta: np.ndarray,
    settings: Settings,
    evaluator: Evaluator,
    told: tuple[Finding, ...],
) -> Phase:
    """Measured, confirmed where something is off, and explained."""
    measure = screen_at if settings.fast else check_at
    phase = measure(problem, name, theta, settings, evaluator)
    phase = confirmed(problem, phase, settings, evaluator)
    return replace(phase, findings=(*told, *diagnose(phase, settings, problem)))


def settle(
    problem: Problem, phases: list[Phase], settings: Settings, evaluator: Evaluator
) -> list[Phase]:
    """Look at what the points so far leave open, or see too badly, at some jittered points."""
    report = Report(tuple(phases), settings, problem)
    if any(phase.refused for phase in phases):
        return []
    thetas = jittered(problem, phases[0].theta, settings.seed, SETTLING)
    for k in range(SETTLING):
        left = tuple(name for name in report.names if _is_open(report, name))
        if not left:
            break
        name = f"jittered {k + 1}"
        phase = point(problem, name, next(thetas), replace(settings, layers=left), evaluator, ())
        with_it = replace(report, phases=(*report.phases, phase))
        if not phase.refused and any(_told_more(report, with_it, name) for name in left):
            report = with_it
    return list(report.phases[len(phases) :])


def _told_more(before: Report, after: Report, name: str) -> bool:
    """Whether the last point of `after` says something of an array that was not known."""
    if after.verdict_of(name) is not before.verdict_of(name):
        return True
    fewer = np.sum(after.open_components(name)) < np.sum(before.open_components(name))
    floors = [min((b.floor for b in r.blocks_of(name)), default=1.0) for r in (before, after)]
    return bool(fewer or floors[1] < 0.1 * floors[0])


def _is_open(report: Report, name: str) -> bool:
    """Whether no point so far has said FAIL, or PASS with an error that would show small bugs."""
    verdict = report.verdict_of(name)
    if verdict is not PASS:
        return verdict is INCONCLUSIVE and not report.is_beyond_settling(name)
    if any(phase.is_single_precision for phase in report.phases):
        return False  # it is as coarse at any point
    return not any(b.floor <= SHARP for b in report.blocks_of(name) if b.verdict is PASS)
