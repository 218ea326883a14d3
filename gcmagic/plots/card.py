"""The light card that a picture stands on, and how arrays are put on it.

Every colour, size and font is said here, none is left to rcParams: a notebook may have a dark
style, and the picture is the same on every machine. The card has round corners, transparent
outside, which looks meant on a white page and on a dark one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

from ..comparison import FAIL, PASS, Comparison, Status, Verdict
from ..notation import CHECKMARK, exponent
from .marks import BOTTOM, TOP, Group, Mark, groups, marks

INK, QUIET, GRID, CARD, EDGE = "#1B1B1B", "#5E5E5E", "#DCDAD5", "#FBFAF7", "#D8D5CE"
# Okabe and Ito's orange-red, darkened for text; the pure colour is kept for what is wrong
WRONG, WRONG_TEXT = "#D55E00", "#B34A00"
VERDICT = {"PASS": "#00598A", "FAIL": WRONG_TEXT, "INCONCLUSIVE": "#5E5E5E"}
FONT = "DejaVu Sans"  # comes with matplotlib, so that it is there on every machine

MARKERS = {
    Status.AGREES: ("o", 1.0, "agrees"),
    Status.WRONG: ("X", 1.75, "wrong"),
    Status.KINK: ("^", 1.35, "kink"),
    Status.NOISY: ("D", 1.1, "too noisy to tell"),
    Status.NOT_FINITE: ("s", 1.25, "not finite"),
    Status.UNCONFIRMED: ("v", 1.35, "off here only"),
}
WIDTH, HEIGHT = 8.8, 3.9  # inches, of a card with two points
DPI = 100
LONGEST = 16  # characters of a name that stands on end


def card(
    panels: int,
    blocks: Sequence[Comparison],
    threshold: float,
    statuses: Sequence[Status] = tuple(Status),
) -> list[Axes]:
    """A figure of its own with empty axes, a legend, and room below for the names of `blocks`."""
    columns, rows = min(panels, 2), -(-panels // 2)
    strip = 0.45  # inches below, for the legend
    tall = HEIGHT - strip
    width, height = WIDTH, rows * tall + strip
    canvas = FigureCanvasAgg(Figure(figsize=(width, height), dpi=DPI, facecolor="none"))
    fig = canvas.figure
    inset, corner = 0.03, 0.10  # inches
    fig.add_artist(
        FancyBboxPatch(
            (inset + corner, inset + corner),
            width - 2 * (inset + corner),
            height - 2 * (inset + corner),
            boxstyle=f"round,pad={corner}",
            transform=fig.dpi_scale_trans,
            facecolor=CARD,
            edgecolor=EDGE,
            linewidth=1,
            zorder=-10,
        )
    )
    left, right, top, gap = 0.88, 0.28, 0.52, 0.3
    across = (width - left - right - (columns - 1) * gap) / columns
    bottom = 0.33 + _room_below(blocks, across)
    axes = []
    for k in range(panels):
        row, column = divmod(k, columns)
        x, y = left + column * (across + gap), strip + (rows - 1 - row) * tall + bottom
        box = (x / width, y / height, across / width, (tall - bottom - top) / height)
        axes.append(fig.add_axes(box, facecolor="none"))
        frame(axes[-1], threshold, first=column == 0)
    legend = fig.legend(
        handles=[_key(status) for status in statuses],
        loc="lower left",
        bbox_to_anchor=((left - 0.1) / width, 0.17 / height),
        ncols=len(statuses),
        frameon=False,
        prop={"family": FONT, "size": 9},
        labelcolor=QUIET,
        handletextpad=0.2,
        columnspacing=1.6,
        borderpad=0.0,
        borderaxespad=0.0,
    )
    legend.set_zorder(5)
    return axes


def frame(ax: Axes, threshold: float, first: bool = True) -> None:
    """What is the same for every check: scales, grid, threshold."""
    ax.set_yscale("log")
    ax.set_ylim(BOTTOM / 6, TOP * 4)
    ax.set_xlim(0, 1)
    ax.set_autoscale_on(False)
    ticks = [10.0**k for k in range(-16, 1, 4)]
    words = ["0", *(exponent(t) for t in ticks[1:-1]), "1"] if first else []
    ax.set_xticks([])
    ax.set_yticks(ticks, words or [""] * len(ticks), fontfamily=FONT, fontsize=9, color=QUIET)
    ax.yaxis.set_tick_params(which="both", length=0, pad=6)
    ax.minorticks_off()
    ax.grid(True, axis="y", color=GRID, linewidth=0.7, linestyle="-")
    ax.set_axisbelow(True)
    ax.spines[:].set_visible(False)
    ax.axhline(threshold, color=INK, linewidth=1.1, linestyle=(0, (5, 3)), zorder=2.2)
    ax.text(
        0.995,
        threshold * 1.6,
        f"threshold {exponent(threshold)}",
        transform=ax.get_yaxis_transform(),
        ha="right",
        va="bottom",
        color=INK,
        fontsize=8.5,
        fontfamily=FONT,
        zorder=2.3,  # below the points: none of them may be hidden
    )
    if first:
        ax.set_ylabel(
            "discrepancy  |g − D| / (‖g‖ + ‖D‖)",
            color=QUIET,
            fontsize=9,
            fontfamily=FONT,
            labelpad=6,
        )


def title(
    ax: Axes, name: str, verdict: Verdict | None = None, difference: float = math.nan
) -> list[Artist]:
    """The point above its panel, with the verdict on it."""
    style = {"transform": ax.transAxes, "va": "bottom", "fontfamily": FONT, "parse_math": False}
    artists: list[Artist] = [ax.text(0, 1.045, name, ha="left", color=INK, fontsize=11, **style)]
    if verdict is not None:
        words = f"{CHECKMARK[verdict.name]} {verdict.name}"
        words += f"  {exponent(difference, 1)}" if math.isfinite(difference) else ""
        artists.append(
            ax.text(
                1,
                1.045,
                words,
                ha="right",
                color=VERDICT[verdict.name],
                fontsize=11,
                fontweight="bold",
                **style,
            )
        )
    return artists


def draw(ax: Axes, blocks: Sequence[Comparison], names: Sequence[str]) -> None:
    """Put `blocks` on `ax`; `names` are those of all the arrays, so that each keeps its colour."""
    ground(ax, blocks)
    points(ax, blocks, names)


def ground(ax: Axes, blocks: Sequence[Comparison]) -> list[Artist]:
    """Bands and names of the arrays; the artists, so that they can be taken off again."""
    laid = groups([block.block.size for block in blocks])
    across = ax.get_window_extent().width / ax.figure.dpi
    size, turned = _lettering(blocks, laid, across)
    artists: list[Artist] = []
    for k, (block, group) in enumerate(zip(blocks, laid, strict=True)):
        artists += _ground(ax, block, group, k, size, turned)
    return artists


def points(ax: Axes, blocks: Sequence[Comparison], names: Sequence[str]) -> list[Artist]:
    """The components; the artists, so that they can be taken off again."""
    laid = groups([block.block.size for block in blocks])
    return [
        ax.add_line(_line(mark))
        for block, group in zip(blocks, laid, strict=True)
        for mark in marks(block, group, names.index(block.name))
    ]


def _lettering(
    blocks: Sequence[Comparison], laid: Sequence[Group], across: float
) -> tuple[float, bool]:
    """Size of the names below, and whether they have to stand on end to fit."""
    em = max((len(b.name) + 2) / g.width for b, g in zip(blocks, laid, strict=True)) * 0.64 / 72
    for size in (10.5, 9.0, 8.0):
        if em * size <= across:
            return size, False
    return max(4.0, min(9.0, 0.8 * 72 * across / len(blocks))), True


def _room_below(blocks: Sequence[Comparison], across: float) -> float:
    """Inches for names that stand on end."""
    size, turned = _lettering(blocks, groups([b.block.size for b in blocks]), across)
    longest = max(min(len(b.name), LONGEST) for b in blocks) + 2
    return 0.64 * size / 72 * longest - 0.1 if turned else 0.0


def _ground(
    ax: Axes, block: Comparison, group: Group, k: int, size: float, turned: bool
) -> list[Artist]:
    """Band and name of one array."""
    verdict = block.verdict
    bad = verdict is FAIL
    artists: list[Artist] = []
    if bad or k % 2:
        colour, alpha = (WRONG, 0.11) if bad else ("#8A8577", 0.07)
        artists.append(
            ax.axvspan(group.left, group.right, facecolor=colour, alpha=alpha, zorder=0.4, lw=0)
        )
    name, mark = block.name, CHECKMARK[verdict.name]
    if len(name) > LONGEST and turned:
        name = f"{name[: LONGEST - 1]}…"
    artists.append(
        ax.text(
            (group.left + group.right) / 2,
            -0.03,
            f"{name} {mark}" if turned else f"{mark} {name}",  # the mark next to the axis
            transform=ax.get_xaxis_transform(),
            ha="center",
            va="top",
            rotation=90 if turned else 0,
            fontsize=size,
            fontfamily=FONT,
            fontweight="bold" if bad else "normal",
            color=INK if verdict is PASS else VERDICT[verdict.name],
            parse_math=False,
        )
    )
    return artists


def _line(mark: Mark) -> Line2D:
    shape, scale, _ = MARKERS[mark.status]
    if mark.band:
        return Line2D(
            mark.x, mark.y, color=mark.colour, linewidth=1.2, alpha=0.55, solid_capstyle="butt"
        )
    wrong = mark.status is Status.WRONG
    outlined = wrong and mark.size > 4  # small crosses would be all outline
    size = max(mark.size, 3.4) if wrong else mark.size
    return Line2D(
        mark.x,
        mark.y,
        linestyle="none",
        marker=shape,
        markersize=size * scale,
        markerfacecolor=mark.colour,
        markeredgecolor=INK if outlined else CARD,
        markeredgewidth=0.6 if outlined else 0.3,
        alpha=0.95 if wrong else 0.85,
        zorder=3.5 if wrong else 3,
    )


def _key(status: Status) -> Line2D:
    shape, scale, words = MARKERS[status]
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=shape,
        markersize=5.5 * scale,
        markerfacecolor=QUIET,
        markeredgecolor=CARD,
        markeredgewidth=0.3,
        label=words,
    )
