"""A Report as plain text, the same on every machine and in every run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .comparison import FAIL, Comparison, Status, Verdict
from .findings import Finding
from .notation import apart, exponent
from .phase import Phase

if TYPE_CHECKING:
    from .report import Report

# how many components are named: for one array that fails alone, and for all together
WORST, WORST_OF_SEVERAL, WORST_IN_ALL = 5, 2, 10


def text(report: Report) -> str:
    """The report as plain text, the same on every machine and in every run.

    Figures that rounding decides are not in it: a difference below the threshold is told as such,
    and one that only rounding puts above it as the power of ten that bounds it.
    """
    lines = [f"gradcheck {report.summary}", ""]
    lines += table(report)
    proofs = [f"{phase.name}: {phase.proof}" for phase in report.phases if phase.proof]
    lines += ["", *proofs] if proofs else []
    through = by_sums(report)
    lines += ["", *through] if through else []
    for phase in report.phases:
        worst = worst_lines(phase)
        if worst:
            lines += ["", f"worst components, {phase.name}:", *worst]
    open_findings = [f for f in report.findings if not report.is_settled(f)]
    if open_findings:
        lines += ["", "what to do next:"]
        for finding in open_findings:
            lines += told(finding)
        asked = ", ".join(dict.fromkeys(f'"{finding.code}"' for finding in open_findings))
        lines += [f"gcm.explain({asked}) says more"]
    if report.problem.notes:
        lines += ["", *(f"note: {note}" for note in report.problem.notes)]
    settled = [f for f in report.findings if report.is_settled(f)]
    if settled:
        lines += ["", "settled at another point:", *(f"- {f.title}" for f in settled)]
    return "\n".join(lines)


def by_sums(report: Report) -> list[str]:
    """Which arrays went by their pre-activations, and what stands for that; no line for none."""
    names = [
        name for name in report.names if any(b.pre_activations for b in report.blocks_of(name))
    ]
    if not names:
        return []
    return [
        f"{enumerate_names(names)}: numeric slopes through the pre-activations Z = W A + b, "
        "by dJ/dW = dJ/dZ Aᵀ, dJ/db = Σ dJ/dZ;",
        "the arrays moved themselves, along random directions over all their components, agree "
        "(--epsilon moves every component)",
    ]


def repairs(findings: Sequence[Finding]) -> str:
    """What the source says, below a report."""
    return "\n".join(["gradcheck repair:", *(line for f in findings for line in told(f))])


def mended(findings: Sequence[Finding]) -> str:
    """The functions with their repairs, as a cell that puts methods into their class."""
    texts: dict[str, str] = {}
    for finding in findings:
        if finding.mended is not None:
            *owner, name = finding.title.partition(" of ")[2].partition(":")[0].split(".")
            text = finding.mended.rstrip("\n")
            if owner:
                text += f"\n\n{'.'.join(owner)}.{name} = {name}"
            texts[".".join([*owner, name])] = text
    return "\n\n".join(texts.values())


def told(finding: Finding) -> list[str]:
    """A finding as lines of text; a repair with the line that it changes, before and after."""
    lines = [f"- {finding.title}"]
    if finding.line is not None:
        lines += [f"    {line}" for line in changed(finding)]
    return [*lines, f"  {finding.evidence}", f"  → {finding.hint}"]


def changed(finding: Finding) -> list[str]:
    """The lines of a repair, ``- before`` and ``+ after``, and marks below what has changed."""
    before, after = (finding.before or "").split("\n"), (finding.after or "").split("\n")
    lines = [f"- {line}" for line in before if line] + [f"+ {line}" for line in after if line]
    if len(before) == len(after) == 1 and before[0] and after[0]:
        start, stop = span(before[0], after[0])
        if stop > start:
            lines.append(" " * (2 + start) + "^" * (stop - start))
    return lines


def span(before: str, after: str) -> tuple[int, int]:
    """Where in `after` it differs from `before`, spaces left out of account.

    An edited line is written anew, ``[-l + 1]`` for ``[-l+1]``: that is no change.
    """
    here, there = _letters(after), _letters(before)
    start = 0
    while start < min(len(here), len(there)) and after[here[start]] == before[there[start]]:
        start += 1
    end = 0
    while (
        end < min(len(here), len(there)) - start
        and after[here[-1 - end]] == before[there[-1 - end]]
    ):
        end += 1
    first, stop = here[start - 1] + 1 if start else 0, here[-1 - end] + 1
    if stop <= first:
        return first, first
    space = there[start - 1] + 1 if start else 0
    both = before[space : space + 1].isspace() and after[first].isspace()
    return first + both, stop


def _letters(line: str) -> list[int]:
    """Places of what is no space."""
    return [k for k, letter in enumerate(line) if not letter.isspace()]


def table(report: Report) -> list[str]:
    """One row a parameter array, one pair of columns a point, as lines of text."""
    rows = [["", "", *[phase.name for phase in report.phases]]]
    for name in report.names:
        blocks = [phase.block(name) for phase in report.phases]
        cells = [cell(block, report.settings.threshold) if block else "" for block in blocks]
        rows.append([name, shape(report.blocks_of(name)[0].shape), *cells])
    rows.append(
        ["all", "", *[overall(phase, report.settings.threshold) for phase in report.phases]]
    )
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def cell(block: Comparison, threshold: float) -> str:
    """Difference, verdict and how many components are wrong: ``6.0e-1  FAIL  5 of 5 off``."""
    shown = f"{bound(block.difference, block.rounding, threshold, block.verdict):6}  "
    shown += block.verdict.name
    return shown + off(block)


def off(block: Comparison) -> str:
    """How many components of an array that fails are wrong, in words."""
    if block.verdict is not FAIL:
        return ""
    if not block.count(Status.WRONG):
        return "  off as a whole"
    return f"  {block.count(Status.WRONG)} of {block.judged} off"


def overall(phase: Phase, threshold: float) -> str:
    """The same for all the arrays of a phase together."""
    rounding = max((b.rounding for b in phase.blocks if math.isfinite(b.rounding)), default=0.0)
    return f"{bound(phase.difference, rounding, threshold, phase.verdict):6}  {phase.verdict.name}"


def bound(difference: float, rounding: float, threshold: float, verdict: Verdict) -> str:
    """A difference as far as it is the same on every machine, ``3.3e-1`` or ``< 1e-7``."""
    if math.isnan(difference):
        return "nan"
    if verdict is FAIL:
        return exponent(difference, 1)
    reached = max(difference, 2 * rounding if math.isfinite(rounding) else 0.0)
    if reached < threshold:
        return f"< {exponent(threshold)}"
    decade = math.ceil(math.log10(reached))  # rounding decides the digits
    return f"< {exponent(10.0**decade)}" if decade < 0 else "< 1"


def shape(shape: tuple[int, ...]) -> str:
    """``64 x 32``; empty for a single number."""
    return " x ".join(map(str, shape)) if shape else "number"


def worst_lines(phase: Phase) -> list[str]:
    """The components that are furthest off, ``W2[3, 1]: analytic 0.0123, numeric 0.0062``."""
    lines = []
    failing = sum(block.verdict is FAIL for block in phase.blocks)
    for block in phase.blocks:
        for place in block.worst(WORST if failing == 1 else WORST_OF_SEVERAL):
            lines.append("  " + both(block, place))
    return lines[:WORST_IN_ALL]


def both(block: Comparison, place: int) -> str:
    """One component with both its gradients: ``W2[3, 1]: analytic 0.0123, numeric 0.0062``."""
    analytic, numeric = apart(block.analytic[place], block.numeric[place])
    return f"{block.component(place)}: analytic {analytic}, numeric {numeric}"


def enumerate_names(names: Sequence[str]) -> str:
    """``W1, b1 and W2``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
