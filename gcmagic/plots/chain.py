"""The strip of layers from input to loss, each with its verdict in colour and in shape."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from ..comparison import FAIL, INCONCLUSIVE, PASS, Comparison, Status, Verdict
from ..notation import CHECKMARK, exponent
from .card import in_inches
from .scene import Artists, Margins, Scene, View
from .theme import BODY, LARGE, RIGHT, SMALL, WRONG, style

ENDS = 0.72  # inches for the words input and loss
BELOW = 0.36  # inches for the arrow of the backward pass
COLUMNS = 8  # in a row
GROUND = "#BF4E00"  # vermilion, darkened until white text on it has contrast 4.5
WIDEST, HIGHEST = 1.7, 0.92  # inches of a box


def frame(ax: Axes, scene: Scene) -> None:
    """Room: no scale."""
    in_inches(ax)


def ground(ax: Axes, scene: Scene) -> Artists:
    """Nothing: the differences stand in the boxes."""
    return []


def points(ax: Axes, scene: Scene) -> Artists:
    """Boxes, arrows and words."""
    width, height = ax.get_xlim()[1], ax.get_ylim()[0]
    columns = layers(scene.blocks)
    rows = max(1, math.ceil(len(columns) / COLUMNS))
    if len(columns) > 4 * COLUMNS:
        rows = max(1, round(math.sqrt(len(columns) / 6)))
    across = math.ceil(len(columns) / rows)
    pitch = (width - 2 * ENDS) / across
    tall = (height - BELOW) / rows
    artists: Artists = []
    wide = min(WIDEST, 0.86 * pitch)
    left = ENDS + (width - 2 * ENDS - across * pitch) / 2
    for k, column in enumerate(columns):
        row, place = divmod(k, across)
        x = left + (place + 0.5) * pitch
        high = min(HIGHEST, 0.86 * tall / len(column))
        step = high / 0.88
        first = (row + 0.5) * tall - (len(column) - 1) / 2 * step
        for j, block in enumerate(column):
            artists += _box(ax, scene, block, x, first + j * step, wide, high)
        start = x - pitch + wide / 2 if place else ENDS - 0.12 if row == 0 else x - pitch / 2 - 0.1
        artists.append(_arrow(ax, scene, start, x - wide / 2, (row + 0.5) * tall))
    last = (rows - 0.5) * tall
    end = left + ((len(columns) - 1) % across + 0.5) * pitch + wide / 2
    loss = width - ENDS + 0.12
    artists.append(_arrow(ax, scene, end, loss, last))
    for x, y, words in ((0.0, 0.5 * tall, "input"), (width, last, "loss")):
        artists.append(
            ax.text(
                x, y, words, ha="right" if x else "left", va="center", color=scene.theme.ink,
                **style(BODY),
            )
        )  # fmt: skip
    return artists + _backward(ax, scene, width, height)


def layers(blocks: Sequence[Comparison]) -> list[list[Comparison]]:
    """Neighbours whose names end in the same number, W1 and b1, are one layer."""
    found: list[list[Comparison]] = []
    for block in blocks:
        number = _number(block.name)
        if found and number and _number(found[-1][0].name) == number:
            found[-1].append(block)
        else:
            found.append([block])
    return found


def _number(name: str) -> str:
    numbers = re.findall(r"\d+", name)
    return numbers[-1] if numbers else ""


def keys(scene: Scene) -> list[Line2D]:
    """The three verdicts, those that occur and right and wrong always."""
    seen = {block.verdict for block in scene.blocks} | {PASS, FAIL}
    words = {PASS: "right", FAIL: "wrong", INCONCLUSIVE: "this check cannot tell"}
    made = []
    for verdict in (PASS, FAIL, INCONCLUSIVE):
        if verdict in seen:
            face, edge, *_ = _look(scene, verdict)
            made.append(
                Line2D(
                    [],
                    [],
                    linestyle="none",
                    marker="s" if verdict is FAIL else "o",
                    markersize=8,
                    markerfacecolor=face,
                    markeredgecolor=edge,
                    markeredgewidth=1.4,
                    label=f"{CHECKMARK[verdict.name]} {words[verdict]}",
                )
            )
    return made


def margins(blocks: Sequence[Comparison], across: float) -> Margins:
    """No scale at the left."""
    return Margins(left=0.32, right=0.32, bottom=0.12)


def _look(scene: Scene, verdict: Verdict) -> tuple[str, str, str, str]:
    """Face, edge, colour of the words, line style."""
    theme = scene.theme
    return {
        PASS: (theme.pale, RIGHT, theme.ink, "-"),
        FAIL: (GROUND, WRONG, "#FFFFFF", "-"),
        INCONCLUSIVE: (theme.card, theme.unknown, theme.ink, "--"),
    }[verdict]


def _box(
    ax: Axes, scene: Scene, block: Comparison, x: float, y: float, wide: float, high: float
) -> Artists:
    verdict = block.verdict
    face, edge, ink, dashes = _look(scene, verdict)
    corner = 0.0 if verdict is FAIL else min(0.16, 0.3 * high)
    pad = min(0.02, 0.1 * high)
    artists: Artists = [
        ax.add_patch(
            FancyBboxPatch(
                (x - wide / 2 + pad, y - high / 2 + pad),
                wide - 2 * pad,
                high - 2 * pad,
                boxstyle=f"round,pad=0,rounding_size={corner}" if corner else "square,pad=0",
                facecolor=face,
                edgecolor=edge,
                linewidth=1.6,
                linestyle=dashes,
                zorder=3,
            )
        )
    ]
    name = f"{CHECKMARK[verdict.name]} {block.name}"
    size = min(LARGE, 72 * 0.3 * high, 72 * wide / (0.72 * (len(name) + 1)))
    small = min(SMALL, 72 * 0.2 * high)
    lines = _figures(block)
    if wide * 72 <= 0.62 * small * max(map(len, lines)):
        lines = lines[:1]
    fits = small >= 6 and wide * 72 > 0.62 * small * max(map(len, lines))
    if size >= 4.5:
        place = y - (0.2 * high if fits and len(lines) > 1 else 0.14 * high if fits else 0)
        artists.append(
            ax.text(
                x, place, name, ha="center", va="center", color=ink, fontweight="bold", zorder=4,
                **style(size),
            )
        )  # fmt: skip
    if fits:
        artists.append(
            ax.text(
                x, y + 0.2 * high, "\n".join(lines), ha="center", va="center", color=ink,
                linespacing=1.3, zorder=4, **style(small),
            )
        )  # fmt: skip
    return artists


def _figures(block: Comparison) -> list[str]:
    """The difference, and how many components are wrong."""
    lines = [exponent(block.difference, 1)] if np.isfinite(block.difference) else []
    if block.verdict is FAIL:
        count = block.count(Status.WRONG)
        lines.append(f"{count:,} of {block.analytic.size:,} off" if count else "off as a whole")
    return lines or ["nothing to compare"]


def _arrow(ax: Axes, scene: Scene, start: float, end: float, y: float) -> Artist:
    return ax.add_patch(
        FancyArrowPatch(
            (start + 0.03, y),
            (end - 0.02, y),
            arrowstyle="-|>,head_length=4,head_width=2.4",
            shrinkA=0,
            shrinkB=0,
            color=scene.theme.quiet,
            linewidth=1.1,
            zorder=2,
        )
    )


def _backward(ax: Axes, scene: Scene, width: float, height: float) -> Artists:
    """An arrow that says which way the gradients are made."""
    y = height - 0.08
    words = "backward: each gradient is built from those on its right"
    half = 0.033 * len(words)
    arrow = FancyArrowPatch(
        (width / 2 - half - 0.1, y),
        (0.0, y),
        arrowstyle="-|>,head_length=4,head_width=2.4",
        shrinkA=0,
        shrinkB=0,
        color=scene.theme.quiet,
        linewidth=1.0,
    )
    rest = Line2D([width / 2 + half + 0.1, width], [y, y], color=scene.theme.quiet, linewidth=1.0)
    text = ax.text(
        width / 2, y, words, ha="center", va="center", color=scene.theme.quiet, **style(SMALL)
    )
    return [ax.add_patch(arrow), ax.add_line(rest), text]


VIEW = View("layers", frame, ground, points, keys, margins)
