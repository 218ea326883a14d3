"""The card that a picture stands on: round corners, transparent outside, a title, a legend."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullLocator
from matplotlib.transforms import Bbox

from ..comparison import Status, Verdict
from ..notation import CHECKMARK, exponent
from .scene import Artists, Margins
from .theme import (
    DPI,
    FONT,
    LARGE,
    LIGHT,
    MARKERS,
    SMALL,
    Theme,
    style,
)

WIDTH, HEIGHT = 8.8, 3.9  # inches, of a card with two points
STRIP = 0.47  # inches below, for the legend
TOP, GAP = 0.54, 0.3


class Card(Figure):
    """A figure that a notebook shows by itself: nobody else does, for pyplot does not know it."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        width, height = self.get_size_inches()
        # finer than the page, at its size
        return png(self), {"width": round(width * DPI), "height": round(height * DPI)}


class CardAxes(Axes):
    """Axes on a card, which they bring along as the last value of a cell."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        assert isinstance(self.figure, Card)
        return self.figure._repr_png_()


def png(picture: Figure, dpi: float = 2 * DPI) -> bytes:
    """The bytes of `picture`, the same for the same picture: no date, no version in them."""
    buffer = io.BytesIO()
    picture.savefig(buffer, format="png", dpi=dpi, facecolor="none", metadata={"Software": None})
    return buffer.getvalue()


def card(
    panels: int,
    margins: Margins,
    theme: Theme = LIGHT,
    width: float = WIDTH,
    tall: float = HEIGHT - STRIP,
    columns: int = 2,
) -> list[Axes]:
    """A figure of its own with empty axes, in rows of `columns`, and room for a legend below."""
    columns, rows = min(panels, columns), -(-panels // columns)
    height = rows * tall + STRIP
    fig = Card(figsize=(width, height), dpi=DPI, facecolor="none")
    FigureCanvasAgg(fig)
    inset, corner = 0.03, 0.10  # inches
    fig.add_artist(
        FancyBboxPatch(
            (inset + corner, inset + corner),
            width - 2 * (inset + corner),
            height - 2 * (inset + corner),
            boxstyle=f"round,pad={corner}",
            transform=fig.dpi_scale_trans,
            facecolor=theme.card,
            edgecolor=theme.edge,
            linewidth=1,
            zorder=-10,
        )
    )
    across = inner_width(width, columns, margins)
    axes = []
    for k in range(panels):
        row, column = divmod(k, columns)
        x = margins.left + column * (across + GAP)
        y = STRIP + (rows - 1 - row) * tall + margins.bottom
        box = (x / width, y / height, across / width, (tall - margins.bottom - TOP) / height)
        axes.append(fig.add_axes(box, facecolor="none", axes_class=CardAxes))
    return axes


def inner_width(width: float, columns: int, margins: Margins) -> float:
    """Inches that one of `columns` axes side by side gets."""
    return (width - margins.left - margins.right - (columns - 1) * GAP) / columns


def legend(ax: Axes, keys: Sequence[Line2D], theme: Theme = LIGHT) -> list[Legend]:
    """The entries below all axes of a card, flush with the first."""
    if not keys:
        return []
    fig = ax.figure
    assert isinstance(fig, Figure)
    width, height = fig.get_size_inches()
    # a mark stands in the middle of its room, a line fills it
    inset = 0.0 if keys[0].get_linestyle() != "None" else 0.08
    made = fig.legend(
        handles=list(keys),
        loc="lower left",
        bbox_to_anchor=(fig.axes[0].get_position().x0 - inset / width, 0.18 / height),
        ncols=len(keys),
        frameon=False,
        prop={"family": FONT, "size": SMALL},
        labelcolor=theme.quiet,
        handletextpad=0.3,
        handlelength=1.4,
        columnspacing=1.6,
        borderpad=0.0,
        borderaxespad=0.0,
    )
    made.set_zorder(5)
    return [made]


def title(
    ax: Axes,
    name: str,
    verdict: Verdict | None = None,
    difference: float = math.nan,
    theme: Theme = LIGHT,
) -> Artists:
    """The point above its axes, with the verdict on it; in smaller type where both are long."""
    words = ""
    if verdict is not None:
        words = f"{CHECKMARK[verdict.name]} {verdict.name}"
        words += f"  {exponent(difference, 1)}" if math.isfinite(difference) else ""
    across = ax.get_window_extent().width / ax.figure.dpi
    em = (0.6 * len(name) + 0.68 * len(words) + 1.5) / 72  # bold type is wide
    size = min(LARGE, max(7.0, across / em))
    place = {"transform": ax.transAxes, "va": "bottom", **style(size)}
    above = 1 + 0.14 * ax.figure.dpi / ax.get_window_extent().height
    artists: Artists = [ax.text(0, above, name, ha="left", color=theme.ink, **place)]
    if verdict is not None:
        colour = theme.text(verdict)
        artists.append(
            ax.text(1, above, words, ha="right", color=colour, fontweight="bold", **place)
        )
    return artists


def headroom(ax: Axes) -> Bbox:
    """All of the card above the axes: where the title stands."""
    whole = ax.figure.bbox
    return Bbox.from_extents(whole.x0, ax.bbox.y1, whole.x1, whole.y1)


def bare(ax: Axes) -> None:
    """No spines, no ticks, nothing that a style could have brought."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.minorticks_off()
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.set_autoscale_on(False)
    ax.set_axisbelow(True)


