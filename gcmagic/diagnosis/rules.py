"""From comparisons to findings: each rule proves itself by what is left over, or says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain

from ..comparison import INCONCLUSIVE, PASS, Comparison, Status
from ..findings import Finding
from ..phase import Phase, Settings
from ..problem import Problem
from .along_gradient import along_gradient
from .evidence import Evidence
from .factors import factors
from .layers import enters_at, everywhere, shared
from .open_questions import epsilon, floor, open_question
from .order import order, swapped, transposed
from .partial import clipped, some
from .regulariser import regulariser
from .stale import stale
from .sums import scalar, shape, wrong_axis
from .unexplained import unexplained
from .zero import still, zero

Explain = Callable[[Evidence, tuple[Comparison, ...]], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One explanation of wrong arrays: a function that yields findings of these codes.

    The function gets the arrays that no rule before it has explained.
    """

    codes: tuple[str, ...]
    explain: Explain


# the fewest fitted numbers first, then by how often it happens
CAUSES = (
    Rule(("shape",), shape),
    Rule(("zero-gradient",), zero),
    Rule(("stale",), stale),
    Rule(("swapped",), swapped),
    Rule(("transposed",), transposed),
    Rule(("order",), order),
    Rule(("scalar-broadcast",), scalar),
    Rule(("wrong-axis",), wrong_axis),
    Rule(("regulariser", "regularised-bias"), regulariser),
    Rule(("constant-factor", "sign"), factors),
    Rule(("clipped",), clipped),
)
# what is said where no cause is proved, the most telling first
PLACES = (
    Rule(("cost-does-not-move",), still),
    Rule(("enters-at-layer",), enters_at),
    Rule(("every-array",), everywhere),
    Rule(("some-components",), some),
    Rule(("shared-error",), shared),
    Rule(("wrong",), unexplained),
)
# arrays that no component shows, of which the rules above see nothing
WHOLE = Rule(("along-gradient",), along_gradient)
CATALOGUE = (*CAUSES, *PLACES, WHOLE)


def diagnose(
    phase: Phase, settings: Settings, problem: Problem | None = None
) -> tuple[Finding, ...]:
    """What can be said of a phase, the explanation of most arrays first.

    Parameters
    ----------
    phase
        One point, compared and confirmed.
    settings
        How it was checked.
    problem
        What was checked: names and sizes to put into the sentences.
    """
    findings = list(phase.findings)
    if phase.refused or any(not finding.where for finding in findings):
        return tuple(findings)
    evidence = Evidence.of(phase, settings, problem)
    findings += [*explain(evidence), *WHOLE.explain(evidence, phase.blocks)]
    told = epsilon(phase, settings)
    for block in phase.blocks:
        # what a bad epsilon explains is not said again for every array
        if block.verdict is INCONCLUSIVE and not (told and block.count(Status.NOISY)):
            findings.append(open_question(block, phase))
        elif block.verdict is PASS and not told and block.difference > settings.threshold:
            findings.append(floor(block, settings))
    return (*merged(findings), *([told] if told else []))


def explain(evidence: Evidence) -> list[Finding]:
    """Why the wrong arrays are wrong: proved causes, then places, each array said once."""
    open_blocks = evidence.wrong
    causes, open_blocks = _apply(CAUSES, evidence, open_blocks)
    places, _ = _apply(PLACES, evidence, open_blocks)
    # a layer whose arrays are off by many causes is one mistake above them, not many in them
    explained = {name for finding in causes for name in finding.where.split()}
    overall = [f for f in places if f.code == "enters-at-layer"]
    if overall and len(explained) < len(overall[0].where.split()):
        return [*overall, *causes, *(f for f in places if f not in overall)]
    return [*causes, *places]


def _apply(
    rules: Iterable[Rule], evidence: Evidence, blocks: tuple[Comparison, ...]
) -> tuple[list[Finding], tuple[Comparison, ...]]:
    found: list[Finding] = []
    for rule in rules if blocks else ():
        told = list(rule.explain(evidence, blocks)) if blocks else []
        explained = set(chain.from_iterable(f.where.split() for f in told))
        blocks = tuple(block for block in blocks if block.name not in explained)
        found += told
    return found, blocks


def merged(findings: list[Finding]) -> list[Finding]:
    """Several arrays of which the same is said in the same words become one finding."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.evidence, finding.hint), []).append(finding)
    together = []
    for alike in groups.values():
        first = alike[0]
        names = " ".join(f.where for f in alike)
        title = first.title.replace(f"{first.where}:", f"{names}:", 1)
        together.append(replace(first, where=names, title=title))
    return together
