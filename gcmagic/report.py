"""The Report: what a check found, and the verdict on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .comparison import FAIL, INCONCLUSIVE, PASS, Comparison, Status, Verdict
from .diagnosis.once import said_once
from .errors import InputError
from .findings import Finding
from .phase import Phase, Settings
from .problem import Problem
from .report_text import enumerate_names, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# codes of findings that say why an array could not be judged at one point
OPEN = frozenset({"nothing-moves", "kink", "noisy", "half-precision"})
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
    repairs
        What was found in the source where the verdict is FAIL.
    not_batched
        Arrays whose components went through the cost one at a time, each with why.
    announced
        Whether what was bound stands above the report already: its HTML does not say it again.
    """

    phases: tuple[Phase, ...]
    settings: Settings
    problem: Problem = field(repr=False)
    repairs: tuple[Finding, ...] = ()
    not_batched: tuple[tuple[str, str], ...] = ()
    announced: bool = False

    @property
    def verdict(self) -> Verdict:
        """FAIL for one wrong array at one point; PASS where every parameter array passes.

        A parameter for which backward gives no gradient at all leaves it open.
        """
        verdicts = [self.verdict_of(name) for name in self.names]
        if FAIL in verdicts:
            return FAIL
        whole = verdicts and not self.unchecked
        return PASS if whole and all(v is PASS for v in verdicts) else INCONCLUSIVE

    @property
    def unchecked(self) -> tuple[str, ...]:
        """Parameters that backward gives no gradient for, unless only others were asked for."""
        every = self.settings.layers is None or set(self.settings.layers) == set(
            self.problem.layout.names
        )
        return self.problem.unchecked if every else ()

    def verdict_of(self, name: str) -> Verdict:
        """The verdict on one parameter array over all points.

        PASS takes every component: right at some point where it moves the cost, or zero at every
        point. So a kink at one point is settled by another, but not by one where the component is
        idle; NaN and a disagreement are settled by nothing.
        """
        blocks = self.blocks_of(name)
        if len(blocks) == 1:
            return blocks[0].verdict
        if any(block.verdict is FAIL for block in blocks):
            return FAIL
        if self.is_beyond_settling(name) or np.any(self.open_components(name)):
            return INCONCLUSIVE
        return INCONCLUSIVE if all(block.is_zero for block in blocks) else PASS

    def is_beyond_settling(self, name: str) -> bool:
        """Whether it was not finite, or off for a reason unknown, at some point."""
        return any(
            block.count(Status.NOT_FINITE) or block.is_unconfirmed for block in self.blocks_of(name)
        )

    def open_components(self, name: str) -> np.ndarray:
        """Which components no point has settled: right where they move, or zero at every point."""
        blocks = self.blocks_of(name)
        if any(b.probe is not None for b in blocks) or len({b.components.size for b in blocks}) > 1:
            # all of them, or none
            return np.array([not any(block.verdict is PASS for block in blocks)])
        agrees = np.array([block.status == Status.AGREES for block in blocks])
        moves = np.array([block.moves for block in blocks])
        return ~(np.any(agrees & moves, axis=0) | np.all(agrees, axis=0))

    def blocks_of(self, name: str) -> tuple[Comparison, ...]:
        """The comparisons of one parameter array, one a point."""
        found = (phase.block(name) for phase in self.phases)
        return tuple(block for block in found if block is not None)

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
        return *said_once([phase.findings for phase in self.phases]), *self.repairs

    def is_settled(self, finding: Finding) -> bool:
        """Whether it says only why one point could not judge arrays that pass at another."""
        names = finding.where.split()
        if finding.code in ("floor", "saturated"):
            return all(self._is_sharp(name) for name in names)
        if finding.code == "sampled":
            return all(self.is_screened(name) for name in names)
        return finding.code in OPEN and all(self.verdict_of(name) is PASS for name in names)

    def _is_sharp(self, name: str) -> bool:
        threshold = self.settings.threshold
        return any(b.verdict is PASS and b.difference <= threshold for b in self.blocks_of(name))

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
                f"FAIL: the gradient{'s' * several} of {enumerate_names(self.wrong)} "
                f"{'are' if several else 'is'} wrong"
            )
        if self.verdict is PASS:
            return f"PASS: {self.verdict.value}{self._where}{self._reach}"
        if self.unchecked and all(self.verdict_of(name) is PASS for name in self.names):
            names = enumerate_names(self.unchecked)
            return f"INCONCLUSIVE: {names} got no gradient to check; all else agrees"
        open_names = [n for n in self.names if self.verdict_of(n) is INCONCLUSIVE]
        return f"INCONCLUSIVE: {self.verdict.value} for {enumerate_names(open_names)}"

    @property
    def _where(self) -> str:
        """At how many of the points that were looked at all arrays agree."""
        count = len(self.phases)
        agreeing = sum(phase.verdict is PASS for phase in self.phases)
        if agreeing == count:
            return f" at {count} point{'s' * (count > 1)}"
        if agreeing:
            return f" at {agreeing} of {count} points; nothing speaks against it elsewhere"
        return f", each array at one of {count} points at least"

    @property
    def _reach(self) -> str:
        """How far a PASS goes where not every component was looked at by itself."""
        if not self.settings.fast:
            return ""
        probes = [b.probe for phase in self.phases for b in phase.blocks if b.probe is not None]
        sampled = [name for name in self.names if not self.is_screened(name)]
        words = ", by random directions" if probes else ""
        if sampled:
            words += f", {enumerate_names(sampled)} as far as sampled" if probes else ", as far as "
            words += "" if probes else "sampled"
        return words

    def is_screened(self, name: str) -> bool:
        """Whether every component of an array that passes was seen, by itself or by directions."""
        return any(
            block.verdict is PASS
            and (block.probe is not None or block.components.size == block.block.size)
            for block in self.blocks_of(name)
        )

    def to_dict(self, components: bool = True) -> dict[str, Any]:
        """JSON-ready: every figure of the report; without `components`, figures a block only."""
        return {
            "verdict": self.verdict.name,
            "summary": self.summary,
            "difference": _number(self.difference),
            "threshold": self.settings.threshold,
            "scheme": self.settings.scheme.name,
            "how": self.problem.how,
            "wrong": list(self.wrong),
            "unchecked": list(self.unchecked),
            "notes": list(self.problem.notes),
            "not_batched": dict(self.not_batched),
            "nfev": self.nfev,
            "findings": [finding.to_dict() for finding in self.findings],
            "phases": [
                {
                    "name": phase.name,
                    "verdict": phase.verdict.name,
                    "difference": _number(phase.difference),
                    "cost": _number(phase.cost),
                    "epsilon": phase.epsilon,
                    "proof": phase.proof,
                    "findings": [finding.to_dict() for finding in phase.findings],
                    "blocks": [_block_dict(block, components) for block in phase.blocks],
                }
                for phase in self.phases
            ],
        }

    def figure(self, view: str = "discrepancy", **how: Any) -> Figure:
        """One picture for a paper: white, no border, a point beside the other.

        Parameters
        ----------
        view
            discrepancy, heatmap, agreement, sweep or strip.
        how
            Passed on to `gcmagic.plots.figure`: phases, theme, width in inches, columns.

        Returns
        -------
        matplotlib.figure.Figure
            ``report.figure().savefig("check.pdf")``.

        Examples
        --------
        >>> import numpy as np
        >>> import gcmagic as gcm
        >>> report = gcm.check(lambda w: np.sum(w**3), lambda w: 3 * w**2, np.arange(1.0, 4.0))
        >>> len(report.figure("strip").axes)
        2
        """
        from . import plots  # matplotlib: only where something is drawn

        return plots.figure(self, view, **{"theme": "paper", **how})

    def to_html(self, path: str | Path) -> Path:
        """Write a page that stands alone: text, table and pictures in one file, light and dark.

        Parameters
        ----------
        path
            Where to; its folder has to exist.
        """
        from .report_page import page

        written = Path(path)
        if not written.parent.is_dir():
            raise InputError(f"there is no folder {written.parent}; needed: one that exists")
        written.write_text(page(self), encoding="utf-8")
        return written

    def explore(self) -> Any:
        """The panel with sliders for epsilon, layer, point and view, to be shown by Jupyter.

        Raises
        ------
        InputError
            Where there is no Jupyter; `figure` and ``print(report)`` work everywhere.
        """
        # the front end is above this module in the house, and comes only where it is asked for
        return import_module(".jupyter.showing", __package__).explore(self)

    def __repr__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        from .report_html import html  # matplotlib: only where HTML is shown

        return html(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": text(self), MIME: self.to_dict(components=False)}


def _block_dict(block: Comparison, components: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": block.name,
        "shape": list(block.shape),
        "verdict": block.verdict.name,
        "difference": _number(block.difference),
        "floor": _number(block.floor),
        "wrong": block.count(Status.WRONG),
        "checked": block.judged if block.verdict is FAIL else block.analytic.size,
    }
    if block.pre_activations:
        data["pre_activations"] = block.pre_activations
    if block.probe is not None:
        data["directions"] = {
            "analytic": [_number(x) for x in block.probe.analytic],
            "numeric": [_number(x) for x in block.probe.numeric],
            "error": [_number(x) for x in block.probe.error],
            "status": block.probe.status.name,
            "bound": _number(block.probe.bound),
            "located": list(block.probe.located),
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
