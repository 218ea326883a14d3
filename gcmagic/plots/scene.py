"""What a view is given, and what a view is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..comparison import Comparison, Status
from ..curves import Curve
from ..phase import Phase, Settings
from .theme import LIGHT, Theme


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Arrays at one point, and what they are measured by.

    Attributes
    ----------
    blocks
        The arrays to show.
    settings
        Scheme and threshold.
    epsilon
        The step that they were compared with.
    theme
        Colours.
    curves
        Difference against epsilon, for the view that shows it.
    """

    blocks: tuple[Comparison, ...]
    settings: Settings
    epsilon: float
    theme: Theme = LIGHT
    curves: tuple[Curve, ...] = ()

    @classmethod
    def of(
        cls,
        phase: Phase,
        settings: Settings,
        blocks: Sequence[Comparison] | None = None,
        theme: Theme = LIGHT,
    ) -> Scene:
        """What a report holds of one point."""
        shown = phase.blocks if blocks is None else blocks
        return cls(tuple(shown), settings, phase.epsilon, theme)

    @property
    def statuses(self) -> list[Status]:
        """Which occur, with those two that a legend always explains."""
        always = Status.AGREES, Status.WRONG
        return sorted(s for s in Status if s in always or any(b.count(s) for b in self.blocks))


@dataclass(frozen=True, slots=True)
class Margins:
    """Inches around the axes, without the title above and the legend below."""

    left: float = 0.88
    right: float = 0.28
    bottom: float = 0.33


Artists = list[Artist]


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a scene.

    Attributes
    ----------
    words
        What the panel's selector calls it.
    frame
        Draws what no answer changes: scales, grid, names of the axes.
    ground
        Draws what changes with a verdict and not with a figure; the artists.
    points
        Draws the rest; the artists, so that they can be taken off again.
    keys
        The entries of the legend.
    margins
        Inches around axes of that width for these arrays.
    """

    words: str
    frame: Callable[[Axes, Scene], None]
    ground: Callable[[Axes, Scene], Artists]
    points: Callable[[Axes, Scene], Artists]
    keys: Callable[[Scene], list[Line2D]]
    margins: Callable[[Sequence[Comparison], float], Margins] = field(
        default=lambda blocks, across: Margins()
    )

    def draw(self, ax: Axes, scene: Scene) -> None:
        """Everything, for good."""
        self.frame(ax, scene)
        self.ground(ax, scene)
        self.points(ax, scene)
