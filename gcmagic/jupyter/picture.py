"""The panel's pictures: what stays is drawn once, and only what is asked for is drawn again."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..comparison import Comparison, Verdict
from ..notation import exponent
from ..plots import VIEWS, alone
from ..plots.card import HEIGHT, WIDTH, headroom, legend, title
from ..plots.scene import Artists, Scene
from ..plots.theme import DPI
from .sentences import overall

SCALE = 1.5  # finer than the page, for screens that are
SIZE = round(WIDTH * DPI), round(HEIGHT * DPI)
KEPT = 6  # grounds, and titles, that are kept drawn, a view


class Picture:
    """Draws scenes as PNG, fast enough to follow a slider; one figure a view, made when asked for.

    Parameters
    ----------
    blocks
        All the arrays that there are: how much room their names need.
    """

    def __init__(self, blocks: Sequence[Comparison]) -> None:
        self._blocks = blocks
        self._stages: dict[str, _Stage] = {}

    def png(self, view: str, scene: Scene, name: str, verdict: Verdict | None = None) -> bytes:
        """The bytes of a picture of `scene`; without arrays the card is empty.

        Parameters
        ----------
        view
            One of `VIEWS`.
        scene
            What to show.
        name
            The point, above it.
        verdict
            Written above it with formula (2), where there is one to tell.
        """
        if view not in self._stages:
            self._stages[view] = _Stage(view, self._blocks, scene)
        return self._stages[view].png(scene, name, verdict)

    def forget(self) -> None:
        """Let go of all figures."""
        self._stages.clear()


class _Stage:
    """One view: its figure, and what of it is kept drawn."""

    def __init__(self, view: str, blocks: Sequence[Comparison], scene: Scene) -> None:
        self._view = VIEWS[view]
        self._ax = alone(self._view, blocks, scene.theme)
        self._figure: Any = self._ax.figure
        self._figure.set_dpi(SCALE * DPI)
        self._view.frame(self._ax, scene)
        self._canvas = self._figure.canvas
        self._canvas.draw()
        self._empty = self._canvas.copy_from_bbox(self._figure.bbox)
        self._grounds: dict[Any, Any] = {}
        self._titles: dict[Any, Any] = {}

    def png(self, scene: Scene, name: str, verdict: Verdict | None) -> bytes:
        """See `Picture`."""
        self._canvas.restore_region(self._ground(scene) if scene.blocks else self._empty)
        drawn = self._view.points(self._ax, scene) if scene.blocks else []
        self._put(drawn)
        self._title(scene, name, verdict)
        return _encoded(np.asarray(self._canvas.buffer_rgba()))

    def _title(self, scene: Scene, name: str, verdict: Verdict | None) -> None:
        """What stands above the axes; letters take longer to draw than points do."""
        off = float("nan") if verdict is None else overall(scene.blocks)
        key = name, verdict, exponent(off, 1) if math.isfinite(off) else ""
        if key in self._titles:
            self._canvas.restore_region(self._titles[key])
            return
        _make_room(self._titles)
        self._put(title(self._ax, name, verdict, off, scene.theme))
        self._titles[key] = self._canvas.copy_from_bbox(headroom(self._ax))

    def _ground(self, scene: Scene) -> Any:
        """The card with bands, names and legend, which change with a verdict, not with a figure."""
        key = tuple((block.name, block.verdict) for block in scene.blocks), *scene.statuses
        if key not in self._grounds:
            _make_room(self._grounds)
            self._canvas.restore_region(self._empty)
            keys = legend(self._ax, self._view.keys(scene), scene.theme)
            self._put([*self._view.ground(self._ax, scene), *keys])
            self._grounds[key] = self._canvas.copy_from_bbox(self._figure.bbox)
        return self._grounds[key]

    def _put(self, artists: Artists) -> None:
        for artist in sorted(artists, key=lambda artist: artist.get_zorder()):
            self._figure.draw_artist(artist)
        for artist in artists:
            artist.remove()


def _make_room(kept: dict[Any, Any]) -> None:
    while len(kept) >= KEPT:
        kept.pop(next(iter(kept)))


def _encoded(pixels: np.ndarray) -> bytes:
    """RGBA pixels as PNG, every row as its difference from the row above it.

    In half the time that Pillow takes, which tries five such filters on every row.
    """
    height, width, _ = pixels.shape
    rows = pixels.reshape(height, -1)
    filtered = np.empty((height, 4 * width + 1), dtype=np.uint8)
    filtered[:, 0] = 2  # the filter "up"
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered.data, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
