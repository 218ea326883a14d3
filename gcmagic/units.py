"""What the units of a network show at a point: saturated, never inactive, or fed by one example."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from .comparison import FAIL, INCONCLUSIVE, PASS, Comparison, Status
from .findings import Finding
from .first_look import FEW
from .narrow import in_half
from .nearby import jittered
from .notation import exponent
from .phase import Phase, Settings
from .problem import Problem
from .report_text import enumerate_names
from .schemes import UNIT_ROUNDOFF
from .watched import Seen, Unit, watch

# an activation with a slope below this has lost half of the digits of 1 - a
FLAT = 1e-8
# the part of a layer's values that has to be flat before that is what is said of it
SHARE = 0.5
# a gradient so much smaller than at another point is that of a cost that has gone flat
FAINT = 1e-6
# unless it is what rounding leaves of a sum that is zero, in units of u times the other one
RESIDUE = (1e-4, 1e3)


def with_units(problem: Problem, phases: list[Phase], settings: Settings) -> list[Phase]:
    """The phases with what their units explain, and what no point can show with these data.

    One evaluation at the first point, and one at each other that leaves an array open; some more
    where no rectifier is inactive at the first.
    """
    told = []
    for k, phase in enumerate(phases):
        unclear = [block for block in phase.blocks if _is_unclear(block, settings)]
        if k and phase.theta.size < FEW:  # of those, what another point has settled needs no words
            passed = {b.name for p in phases for b in p.blocks if b.verdict is PASS}
            unclear = [block for block in unclear if block.name not in passed]
        if phase.refused or (k and not unclear):
            told.append(phase)
            continue
        seen = watch(problem, phase.theta)
        found, nfev = saturated(seen, unclear) if seen else (), 1
        if seen and not k:
            always, used = always_active(problem, seen, phases, settings)
            found, nfev = (*found, *one_example(seen), *always), nfev + used
        found = (*found, *flat_here(replace(phase, findings=(*phase.findings, *found)), phases))
        said = replace(phase, findings=(*phase.findings, *found), nfev=phase.nfev + nfev)
        told.append(in_half(said, seen))
    return told


def flat_here(phase: Phase, phases: list[Phase]) -> tuple[Finding, ...]:
    """A finding for arrays that rounding hides here, where they have power at another point.

    Whatever the activation is called: what is left of the gradient is tiny and the cost does not
    show it, at a point where the array passes it is a million times larger.
    """
    said = {n for f in phase.findings if f.code == "saturated" for n in f.where.split()}
    names, here, there = [], 0.0, 0.0
    for block in phase.blocks:
        hidden = block.probe is None and block.count(Status.NOISY) == block.components.size
        if block.name in said or not hidden:
            continue
        others = [other.block(block.name) for other in phases]
        seen = [_largest(b) for b in others if b is not None and b.verdict is PASS]
        own = _largest(block)
        if not (seen and 0 < own < FAINT * max(seen)):
            continue
        if RESIDUE[0] < own / max(seen) / UNIT_ROUNDOFF < RESIDUE[1]:
            continue
        names.append(block.name)
        here, there = max(here, own), max(there, *seen)
    if not names:
        return ()
    return (
        Finding(
            "saturated",
            " ".join(names),
            f"{enumerate_names(names)}: the cost is all but flat here, so rounding hides the slope",
            f"no gradient above {exponent(here)} here, up to {exponent(there)} at another point",
            "Smaller weights, or data of size one, where units are saturated.",
        ),
    )


def saturated(seen: Seen, unclear: list[Comparison]) -> tuple[Finding, ...]:
    """A finding a layer of saturated units whose arrays the check could not see well."""
    found = []
    for unit in _layers([unit for unit in seen.units if unit.kind != "relu"]) if unclear else ():
        flat = int(np.count_nonzero(np.abs(unit.slopes) < FLAT))
        names = [block.name for block in unclear if block.name in unit.names]
        if not names or flat < SHARE * unit.slopes.size:
            continue
        found.append(
            Finding(
                "saturated",
                " ".join(names),
                f"{enumerate_names(names)}: the {unit.kind} after {'them' if names[1:] else 'it'} "
                "is saturated, so what is compared is mostly rounding",
                f"its slope is below 1e-8 at {flat} of {unit.slopes.size} values",
                "Smaller weights, or data of size one; with a loss made of log(a), take it of the "
                "scores before the activation (log-sum-exp).",
            )
        )
    return tuple(found)


def _largest(block: Comparison) -> float:
    return float(np.max(np.abs(block.analytic), initial=0.0))


def one_example(seen: Seen) -> tuple[Finding, ...]:
    """A finding where every parameter array that meets data meets one example of them."""
    met = Counter[str]()
    for name, _, count in seen.examples:
        met[name] += count  # an array that meets a column at every time step meets several
    if not met or any(count != 1 for count in met.values()):
        return ()
    name, shape, _ = seen.examples[0]
    return (
        Finding(
            "no-power",
            "",
            "the data have one example, and some bugs cannot show with one",
            f"{name} is multiplied with data of shape {shape}",
            "Check with two examples or more: a mean that is missing or taken twice, a sum over "
            "the wrong axis and keepdims left out make no difference with one.",
        ),
    )


def always_active(
    problem: Problem, seen: Seen, phases: list[Phase], settings: Settings
) -> tuple[tuple[Finding, ...], int]:
    """A finding where no rectifier is inactive at any of the points that were looked at."""
    if not _all_active(seen):
        return (), 0
    nearby = jittered(problem, phases[0].theta, settings.seed)
    nfev = 0
    for theta in [*(phase.theta for phase in phases[1:]), *nearby]:
        nfev += 1
        other = watch(problem, theta)
        if other is None or not _all_active(other):
            return (), nfev
    return (
        Finding(
            "no-power",
            "",
            "no relu unit is inactive at any point that was looked at, so a bug in its mask cannot "
            "show",
            f"{sum(u.slopes.size for u in seen.units if u.kind == 'relu')} values are cut off at "
            f"zero, and none is below it, at {nfev + 1} points",
            "Check at parameters of both signs (--init random), or with data of mean zero.",
        ),
    ), nfev


def never_inactive(problem: Problem, phase: Phase) -> str:
    """Words for a point where no rectifier is at zero; empty where one is, or where there is none.

    A bug in what a rectifier hands back where it is inactive does not show there.
    """
    seen = watch(problem, phase.theta)
    return "no relu unit is inactive" if seen and _all_active(seen) else ""


def _all_active(seen: Seen) -> bool:
    units = [unit for unit in seen.units if unit.kind == "relu"]
    return bool(units) and all(np.all(unit.slopes > 0) for unit in units)


def _layers(units: list[Unit]) -> list[Unit]:
    """The units of each layer together: a recurrent one is called at every time step."""
    together: dict[tuple[str, tuple[str, ...]], list[np.ndarray]] = {}
    for unit in units:
        together.setdefault((unit.kind, unit.names), []).append(np.ravel(unit.slopes))
    return [Unit(kind, np.concatenate(s), names) for (kind, names), s in together.items()]


def _is_unclear(block: Comparison, settings: Settings) -> bool:
    return block.verdict is INCONCLUSIVE or (
        block.verdict is not FAIL and not block.difference <= settings.threshold
    )
