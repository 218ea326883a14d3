"""Pictures of a Report, by matplotlib's object interface: never pyplot, so no state is shared.

from gcmagic import plots
plots.figure(report)            # the whole report, a panel a point
plots.discrepancy(report, ax)   # one point, on axes of one's own
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..comparison import FAIL, Comparison, Status
from ..errors import InputError
from ..notation import exponent
from .card import DPI, card, draw, frame, title

if TYPE_CHECKING:
    from ..phase import Phase
    from ..report import Report

__all__ = ["alt_text", "discrepancy", "figure", "png"]


def discrepancy(
    report: Report,
    ax: Axes | None = None,
    *,
    phase: int = 0,
    layers: str | Sequence[str] | None = None,
) -> Axes:
    """Draw how far every component of the gradient is off, array by array.

    Parameters
    ----------
    report
        What a check found.
    ax
        Where to draw; by default on a new card, ``ax.figure``.
    phase
        Which point, counted from 0.
    layers
        Names of the parameter arrays to draw; all by default.

    Returns
    -------
    Axes
        One point a component: its height is `Comparison.discrepancies`, its colour belongs to
        the array, its shape to its `Status`. Arrays of more than 3,000 components are drawn as
        bands from the smallest to the largest of each bin; what is wrong stays a cross.

    Examples
    --------
    >>> import numpy as np
    >>> import gcmagic as gcm
    >>> from gcmagic import plots
    >>> report = gcm.check(lambda w: np.sum(w**3), lambda w: 3 * w**2, np.arange(1.0, 4.0))
    >>> plots.discrepancy(report).get_yscale()
    'log'
    """
    blocks = _chosen(report.phases[phase], layers)
    if ax is None:
        ax = card(1, blocks, report.settings.threshold)[0]
    else:
        frame(ax, report.settings.threshold)
    draw(ax, blocks, report.names)
    title(ax, report.phases[phase].name)
    return ax


def figure(report: Report) -> Figure:
    """The whole report in one picture: a panel a point, two side by side, on one scale."""
    statuses = {Status(s) for p in report.phases for b in p.blocks for s in b.status}
    axes = card(
        len(report.phases),
        report.phases[0].blocks,
        report.settings.threshold,
        sorted(statuses | {Status.AGREES, Status.WRONG}),
    )
    for ax, phase in zip(axes, report.phases, strict=True):
        draw(ax, phase.blocks, report.names)
        title(ax, phase.name, phase.verdict, phase.difference)
    return axes[0].figure  # type: ignore[return-value]


def png(picture: Figure, dpi: float = 2 * DPI) -> bytes:
    """The bytes of `picture`, the same for the same picture: no date, no version in them."""
    buffer = io.BytesIO()
    picture.savefig(buffer, format="png", dpi=dpi, facecolor="none", metadata={"Software": None})
    return buffer.getvalue()


def alt_text(report: Report) -> str:
    """One sentence that stands in for the picture."""
    points = "; ".join(
        f"{phase.name}, {phase.verdict.name}{_off(phase.blocks)}" for phase in report.phases
    )
    return (
        "Discrepancy between the analytic and the numeric gradient of every component, on a "
        f"logarithmic scale with a line at {exponent(report.settings.threshold)}, by parameter "
        f"array: {points}."
    )


def _off(blocks: Sequence[Comparison]) -> str:
    wrong = [b for b in blocks if b.verdict is FAIL]
    if not wrong:
        return ""
    return ", off: " + ", ".join(
        f"{b.name} {b.count(Status.WRONG)} of {b.analytic.size}" for b in wrong
    )


def _chosen(phase: Phase, layers: str | Sequence[str] | None) -> list[Comparison]:
    if layers is None:
        return list(phase.blocks)
    wanted = [layers] if isinstance(layers, str) else list(layers)
    known = [block.name for block in phase.blocks]
    for name in wanted:
        if name not in known:
            raise InputError(f"no array {name!r} was checked; there are: {' '.join(known)}")
    return [block for block in phase.blocks if block.name in wanted]
