"""Every component by how far it is off, array by array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..comparison import FAIL, PASS, Comparison, Status
from ..notation import CHECKMARK, exponent
from .card import bare, named, status_keys, threshold_line, ticks
from .marks import BOTTOM, TOP, Group, Mark, groups, marks
from .scene import Artists, Margins, Scene, View
from .theme import BODY, MARKERS, SMALL, WRONG, style

LONGEST = 16  # characters of a name that stands on end


def frame(ax: Axes, scene: Scene) -> None:
    """Scales, grid, threshold."""
    bare(ax)
    ax.set_yscale("log")
    ax.set_ylim(BOTTOM / 6, TOP * 4)
    ax.set_xlim(0, 1)
    at = [10.0**k for k in range(-16, 1, 4)]
    first = ax.get_subplotspec() is not None or _is_first(ax)
    words = ["0", *(exponent(t) for t in at[1:-1]), "1"] if first else [""] * len(at)
    ticks(ax, "y", at, words, scene.theme)
    threshold_line(ax, scene.settings.threshold, scene.theme)
    if first:
        named(ax, scene.theme, y="discrepancy  |g − D| / (‖g‖ + ‖D‖)")


def _is_first(ax: Axes) -> bool:
    """Whether no axes stands to the left of it, so that it has to carry the figures."""
    box = ax.get_position()
    return not any(
        o is not ax and o.get_position().x1 <= box.x0 and abs(o.get_position().y0 - box.y0) < 0.01
        for o in ax.figure.axes
    )


def ground(ax: Axes, scene: Scene) -> Artists:
    """Bands and names of the arrays."""
    laid = groups([block.block.size for block in scene.blocks])
    across = ax.get_window_extent().width / ax.figure.dpi
    size, turned = _lettering(scene.blocks, laid, across)
    artists: Artists = []
    for k, (block, group) in enumerate(zip(scene.blocks, laid, strict=True)):
        bad = block.verdict is FAIL
        if bad or k % 2:
            colour, alpha = (WRONG, 0.12) if bad else (scene.theme.band, 0.07)
            artists.append(
                ax.axvspan(group.left, group.right, facecolor=colour, alpha=alpha, zorder=0.4, lw=0)
            )
        artists.append(_name(ax, scene, block, group, size, turned))
    return artists


def points(ax: Axes, scene: Scene) -> Artists:
    """The components with their error bars."""
    laid = groups([block.block.size for block in scene.blocks])
    return [
        ax.add_line(_line(mark, scene))
        for block, group in zip(scene.blocks, laid, strict=True)
        for mark in marks(block, group)
    ]


def keys(scene: Scene) -> list[Line2D]:
    """The statuses that occur."""
    return status_keys(scene.statuses, scene.theme)


def margins(blocks: Sequence[Comparison], across: float) -> Margins:
    """Room below for names that stand on end."""
    size, turned = _lettering(blocks, groups([b.block.size for b in blocks]), across)
    longest = max(min(len(b.name), LONGEST) for b in blocks) + 2
    return Margins(bottom=0.33 + (0.64 * size / 72 * longest - 0.1 if turned else 0.0))


def _lettering(
    blocks: Sequence[Comparison], laid: Sequence[Group], across: float
) -> tuple[float, bool]:
    """Size of the names below, and whether they have to stand on end to fit."""
    centres = np.array([(group.left + group.right) / 2 for group in laid])
    # a name may be wider than its stretch, as long as it leaves its neighbours and the card alone
    ems = np.array([0.64 * (len(block.name) + 2) / 72 / across for block in blocks])
    for size in (BODY, SMALL, 8.0):
        left, right = centres - ems * size / 2, centres + ems * size / 2
        gap = 0.4 * size / 72 / across
        if np.all(right[:-1] + gap <= left[1:]) and left[0] > -0.02 and right[-1] < 1.02:
            return size, False
    return max(4.0, min(SMALL, 0.8 * 72 * across / len(blocks))), True


def _name(
    ax: Axes, scene: Scene, block: Comparison, group: Group, size: float, turned: bool
) -> Artist:
    name, mark, verdict = block.name, CHECKMARK[block.verdict.name], block.verdict
    if len(name) > LONGEST and turned:
        name = f"{name[: LONGEST - 1]}…"
    return ax.text(
        (group.left + group.right) / 2,
        -0.03,
        f"{name} {mark}" if turned else f"{mark} {name}",  # the mark next to the axis
        transform=ax.get_xaxis_transform(),
        ha="center",
        va="top",
        rotation=90 if turned else 0,
        fontweight="bold" if verdict is FAIL else "normal",
        color=scene.theme.ink if verdict is PASS else scene.theme.text(verdict),
        **style(size),
    )


def _line(mark: Mark, scene: Scene) -> Line2D:
    shape, scale, _ = MARKERS[mark.status]
    colour = scene.theme.colour(mark.status)
    if mark.kind == "error":
        return Line2D(
            mark.x, mark.y, color=colour, linewidth=1.0, alpha=0.28, solid_capstyle="butt", zorder=2
        )
    if mark.kind == "band":
        return Line2D(mark.x, mark.y, color=colour, linewidth=1.2, alpha=0.6, solid_capstyle="butt")
    wrong = mark.status is Status.WRONG
    outlined = wrong and mark.size > 4  # small crosses would be all outline
    return Line2D(
        mark.x,
        mark.y,
        linestyle="none",
        marker=shape,
        markersize=(max(mark.size, 3.4) if wrong else mark.size) * scale,
        markerfacecolor=colour,
        markeredgecolor=scene.theme.ink if outlined else scene.theme.card,
        markeredgewidth=0.5 if outlined else 0.3,
        alpha=0.95 if wrong else 0.85,
        zorder=3.5 if wrong else 3,
    )


VIEW = View("components", frame, ground, points, keys, margins)
