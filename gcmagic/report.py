"""The Report: what a check found, as text, as HTML and as data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .comparison import FAIL, INCONCLUSIVE, PASS, Comparison, Status, Verdict
from .findings import Finding
from .notation import exponent
from .phase import Phase, Settings
from .problem import Problem

WORST = 5
MIME = "application/vnd.gcmagic.report+json"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Report:
    """What a check found. Frozen; everything shown comes out of it.

    Attributes
    ----------
    phases
        One `Phase` a point, in the order in which they were checked.
    settings
        Scheme, epsilon, threshold, layers and seed.
    problem
        What was checked; ``problem.how`` says how it was found.
    """

    phases: tuple[Phase, ...]
    settings: Settings
    problem: Problem = field(repr=False)

    @property
    def verdict(self) -> Verdict:
        """FAIL for one wrong array at one point; PASS where every array passes.

        An array passes that passes at one point at least and is nowhere wrong and nowhere beyond
        the finite numbers; one point where it cannot be judged (a kink) does not undo another.
        """
        verdicts = [self.verdict_of(name) for name in self.names]
        if FAIL in verdicts:
            return FAIL
        return PASS if verdicts and all(v is PASS for v in verdicts) else INCONCLUSIVE

    def verdict_of(self, name: str) -> Verdict:
        """The verdict on one parameter array over all points."""
        blocks = self.blocks_of(name)
        verdicts = [block.verdict for block in blocks]
        if FAIL in verdicts:
            return FAIL
        finite = not any(block.count(Status.NOT_FINITE) for block in blocks)
        return PASS if finite and PASS in verdicts else INCONCLUSIVE

    def blocks_of(self, name: str) -> tuple[Comparison, ...]:
        """The comparisons of one parameter array, one a point."""
        return tuple(b for phase in self.phases for b in phase.blocks if b.name == name)

    @property
    def passed(self) -> bool:
        """Whether the verdict is PASS."""
        return self.verdict is PASS

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameter arrays that were checked."""
        return tuple(block.name for block in self.phases[0].blocks)

    @property
    def wrong(self) -> tuple[str, ...]:
        """Names of the parameter arrays whose gradient is wrong."""
        return tuple(name for name in self.names if self.verdict_of(name) is FAIL)

    @property
    def difference(self) -> float:
        """Formula (2) over all parameters, the largest of the points; NaN where one is NaN."""
        return float(np.max([phase.difference for phase in self.phases]))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed; what two points say alike is said once."""
        seen: dict[tuple[str, str], Finding] = {}
        told = {name for phase in self.phases for f in phase.findings for name in f.where.split()}
        for phase in self.phases:
            for finding in phase.findings:
                names = finding.where.split()
                settled = names and all(self.verdict_of(name) is PASS for name in names)
                if not settled and all(name in told for name in names):
                    seen.setdefault((finding.code, finding.where), finding)
        return tuple(seen.values())

    @property
    def nfev(self) -> int:
        """Evaluations of the cost, all points together, without the training."""
        return sum(phase.nfev for phase in self.phases)

    @property
    def summary(self) -> str:
        """One line: the verdict, and which arrays it is about."""
        if self.verdict is FAIL:
            several = len(self.wrong) > 1
            return (
                f"FAIL: the gradient{'s' * several} of {_and(self.wrong)} "
                f"{'are' if several else 'is'} wrong"
            )
        if self.verdict is PASS:
            return f"PASS: {self.verdict.value} at {_points(len(self.phases))}"
        open_names = [n for n in self.names if self.verdict_of(n) is INCONCLUSIVE]
        return f"INCONCLUSIVE: {self.verdict.value} for {_and(open_names)}"

    def to_dict(self, components: bool = True) -> dict[str, Any]:
        """JSON-ready: every figure of the report; without `components`, figures a block only."""
        return {
            "verdict": self.verdict.name,
            "difference": _number(self.difference),
            "threshold": self.settings.threshold,
            "scheme": self.settings.scheme.name,
            "how": self.problem.how,
            "wrong": list(self.wrong),
            "nfev": self.nfev,
            "findings": [finding.to_dict() for finding in self.findings],
            "phases": [
                {
                    "name": phase.name,
                    "verdict": phase.verdict.name,
                    "difference": _number(phase.difference),
                    "cost": _number(phase.cost),
                    "epsilon": phase.epsilon,
                    "findings": [finding.to_dict() for finding in phase.findings],
                    "blocks": [_block_dict(block, components) for block in phase.blocks],
                }
                for phase in self.phases
            ],
        }

    def __repr__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        from .report_html import html

        return html(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": text(self), MIME: self.to_dict(components=False)}


def text(report: Report) -> str:
    """The report as plain text, the same on every machine and in every run.

    Figures that rounding decides are not in it: a difference below the threshold is told as such,
    and one that only rounding puts above it as the power of ten that bounds it.
    """
    lines = [f"gradcheck {report.summary}", ""]
    lines += table(report)
    for phase in report.phases:
        worst = _worst_lines(phase)
        if worst:
            lines += ["", f"worst components, {phase.name}:", *worst]
    if report.findings:
        lines += ["", "what to do next:"]
        for finding in report.findings:
            lines += [f"- {finding.title}", f"  {finding.evidence}", f"  → {finding.hint}"]
    return "\n".join(lines)


def table(report: Report) -> list[str]:
    """One row a parameter array, one pair of columns a point, as lines of text."""
    rows = [["", "", *[phase.name for phase in report.phases]]]
    for name in report.names:
        blocks = report.blocks_of(name)
        cells = [cell(block, report.settings.threshold) for block in blocks]
        rows.append([name, shape(blocks[0].shape), *cells])
    rows.append(
        ["all", "", *[overall(phase, report.settings.threshold) for phase in report.phases]]
    )
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def cell(block: Comparison, threshold: float) -> str:
    """Difference, verdict and how many components are wrong: ``6.0e-1  FAIL  5 of 5 off``."""
    shown = f"{bound(block.difference, block.rounding, threshold, block.verdict)}  "
    shown += block.verdict.name
    if block.verdict is FAIL:
        shown += f"  {block.count(Status.WRONG)} of {block.analytic.size} off"
    return shown


def overall(phase: Phase, threshold: float) -> str:
    """The same for all the arrays of a phase together."""
    rounding = max((b.rounding for b in phase.blocks if math.isfinite(b.rounding)), default=0.0)
    return f"{bound(phase.difference, rounding, threshold, phase.verdict)}  {phase.verdict.name}"


def bound(difference: float, rounding: float, threshold: float, verdict: Verdict) -> str:
    """A difference as far as it is the same on every machine, ``3.3e-1`` or ``< 1e-7``."""
    if math.isnan(difference):
        return "nan"
    if verdict is FAIL:
        return exponent(difference, 1)
    if 10 * rounding > threshold and math.isfinite(rounding):  # rounding decides the digits
        decade = math.ceil(math.log10(max(10 * rounding, difference)))
        return f"< {exponent(10.0**decade)}" if decade < 0 else "noise"
    return f"< {exponent(threshold)}" if difference < threshold else exponent(difference)


def shape(shape: tuple[int, ...]) -> str:
    """``64 x 32``; empty for a single number."""
    return " x ".join(map(str, shape)) if shape else "number"


def _worst_lines(phase: Phase) -> list[str]:
    lines = []
    for block in phase.blocks:
        for place in block.worst(WORST if len(phase.blocks) == 1 else 2):
            lines.append(
                f"  {block.component(place)}: analytic {block.analytic[place]:.3g}, "
                f"numeric {block.numeric[place]:.3g}"
            )
    return lines[: 2 * WORST]


def _block_dict(block: Comparison, components: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": block.name,
        "shape": list(block.shape),
        "verdict": block.verdict.name,
        "difference": _number(block.difference),
        "floor": _number(block.floor),
        "wrong": block.count(Status.WRONG),
        "checked": block.analytic.size,
    }
    if components:
        data["components"] = block.components.tolist()
        for name in ("analytic", "numeric", "error"):
            data[name] = [_number(x) for x in getattr(block, name)]
        data["status"] = [Status(s).name for s in block.status]
    return data


def _number(x: float) -> float | str:
    """A float for JSON, which knows no NaN and no infinity."""
    return float(x) if math.isfinite(x) else str(float(x))


def _and(names: Any) -> str:
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _points(count: int) -> str:
    return "one point" if count == 1 else f"{('two', 'three', 'four')[count - 2]} points"
