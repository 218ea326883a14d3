"""What several points say alike, said once."""

from __future__ import annotations

from collections.abc import Sequence

from ..findings import Finding
from .rules import CAUSES
from .unexplained import FEW

_CAUSES = frozenset(code for rule in CAUSES for code in rule.codes)


def said_once(points: Sequence[Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings of all points without those that another point has for as many arrays.

    "Wrong" of too few numbers to tell says less than a cause that another point has proved.
    """
    kept: list[tuple[int, Finding]] = []
    for k, findings in enumerate(points):
        for finding in findings:
            if any(_covers(one, finding) for j, one in kept if j != k):
                continue
            if any((one.code, one.where) == (finding.code, finding.where) for _, one in kept):
                continue
            less = [one for j, one in kept if j != k and _covers(finding, one)]
            place = next((n for n, (_, one) in enumerate(kept) if one in less), len(kept))
            kept.insert(place, (k, finding))
            kept = [(j, one) for j, one in kept if one not in less]
    found = [one for _, one in kept]
    proved = {name for one in found if one.code in _CAUSES for name in one.where.split()}
    return tuple(one for one in found if not (_few(one) and one.where in proved))


def _covers(one: Finding, other: Finding) -> bool:
    """Whether a finding says the same of the arrays of another one, and perhaps of more."""
    names = set(other.where.split())
    return bool(names) and other.code == one.code and names <= set(one.where.split())


def _few(finding: Finding) -> bool:
    return finding.code == "wrong" and FEW in finding.evidence
