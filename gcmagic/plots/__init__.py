"""Pictures of a Report, by matplotlib's object interface: never pyplot, so no state is shared.

from gcmagic import plots
plots.figure(report)            # the whole report, a panel a point
plots.discrepancy(report, ax)   # one view of one point, on axes of one's own
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..comparison import FAIL, Comparison, Status
from ..curves import curve
from ..errors import InputError
from ..notation import exponent
from ..sandbox import untouched
from . import chain, components, pairs, shapes, vee
from .card import HEIGHT, STRIP, WIDTH, card, inner_width, legend, png, title
from .scene import Margins, Scene, View
from .theme import DARK, LIGHT, PAPER, Theme

if TYPE_CHECKING:
    from ..phase import Phase
    from ..report import Report

__all__ = [
    "VIEWS",
    "agreement",
    "alt_text",
    "discrepancy",
    "figure",
    "heatmap",
    "png",
    "strip",
    "sweep",
]

VIEWS: dict[str, View] = {
    "discrepancy": components.VIEW,
    "heatmap": shapes.VIEW,
    "agreement": pairs.VIEW,
    "sweep": vee.VIEW,
    "strip": chain.VIEW,
}
THEMES = {"light": LIGHT, "dark": DARK, "paper": PAPER}


def discrepancy(
    report: Report,
    ax: Axes | None = None,
    *,
    phase: int | str = 0,
    layers: str | Sequence[str] | None = None,
    theme: str = "light",
) -> Axes:
    """Draw how far every component of the gradient is off, array by array.

    Parameters
    ----------
    report
        What a check found.
    ax
        Where to draw; by default on a new card, ``ax.figure``, which a notebook shows when the
        axes are the last value of a cell.
    phase
        Which point: counted from 0, or its name.
    layers
        Names of the parameter arrays to draw; all by default.
    theme
        ``"light"``, ``"dark"`` or ``"paper"``.

    Returns
    -------
    Axes
        One point a component: its height is `Comparison.discrepancies`, its colour and shape
        belong to its `Status`; a bar reaches to where the error of the numeric derivative may
        put it. Arrays of more than 3,000 components are drawn as bands from the smallest to the
        largest of each bin; what is wrong stays a cross.

    Raises
    ------
    InputError
        Where there is no such point, array or theme.

    Examples
    --------
    >>> import numpy as np
    >>> import gcmagic as gcm
    >>> from gcmagic import plots
    >>> report = gcm.check(lambda w: np.sum(w**3), lambda w: 3 * w**2, np.arange(1.0, 4.0))
    >>> plots.discrepancy(report).get_yscale()
    'log'
    """
    return _drawn("discrepancy", report, ax, phase, layers, theme)


def heatmap(
    report: Report,
    ax: Axes | None = None,
    *,
    phase: int | str = 0,
    layers: str | Sequence[str] | None = None,
    theme: str = "light",
) -> Axes:
    """Draw every parameter array in its own shape, each component by status and distance.

    Parameters and errors are those of `discrepancy`. An array of more than two axes is drawn as
    tiles of its last two; one with more cells than can be told apart keeps the worst of each.

    Examples
    --------
    >>> import numpy as np
    >>> import gcmagic as gcm
    >>> report = gcm.check(lambda w: np.sum(w**3), lambda w: 3 * w**2, np.ones((2, 3)))
    >>> gcm.plots.heatmap(report).images[0].get_array().shape
    (2, 3, 4)
    """
    return _drawn("heatmap", report, ax, phase, layers, theme)


def agreement(
    report: Report,
    ax: Axes | None = None,
    *,
    phase: int | str = 0,
    layers: str | Sequence[str] | None = None,
    theme: str = "light",
) -> Axes:
    r"""Draw the analytic against the numeric gradient, with the diagonal and the fitted factors.

    Parameters and errors are those of `discrepancy`. Both gradients are in units of the largest
    numeric slope of their array, which leaves a factor what it is: g = c D is a line of slope c.

    Examples
    --------
    >>> import numpy as np
    >>> import gcmagic as gcm
    >>> report = gcm.check(lambda w: np.sum(w**3), lambda w: 6 * w**2, np.arange(1.0, 4.0))
    >>> [text.get_text() for text in gcm.plots.agreement(report).texts][1]
    '✗ theta\n× 2'
    """
    return _drawn("agreement", report, ax, phase, layers, theme)


def sweep(
    report: Report,
    ax: Axes | None = None,
    *,
    phase: int | str = 0,
    layers: str | Sequence[str] | None = None,
    theme: str = "light",
) -> Axes:
    """Draw the difference against epsilon, array by array, with what it is made of.

    Evaluates the cost, up to 1,200 times an array; parameters and data stay as they are. See
    `gcmagic.curves` for the two branches. Parameters and errors are those of `discrepancy`.

    Examples
    --------
    >>> import numpy as np
    >>> import gcmagic as gcm
    >>> report = gcm.check(lambda w: np.sum(w**3), lambda w: 3 * w**2, np.arange(1.0, 4.0))
    >>> gcm.plots.sweep(report).get_xlabel()
    'epsilon'
    """
    return _drawn("sweep", report, ax, phase, layers, theme)


def strip(
    report: Report,
    ax: Axes | None = None,
    *,
    phase: int | str = 0,
    layers: str | Sequence[str] | None = None,
    theme: str = "light",
) -> Axes:
    """Draw the parameter arrays from input to loss, each with its verdict in colour and shape.

    Parameters and errors are those of `discrepancy`. Arrays whose names end in the same number
    stand above each other, as one layer.

    Examples
    --------
    >>> import numpy as np
    >>> import gcmagic as gcm
    >>> report = gcm.check(lambda w: np.sum(w**3), lambda w: 3 * w**2, np.arange(1.0, 4.0))
    >>> "✓ theta" in [text.get_text() for text in gcm.plots.strip(report).texts]
    True
    """
    return _drawn("strip", report, ax, phase, layers, theme)


def figure(
    report: Report,
    view: str = "discrepancy",
    *,
    phases: Sequence[int | str] | None = None,
    theme: str = "light",
    width: float = WIDTH,
    columns: int = 2,
) -> Figure:
    """The whole report in one picture: axes a point, side by side, on one scale.

    Parameters
    ----------
    report
        What a check found.
    view
        One of `VIEWS`: discrepancy, heatmap, agreement, sweep, strip.
    phases
        Which points; all by default.
    theme
        ``"light"``, ``"dark"`` or ``"paper"``, which is white without a border.
    width
        In inches; the text keeps its size.
    columns
        How many axes stand side by side.

    Raises
    ------
    InputError
        Where there is no such view, point or theme.
    """
    if view not in VIEWS:
        raise InputError(f"no view {view!r}; there are: {' '.join(VIEWS)}")
    look, colours = VIEWS[view], _theme(theme)
    points = [_phase(report, p) for p in (range(len(report.phases)) if phases is None else phases)]
    if view != "discrepancy":
        columns = 1  # they need the width
    columns = min(columns, len(points))
    margins = _margins(look, points[0].blocks, width, columns)
    axes = card(len(points), margins, colours, width, columns=columns)
    scenes = [_scene(view, report, point, None, colours) for point in points]
    titles: list[Any] = []
    for ax, point, scene in zip(axes, points, scenes, strict=True):
        look.draw(ax, scene)
        titles += title(ax, point.name, point.verdict, point.difference, colours)
    size = min(words.get_fontsize() for words in titles)
    for words in titles:  # side by side they are of one size
        words.set_fontsize(size)
    together = replace(scenes[0], blocks=tuple(b for scene in scenes for b in scene.blocks))
    legend(axes[0], look.keys(together), colours)
    return axes[0].figure  # type: ignore[return-value]


def alone(view: View, blocks: Sequence[Comparison], theme: Theme) -> Axes:
    """Axes on a card of their own, with room for `blocks`."""
    return card(1, _margins(view, blocks, WIDTH, 1), theme, WIDTH, HEIGHT - STRIP)[0]


def alt_text(report: Report, phases: Sequence[Phase] | None = None) -> str:
    """One sentence that stands in for the picture."""
    points = "; ".join(
        f"{phase.name}, {phase.verdict.name}{_off(phase.blocks)}"
        for phase in (report.phases if phases is None else phases)
    )
    return (
        "Discrepancy between the analytic and the numeric gradient of every component, on a "
        f"logarithmic scale with a line at {exponent(report.settings.threshold)}, by parameter "
        f"array: {points}."
    )


def _drawn(
    view: str,
    report: Report,
    ax: Axes | None,
    phase: int | str,
    layers: str | Sequence[str] | None,
    theme: str,
) -> Axes:
    look, colours, point = VIEWS[view], _theme(theme), _phase(report, phase)
    scene = _scene(view, report, point, _chosen(point, layers), colours)
    if ax is not None:
        look.draw(ax, scene)
    else:
        ax = alone(look, scene.blocks, colours)
        look.draw(ax, scene)
        legend(ax, look.keys(scene), colours)
    title(ax, point.name, theme=colours)
    return ax


def _scene(
    view: str, report: Report, phase: Phase, blocks: Sequence[Comparison] | None, theme: Theme
) -> Scene:
    scene = Scene.of(phase, report.settings, blocks, theme)
    if view != "sweep" or phase.refused:
        return scene
    problem = report.problem
    with untouched(problem.fun, problem.grad, *problem.roots):
        curves = [
            curve(problem, phase, block.name, report.settings.scheme) for block in scene.blocks
        ]
    return replace(scene, curves=tuple(curves))


def _margins(view: View, blocks: Sequence[Comparison], width: float, columns: int) -> Margins:
    """Of the view, for axes as wide as they come to be."""
    guess = inner_width(width, columns, view.margins(blocks, width / columns))
    return view.margins(blocks, guess)


def _theme(name: str) -> Theme:
    if name not in THEMES:
        raise InputError(f"theme is {name!r}; needed: {', '.join(THEMES)}")
    return THEMES[name]


def _phase(report: Report, phase: Any) -> Phase:
    names = [one.name for one in report.phases]
    if isinstance(phase, str):
        if phase in names:
            return report.phases[names.index(phase)]
    elif -len(names) <= phase < len(names):
        return report.phases[phase]
    raise InputError(f"no point {phase!r}; there are: {', '.join(map(repr, names))}")


def _off(blocks: Sequence[Comparison]) -> str:
    wrong = [b for b in blocks if b.verdict is FAIL]
    if not wrong:
        return ""
    return ", off: " + ", ".join(
        f"{b.name} {b.count(Status.WRONG)} of {b.judged}" if b.count(Status.WRONG) else b.name
        for b in wrong
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
