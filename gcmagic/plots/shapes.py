"""A heat map of every array in its own shape, where a wrong row, column or corner leaps out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from ..comparison import FAIL, PASS, Comparison, Status
from ..report_text import shape as shape_text
from .card import in_inches
from .gallery import ABSENT, GAP, ORDER, Box, arranged, aspect, ranks
from .marks import heights
from .scene import Artists, Margins, Scene, View
from .theme import BODY, MARKERS, WRONG, Theme, marked, style

ABOVE = 0.30  # inches for a name
CROSS = 0.11  # inches: smaller cells show their colour alone


def frame(ax: Axes, scene: Scene) -> None:
    """Room: no scale."""
    in_inches(ax)


def ground(ax: Axes, scene: Scene) -> Artists:
    """Nothing: a cell is its own ground."""
    return []


def points(ax: Axes, scene: Scene) -> Artists:
    """Cells, frames and names."""
    width, height = ax.get_xlim()[1], ax.get_ylim()[0]
    size = BODY if len(scene.blocks) <= 12 else 7.5
    above = ABOVE if len(scene.blocks) <= 12 else 0.2
    names = [_name(block) for block in scene.blocks]
    labels = [0.09 * size / BODY * (len("".join(name)) + 1) for name in names]
    boxes = arranged([aspect(b.shape) for b in scene.blocks], labels, width, height, above)
    artists: Artists = []
    for block, box, name in zip(scene.blocks, boxes, names, strict=True):
        artists += _sheet(ax, scene, block, box)
        colour = scene.theme.ink if block.verdict is PASS else scene.theme.text(block.verdict)
        weight = "bold" if block.verdict is FAIL else "normal"
        text = ax.annotate(
            name[0],
            (box.x, box.y),
            xytext=(0, 4),
            textcoords="offset points",
            va="bottom",
            color=colour,
            fontweight=weight,
            annotation_clip=False,
            **style(size),
        )
        artists.append(text)
        if name[1]:
            artists.append(
                ax.annotate(
                    name[1],
                    (1, 0),
                    xycoords=text,
                    xytext=(6, 0),
                    textcoords="offset points",
                    va="bottom",
                    color=scene.theme.quiet,
                    annotation_clip=False,
                    **style(size * 0.86),
                )
            )
    return artists


def keys(scene: Scene) -> list[Line2D]:
    """The statuses as cells, and what a deeper colour means."""
    made = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker="s",
            markersize=8,
            markerfacecolor=to_hex(tuple(_colours(scene.theme)[ORDER.index(status)][1])),
            markeredgecolor=scene.theme.edge,
            markeredgewidth=0.5,
            label=MARKERS[status][2],
        )
        for status in scene.statuses
    ]
    return [*made, Line2D([], [], linestyle="none", label="deeper: further off")]


def margins(blocks: Sequence[Comparison], across: float) -> Margins:
    """No scale at the left."""
    return Margins(left=0.32, right=0.32, bottom=0.1)


def _name(block: Comparison) -> tuple[str, str]:
    return marked(block), "" if len(block.shape) == 0 else shape_text(block.shape)


def _colours(theme: Theme) -> list[tuple[np.ndarray, np.ndarray]]:
    """The palest and the deepest colour of each status in `ORDER`."""
    pale = np.array(to_rgb(theme.pale))
    found = []
    for status in ORDER:
        full = np.array(to_rgb(theme.ink if status is Status.NOT_FINITE else theme.colour(status)))
        if status is Status.AGREES:
            found.append((pale, 0.35 * pale + 0.65 * full))
        else:
            found.append((0.45 * pale + 0.55 * full, full))
    return found


def _painted(cells: np.ndarray, theme: Theme) -> np.ndarray:
    """RGBA of a sheet; gaps and what was not looked at are transparent."""
    image = np.zeros((*cells.shape, 4))
    for place, (least, most) in enumerate(_colours(theme)):
        here = (cells >= place) & (cells < place + 1)
        share = (cells[here] - place)[:, None]
        if place:  # wrong by little is still wrong: from 1e-7 up
            share = np.clip((16 * share - 9) / 7, 0, 1)
        image[here, :3] = least + share * (most - least)
        image[here, 3] = 1
    return image


def _sheet(ax: Axes, scene: Scene, block: Comparison, box: Box) -> Artists:
    cells = ranks(block, heights(block))
    rows, columns = cells.shape
    right, lower = box.x + box.width, box.y + box.height
    artists: Artists = [
        ax.imshow(
            _painted(cells, scene.theme),
            extent=(box.x, right, lower, box.y),
            aspect="auto",
            interpolation="nearest",
            zorder=2,
        )
    ]
    high, wide = box.height / rows, box.width / columns
    if min(high, wide) > 0.07:  # thin lines between cells that are large enough
        y, x = box.y + high * np.arange(1, rows), box.x + wide * np.arange(1, columns)
        lines = [[(box.x, a), (right, a)] for a in y] + [[(b, box.y), (b, lower)] for b in x]
        artists.append(
            ax.add_collection(
                LineCollection(
                    lines,
                    colors=scene.theme.card,
                    linewidths=min(0.9, 4 * min(high, wide)),
                    zorder=2.5,
                ),
                autolim=False,
            )
        )
    if min(high, wide) > CROSS:
        places = np.argwhere(cells >= ORDER.index(Status.WRONG))
        artists += ax.plot(
            box.x + wide * (places[:, 1] + 0.5),
            box.y + high * (places[:, 0] + 0.5),
            linestyle="none",
            marker="x",
            markersize=min(9.0, 72 * 0.42 * min(high, wide)),
            markeredgewidth=1.4,
            color="#FFFFFF",
            zorder=2.7,
        )
    if np.any(cells == ABSENT) or np.any(cells == GAP) or block.verdict is not PASS:
        artists.append(
            ax.add_patch(
                Rectangle(
                    (box.x, box.y),
                    box.width,
                    box.height,
                    fill=False,
                    edgecolor=WRONG if block.verdict is FAIL else scene.theme.edge,
                    linewidth=1.6 if block.verdict is FAIL else 1.0,
                    linestyle="-",
                    zorder=2.8,
                )
            )
        )
    return artists


VIEW = View("heat map", frame, ground, points, keys, margins)
