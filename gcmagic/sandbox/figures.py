"""Matplotlib's figures: those of the user are out of reach while his functions are tried."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def figures() -> Iterator[None]:
    """Hide the figures that are open, close those that are opened, and show the first again.

    ``plt.plot`` in a cost then draws into a figure of its own, ``plt.close("all")`` closes that
    alone, and none of them is left over. Lines that are drawn by the axes of a figure of the user,
    ``ax.plot(losses)``, are taken away again. Nothing is done where pyplot is not loaded.
    """
    helpers: Any = sys.modules.get("matplotlib._pylab_helpers")
    known = dict(helpers.Gcf.figs) if helpers else {}
    drawn = [_drawn(manager.canvas.figure) for manager in known.values()]
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
        for axes, artists, limits in (each for figure in drawn for each in figure):
            new = [artist for artist in axes.get_children() if artist not in artists]
            for artist in new:
                artist.remove()
            if new:
                axes.dataLim.set(limits)


def _settings() -> Any:
    matplotlib = sys.modules.get("matplotlib")
    return getattr(matplotlib, "rcParams", {})


def _drawn(figure: Any) -> list[tuple[Any, set[Any], Any]]:
    """The axes of a figure, what is drawn in each, and how far that reaches."""
    return [(axes, {*axes.get_children()}, axes.dataLim.frozen()) for axes in figure.axes]
