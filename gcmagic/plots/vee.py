"""Difference against epsilon: the V of rounding and truncation, and what stays above it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..comparison import FAIL, PASS, Comparison, Status, Verdict
from ..notation import CHECKMARK, exponent
from .card import bare, line_key, named, threshold_line, ticks
from .scene import Artists, Margins, Scene, View
from .theme import MARKERS, SMALL, style

LEFT, RIGHT = 10**-12.4, 10**-0.6
BOTTOM, TOP = 1e-17, 30.0
APART = 1.15  # decades between two labels
NAMED = 9  # labels that fit


def frame(ax: Axes, scene: Scene) -> None:
    """Scales, grid, threshold."""
    bare(ax)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(LEFT, RIGHT)
    ax.set_ylim(BOTTOM, TOP)
    at = [10.0**k for k in range(-12, 0, 2)]
    ticks(ax, "x", [*at, 1e-1], [*(exponent(t) for t in at), "1e-1"], scene.theme)
    at = [10.0**k for k in range(-16, 1, 4)]
    ticks(ax, "y", at, [*(exponent(t) for t in at[:-1]), "1"], scene.theme)
    named(ax, scene.theme, "epsilon", "difference  ‖g − D‖ / (‖g‖ + ‖D‖)")
    threshold_line(ax, scene.settings.threshold, scene.theme, where=0.01)


def ground(ax: Axes, scene: Scene) -> Artists:
    """Nothing: all of it are figures."""
    return []


def points(ax: Axes, scene: Scene) -> Artists:
    """Branches, floor, curves and the chosen epsilon."""
    artists: Artists = _epsilon(ax, scene)
    if not scene.curves:
        return artists
    verdicts = {block.name: block.verdict for block in scene.blocks}
    artists += _branches(ax, scene)
    ends = []
    few = len(scene.curves) <= NAMED
    for one in scene.curves:
        verdict = verdicts[one.name]
        status = {PASS: Status.AGREES, FAIL: Status.WRONG}.get(verdict, Status.NOISY)
        shape, scale, _ = MARKERS[status]
        artists += ax.plot(
            one.epsilons,
            np.clip(one.differences, BOTTOM * 3, 1.0),
            color=scene.theme.mark(verdict),
            linewidth=1.5 if few or verdict is FAIL else 0.9,
            alpha=1.0 if few or verdict is FAIL else 0.6,
            marker=shape if few or verdict is FAIL else "",
            markersize=4.2 * scale,
            markeredgecolor=scene.theme.card,
            markeredgewidth=0.4,
            zorder=3.5 if verdict is FAIL else 3,
        )
        finite = one.differences[np.isfinite(one.differences)]
        ends.append((float(finite[-1]) if finite.size else 1.0, one.name, verdict))
    return artists + _labels(ax, scene, ends)


def keys(scene: Scene) -> list[Line2D]:
    """What the lines are."""
    theme = scene.theme
    made = [
        line_key("rounding, ∝ 1 / epsilon", theme.quiet, (0, (1, 1.6)), 1.6),
        line_key(_truncation(scene), theme.quiet, (0, (6, 2.5)), 1.4),
        Line2D(
            [],
            [],
            linestyle="none",
            marker="D",
            markersize=6,
            markerfacecolor=theme.card,
            markeredgecolor=theme.ink,
            markeredgewidth=1.3,
            label="floor: the best that can be had",
        ),
        line_key("chosen epsilon", theme.ink, "-", 1.1),
    ]
    return made


def margins(blocks: Sequence[Comparison], across: float) -> Margins:
    """Room at the right for names, below for the scale."""
    longest = max((len(block.name) for block in blocks), default=0)
    return Margins(right=0.45 + 0.085 * min(longest + 2, 20), bottom=0.52)


def _truncation(scene: Scene) -> str:
    order = scene.settings.scheme.order
    return "truncation, ∝ epsilon" + {1: "", 2: "²", 4: "⁴"}.get(order, f"^{order}")


def _epsilon(ax: Axes, scene: Scene) -> Artists:
    """The chosen step, with its number above."""
    x = float(np.clip(scene.epsilon, LEFT, RIGHT))
    line = ax.axvline(x, color=scene.theme.ink, linewidth=1.1, zorder=2.6)
    words = ax.annotate(
        f"epsilon {exponent(scene.epsilon)}",
        (x, TOP),
        xytext=(5 if x < 1e-3 else -5, -3),
        textcoords="offset points",
        ha="left" if x < 1e-3 else "right",
        va="top",
        color=scene.theme.ink,
        annotation_clip=False,
        **style(SMALL),
    )
    return [line, words]


def _branches(ax: Axes, scene: Scene) -> Artists:
    """The larger of all arrays shown: what right code stays at or below."""
    epsilons = scene.curves[0].epsilons
    rounding = np.max([one.rounding for one in scene.curves], axis=0)
    truncation = np.max([one.truncation for one in scene.curves], axis=0)
    quiet = scene.theme.quiet
    artists: Artists = []
    for values, dashes, width in ((rounding, (1, 1.6), 1.6), (truncation, (6, 2.5), 1.4)):
        if np.any(values > BOTTOM):
            shown = np.where(values > BOTTOM, values, np.nan)
            artists += ax.plot(
                epsilons, shown, color=quiet, linewidth=width, linestyle=(0, dashes), zorder=2.5
            )
    both = rounding + truncation
    artists.append(
        ax.fill_between(
            epsilons, BOTTOM, np.clip(both, BOTTOM, TOP), color=scene.theme.band, alpha=0.1, lw=0
        )
    )
    best = int(np.argmin(both))
    if np.any(truncation) and both[best] > BOTTOM:
        artists += ax.plot(
            [epsilons[best]],
            [both[best]],
            linestyle="none",
            marker="D",
            markersize=7,
            markerfacecolor=scene.theme.card,
            markeredgecolor=scene.theme.ink,
            markeredgewidth=1.4,
            zorder=4,
        )
        artists.append(
            ax.annotate(
                f"floor {exponent(both[best])}",
                (epsilons[best], both[best]),
                xytext=(0, 15),
                textcoords="offset points",
                ha="center",
                va="bottom",
                color=scene.theme.ink,
                bbox={"facecolor": scene.theme.card, "edgecolor": "none", "pad": 1.5},
                zorder=3.8,
                **style(SMALL),
            )
        )
    return artists


def _labels(ax: Axes, scene: Scene, ends: list[tuple[float, str, Verdict]]) -> Artists:
    """Names at the right ends, apart from each other; of many right ones, how many they are."""
    if len(ends) > NAMED:
        right = [end for end in ends if end[2] is PASS]
        rest = [end for end in ends if end[2] is not PASS]
        ends = rest[: NAMED - 2]
        if len(rest) > len(ends):
            ends.append((rest[-1][0], f"{len(rest) - len(ends)} more", rest[-1][2]))
        if right:
            ends.append((float(np.median([end[0] for end in right])), f"{len(right)} right", PASS))
    ends = sorted(ends, key=lambda end: end[0])
    decades = [float(np.log10(np.clip(end[0], BOTTOM * 30, 1.0))) for end in ends]
    at: list[float] = []
    for y in decades:
        at.append(max(y, at[-1] + APART) if at else y)
    for k in range(len(at) - 1, -1, -1):  # push down what stands above the axes
        most = np.log10(TOP) - 0.4 if k == len(at) - 1 else at[k + 1] - APART
        at[k] = min(at[k], most)
    return [
        ax.annotate(
            f"{CHECKMARK[verdict.name]} {name if len(name) <= 18 else name[:17] + '…'}",
            (RIGHT, 10**y),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=scene.theme.text(verdict),
            fontweight="bold" if verdict is FAIL else "normal",
            annotation_clip=False,
            **style(SMALL),
        )
        for (_, name, verdict), y in zip(ends, at, strict=True)
    ]


VIEW = View("difference against epsilon", frame, ground, points, keys, margins)