def in_inches(ax: Axes) -> None:
    """Nothing but room, measured in inches from the upper left."""
    bare(ax)
    box = ax.get_window_extent()
    ax.set_xlim(0, box.width / ax.figure.dpi)
    ax.set_ylim(box.height / ax.figure.dpi, 0)


def named(ax: Axes, theme: Theme, x: str = "", y: str = "") -> None:
    """Names of the axes."""
    if x:
        ax.set_xlabel(x, color=theme.quiet, labelpad=5, **style(SMALL))
    if y:
        ax.set_ylabel(y, color=theme.quiet, labelpad=6, **style(SMALL))


def ticks(ax: Axes, which: str, at: Sequence[float], words: Sequence[str], theme: Theme) -> None:
    """Ticks with words, and thin lines across for a grid."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_ticks(list(at), list(words), color=theme.quiet, **style(SMALL))
    axis.set_tick_params(which="both", length=0, pad=6)
    axis.set_minor_locator(NullLocator())
    axis.grid(True, color=theme.grid, linewidth=0.7, linestyle="-")


def threshold_line(ax: Axes, threshold: float, theme: Theme, where: float = 0.995) -> Artists:
    """The difference that is called small, as a line with its number."""
    line = ax.axhline(threshold, color=theme.ink, linewidth=1.1, linestyle=(0, (5, 3)), zorder=2.2)
    words = ax.text(
        where,
        threshold * 1.6,
        f"threshold {exponent(threshold)}",
        transform=ax.get_yaxis_transform(),
        ha="right" if where > 0.5 else "left",
        va="bottom",
        color=theme.ink,
        zorder=2.3,  # below the points: none of them may be hidden
        path_effects=[withStroke(linewidth=2.5, foreground=theme.card)],  # but above error bars
        **style(SMALL),
    )
    return [line, words]


def status_keys(statuses: Sequence[Status], theme: Theme) -> list[Line2D]:
    """One entry a status, in its colour and shape."""
    return [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=MARKERS[status][0],
            markersize=5.5 * MARKERS[status][1],
            markerfacecolor=theme.colour(status),
            markeredgecolor=theme.card,
            markeredgewidth=0.3,
            label=MARKERS[status][2],
        )
        for status in statuses
    ]


def line_key(label: str, colour: str, dashes: object = "-", width: float = 1.6) -> Line2D:
    """An entry for a line."""
    return Line2D([], [], color=colour, linestyle=dashes, linewidth=width, label=label)  # type: ignore[arg-type]
