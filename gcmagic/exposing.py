"""What hides at the first point: every array along a direction, at two points beside it.

A bias at zero, a gain at one, an output layer of zeros: there, terms of the gradient vanish, and
with them the bugs in these terms. At a point where nothing is special they show, and one direction
through an array shows any of them: the error of the gradient has a part along it, whatever its
pattern. Two evaluations an array, more steps where these leave it open; a full check where that
disagrees.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np

from .clock import Clock
from .comparison import FAIL
from .evaluation import Evaluator
from .findings import Finding
from .nearby import POINTS, jittered
from .phase import Phase, Settings
from .places import SHARE, places, suspects
from .problem import Problem
from .report_text import enumerate_names
from .settling import CANDIDATES, point
from .units import never_inactive


def expose(
    problem: Problem,
    phases: list[Phase],
    settings: Settings,
    evaluator: Evaluator,
    clock: Clock,
) -> list[Phase]:
    """The phases, and a jittered one for arrays that are wrong there and nowhere else so far.

    Where no such point can be looked at, the first phase says what may hide at it.
    It takes a part of the time that is left.
    """
    first = phases[0]
    if first.refused:
        return phases
    start, left, looked, nfev = perf_counter(), clock.left, 0, 0
    skip = CANDIDATES if any(phase.name.startswith("jittered") for phase in phases) else 0
    found: list[Phase] = []
    told = {b.name for phase in phases for b in phase.blocks if b.verdict is FAIL}
    blocks = [b.block for b in first.blocks if b.name not in told]
    thetas = list(jittered(problem, first.theta, settings.seed, skip + POINTS))[skip:]
    looks = places(problem, thetas, blocks, settings, clock, first) if blocks else []
    for k, look in enumerate(looks, start=skip + 1):
        told = {b.name for phase in found for b in phase.blocks if b.verdict is FAIL}
        asked = [n for n, block in enumerate(blocks) if block.name not in told]
        spent = perf_counter() - start
        if not asked or (looked and spent > SHARE * left / POINTS):
            break
        if look is None:
            continue
        place, lines = look
        nfev += 1
        names, used = suspects(problem, place, lines, asked, blocks, settings)
        nfev += used
        looked += used > 0
        if names:
            plain = replace(settings, layers=names, epsilon=None)
            phase = point(problem, f"jittered {k}", place.theta, plain, evaluator, ())
            nfev += 0 if phase.verdict is FAIL else phase.nfev
            found += [phase] if phase.verdict is FAIL else []
    rest = [_told(problem, phase, first) for phase in (*phases[1:], *found)]
    findings = first.findings
    if not looked and len(phases) == 1:
        findings = (*findings, *_powerless(problem, first))
    return [replace(first, nfev=first.nfev + nfev, findings=findings), *rest]


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
