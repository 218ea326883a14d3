"""Matplotlib's figures: those of the user are out of reach while his functions are tried."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

# what counts the colours of lines and of patches, and by which attribute (from matplotlib 3.8 on)
CYCLES = ("_get_lines", "_get_patches_for_fill")
KEPT = ("_idx", "_suptitle", "_supxlabel", "_supylabel")


@contextlib.contextmanager
def figures() -> Iterator[None]:
    """Hide the figures that are open, close those that are opened, and show the first again.

    ``plt.plot`` in a cost then draws into a figure of its own, ``plt.close("all")`` closes that
    alone, and none of them is left over. What is drawn by the axes of a figure of the user,
    ``ax.plot(losses)``, is taken away again. Nothing is done where pyplot is not loaded.
    """
    helpers: Any = sys.modules.get("matplotlib._pylab_helpers")
    known = dict(helpers.Gcf.figs) if helpers else {}
    drawn = [as_drawn(manager.canvas.figure) for manager in known.values()]
    settings = _settings()
    most = settings.get("figure.max_open_warning")
    try:
        if helpers:
            helpers.Gcf.figs.clear()
            settings["figure.max_open_warning"] = 0  # one a call is no leak here
        yield
    finally:
        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            for number in pyplot.get_fignums():
                pyplot.close(number)
        if helpers:
            helpers.Gcf.figs.update(known)
            settings["figure.max_open_warning"] = most
        for put_back in drawn:
            put_back()


def as_drawn(figure: Any) -> Callable[[], None]:
    """What takes away all that is drawn into a figure from now on.

    Titles, limits and lines that are given other numbers are not looked at: a figure has thousands
    of such things.
    """
    parts = [_Part(part) for part in (figure, *figure.axes)]
    current = figure._axstack.current() if hasattr(figure, "_axstack") else None

    def put_back() -> None:
        for part in parts:
            part.put_back()
        if current is not None and current in figure.axes:
            figure.sca(current)

    return put_back


class _Part:
    """A figure or axes: its children, its title, how far they reach, which colour comes next."""

    def __init__(self, part: Any) -> None:
        self.part, self.children = part, {*part.get_children()}
        self.limits = part.dataLim.frozen() if hasattr(part, "dataLim") else None
        owners = [part, *(getattr(part, name, None) for name in CYCLES)]
        owners = [getattr(owner, "_prop_cycle", owner) for owner in owners if owner is not None]
        self.kept = [
            (vars(owner), {name: vars(owner)[name] for name in KEPT if name in vars(owner)})
            for owner in owners
        ]

    def put_back(self) -> None:
        new = [artist for artist in self.part.get_children() if artist not in self.children]
        for artist in new:
            with contextlib.suppress(Exception):  # the axis and the spines that ax.clear() makes
                artist.remove()
        if self.limits is not None:
            self.part.dataLim.set(self.limits.frozen())  # which it takes over and goes on to write
        for now, saved in self.kept:
            now.update(saved)


def _settings() -> Any:
    matplotlib = sys.modules.get("matplotlib")
    return getattr(matplotlib, "rcParams", {})
