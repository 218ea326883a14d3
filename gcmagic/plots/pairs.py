"""Analytic against numeric: right code lies on the diagonal, a constant factor on another line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..comparison import FAIL, Comparison, Status
from ..diagnosis.factors import factor_text
from .card import bare, line_key, named, status_keys, ticks
from .marks import LIMIT
from .scene import Artists, Margins, Scene, View
from .theme import MARKERS, SMALL, WRONG, style

LEAST, MOST = -2.3, 2.3  # of the analytic gradient, in units of the largest slope of its array
EDGE = 1.12
GRID = 400  # of many points that would cover each other, one a cell of such a grid
APART = 0.36  # of the axis, between two labels


def frame(ax: Axes, scene: Scene) -> None:
    """Scales and the diagonal."""
    bare(ax)
    ax.set_xlim(-EDGE, EDGE)
    ax.set_ylim(LEAST, MOST)
    ticks(ax, "x", [-1, 0, 1], ["−1", "0", "1"], scene.theme)
    ticks(ax, "y", [-2, -1, 0, 1, 2], ["−2", "−1", "0", "1", "2"], scene.theme)
    named(ax, scene.theme, "numeric  D / max |D| of its array", "analytic  g / max |D|")
    ax.plot(
        [-EDGE, EDGE],
        [-EDGE, EDGE],
        color=scene.theme.ink,
        linewidth=1.1,
        dashes=(5, 3),
        zorder=2.2,
    )


def ground(ax: Axes, scene: Scene) -> Artists:
    """Nothing: what is fitted changes with the figures."""
    return []


def points(ax: Axes, scene: Scene) -> Artists:
    """Components, and the line that fits each wrong array."""
    artists: Artists = []
    wrong: dict[str, list[tuple[str, float]]] = {}
    for block in scene.blocks:
        x, y = _scaled(block)
        for status in Status:
            here = np.flatnonzero((block.status == status) & np.isfinite(x) & np.isfinite(y))
            if here.size:
                artists.append(_points(ax, scene, x[here], y[here], status, block.analytic.size))
        if block.verdict is FAIL:
            c, words = _fit(x, y)
            if np.isfinite(c):
                wrong.setdefault(words, []).append((block.name, c))
    return artists + _lines(ax, scene, wrong)


def keys(scene: Scene) -> list[Line2D]:
    """Statuses and lines."""
    made = status_keys(scene.statuses, scene.theme)
    made.append(line_key("analytic = numeric", scene.theme.ink, (0, (5, 3)), 1.1))
    return [*made, line_key("fitted factor", WRONG)]


def margins(blocks: Sequence[Comparison], across: float) -> Margins:
    """Room at the right for the factors."""
    return Margins(left=0.88, right=2.15, bottom=0.52)


def _scaled(block: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """Numeric and analytic in units of the largest numeric slope; where all are 0, analytic."""
    with np.errstate(all="ignore"):
        for values in (block.numeric, block.analytic):
            unit = np.max(np.abs(values[np.isfinite(values)]), initial=0.0)
            if unit > 0:
                return block.numeric / unit, block.analytic / unit
    return block.numeric, block.analytic


def _fit(x: np.ndarray, y: np.ndarray) -> tuple[float, str]:
    """The c of y = c x by least squares, and in words how well it fits."""
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if not np.any(x):
        return np.nan, ""
    c = float(x @ y / (x @ x))
    norm = float(np.linalg.norm(y))
    left = float(np.linalg.norm(y - c * x)) / norm if norm else 0.0
    if left < 1e-3:
        return c, f"× {factor_text(c)}".replace("-", "−")
    return c, f"no one factor ({min(left, 1):.0%} off)".replace("%", " %")


def _points(
    ax: Axes, scene: Scene, x: np.ndarray, y: np.ndarray, status: Status, count: int
) -> Line2D:
    shape, scale, _ = MARKERS[status]
    if x.size > LIMIT:
        cells = np.round(np.column_stack([x * GRID, y * GRID])).astype(np.int64)
        _, one = np.unique(cells, axis=0, return_index=True)
        x, y = x[one], y[one]
    wrong = status is Status.WRONG
    size = float(np.clip(24 / count**0.28, 3.0, 7.5))
    return ax.plot(
        np.clip(x, -EDGE, EDGE),
        np.clip(y, LEAST, MOST),
        linestyle="none",
        marker=shape,
        markersize=size * scale,
        markerfacecolor=scene.theme.colour(status),
        markeredgecolor=scene.theme.ink if wrong and size > 6 else scene.theme.card,
        markeredgewidth=0.5 if size > 6 else 0.3,
        alpha=0.9,
        clip_on=False,
        zorder=3.5 if wrong else 3,
    )[0]


def _lines(ax: Axes, scene: Scene, wrong: dict[str, list[tuple[str, float]]]) -> Artists:
    """One line a factor, its label at the right where it leaves the axes; the diagonal's too."""
    artists: Artists = []
    labels = [(EDGE, "analytic = numeric", scene.theme.ink, "normal")]
    for words, arrays in wrong.items():
        c = arrays[0][1]
        reach = EDGE if abs(c) * EDGE <= MOST else MOST / abs(c)
        artists += ax.plot(
            [-reach, reach], [-c * reach, c * reach], color=WRONG, linewidth=1.4, zorder=2.4
        )
        names = [name for name, _ in arrays]
        shown = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
        shown = shown if len(shown) <= 22 else f"{shown[:21]}…"
        y = float(np.clip(c * EDGE, LEAST, MOST))
        labels.append((y, f"✗ {shown}\n{words}", scene.theme.wrong_text, "bold"))
    labels.sort(key=lambda label: label[0])
    span = MOST - LEAST
    need = [APART * span / 2 if "\n" in text else 0.24 * span / 2 for _, text, *_ in labels]
    at = _spaced([label[0] for label in labels], need)
    for (_, text, colour, weight), y in zip(labels, at, strict=True):
        artists.append(
            ax.annotate(
                text,
                (EDGE, y),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                fontweight=weight,
                linespacing=1.25,
                annotation_clip=False,
                **style(SMALL),
            )
        )
    return artists


def _spaced(wanted: Sequence[float], need: Sequence[float]) -> list[float]:
    """Places near those wanted, in order, as far apart as needed and within the axes."""
    at: list[float] = []
    for y, room in zip(wanted, need, strict=True):
        at.append(max(y, at[-1] + room) if at else y)
    over = at[-1] - MOST
    if over > 0:
        at[-1] -= over
        for k in range(len(at) - 2, -1, -1):
            at[k] = min(at[k], at[k + 1] - need[k + 1])
    return at


VIEW = View("analytic against numeric", frame, ground, points, keys, margins)
