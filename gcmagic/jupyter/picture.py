"""The panel's one figure: what stays is drawn once, and only points are drawn again."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..comparison import Comparison, Verdict
from ..plots.card import DPI, HEIGHT, WIDTH, card, ground, points, title
from ..report import Report
from .recheck import overall

SCALE = 1.5  # finer than the page, for screens that are
SIZE = round(WIDTH * DPI), round(HEIGHT * DPI)
KEPT = 12  # grounds that are kept drawn


class Picture:
    """Draws comparisons as PNG, fast enough to follow a slider.

    Parameters
    ----------
    report
        Says which arrays there are, and with that how much room their names need.
    """

    def __init__(self, report: Report) -> None:
        self._names = report.names
        self._ax = card(1, report.phases[0].blocks, report.settings.threshold)[0]
        self._figure: Any = self._ax.figure
        self._figure.set_dpi(SCALE * DPI)
        self._canvas = self._figure.canvas
        self._canvas.draw()
        self._empty = self._canvas.copy_from_bbox(self._figure.bbox)
        self._grounds: dict[Any, Any] = {}

    def png(self, blocks: Sequence[Comparison], name: str, verdict: Verdict | None = None) -> bytes:
        """The bytes of a picture of `blocks`; none leaves the card empty.

        Parameters
        ----------
        blocks
            The arrays to show.
        name
            The point, above them.
        verdict
            Written above them with formula (2), where there is one to tell.
        """
        self._canvas.restore_region(self._ground(blocks) if blocks else self._empty)
        drawn = points(self._ax, blocks, self._names)
        off = float("nan") if verdict is None else overall(blocks)
        self._put(drawn + title(self._ax, name, verdict, off))
        return _encoded(np.asarray(self._canvas.buffer_rgba()))

    def _ground(self, blocks: Sequence[Comparison]) -> Any:
        """The card with bands and names, which change with a verdict but not with a figure."""
        key = tuple((block.name, block.verdict) for block in blocks)
        if key not in self._grounds:
            while len(self._grounds) >= KEPT:
                self._grounds.pop(next(iter(self._grounds)))
            self._canvas.restore_region(self._empty)
            self._put(ground(self._ax, blocks))
            self._grounds[key] = self._canvas.copy_from_bbox(self._figure.bbox)
        return self._grounds[key]

    def _put(self, artists: list[Any]) -> None:
        for artist in artists:
            self._ax.draw_artist(artist)
            artist.remove()


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
