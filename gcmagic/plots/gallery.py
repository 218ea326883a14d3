"""Where arrays of different shapes go side by side: numbers only, nothing is drawn here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..comparison import Comparison, Status

LARGEST = 240, 420  # cells down and across that are told apart; of more, the worst is kept
STRETCH = 2.0  # a cell may be this much wider than high
ASPECTS = 0.18, 7.0

# what is drawn where several components share a cell: the last of these
ORDER = (
    Status.AGREES,
    Status.NOISY,
    Status.KINK,
    Status.UNCONFIRMED,
    Status.NOT_FINITE,
    Status.WRONG,
)
GAP, ABSENT = -2.0, -1.0  # between tiles; not looked at


@dataclass(frozen=True, slots=True)
class Box:
    """Place of one array, in inches from the upper left corner, without its name above it."""

    x: float
    y: float
    width: float
    height: float


def ranks(block: Comparison, heights: np.ndarray) -> np.ndarray:
    """A sheet of cells: the place of the status in `ORDER` plus a share of 1 for the distance."""
    share = np.clip((np.log10(np.maximum(heights, 1e-16)) + 16) / 16, 0, 0.999)
    place = np.array([ORDER.index(status) for status in Status], dtype=float)[block.status]
    flat = np.full(block.block.size, ABSENT)
    flat[block.components] = place + share
    return pooled(sheet(flat, block.shape))


def sheet(flat: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Rows and columns of any array: a vector is one row, more than two axes are tiles of two."""
    if len(shape) < 2:
        return flat.reshape(1, -1)
    if len(shape) == 2:
        return flat.reshape(shape)
    down, across = math.prod(shape[:-3]), shape[-3]
    tiles = flat.reshape(down, across, *shape[-2:])
    framed = np.pad(tiles, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=GAP)
    rows = framed.transpose(0, 2, 1, 3).reshape(down * (shape[-2] + 1), across * (shape[-1] + 1))
    return rows[:-1, :-1]


def pooled(cells: np.ndarray) -> np.ndarray:
    """The same with at most `LARGEST` cells, each the largest of those that it stands for."""
    for axis, most in enumerate(LARGEST):
        if cells.shape[axis] > most:
            starts = np.unique(np.linspace(0, cells.shape[axis], most, endpoint=False).astype(int))
            cells = np.maximum.reduceat(cells, starts, axis=axis)
    return cells


def aspect(shape: tuple[int, ...]) -> float:
    """Width over height of the sheet, within bounds that leave it visible."""
    rows, columns = sheet(np.zeros(math.prod(shape)), shape).shape
    return min(max(columns / rows, ASPECTS[0]), ASPECTS[1])


def arranged(
    aspects: Sequence[float],
    labels: Sequence[float],
    width: float,
    height: float,
    above: float,
    gap: float = 0.28,
) -> list[Box]:
    """Boxes of one height in rows, in order, as large as they can be.

    Parameters
    ----------
    aspects
        Width over height of each.
    labels
        Inches that the name of each takes, above it.
    width, height
        Inches that there are.
    above, gap
        Inches above each box for its name, and between two boxes.
    """
    tried = [
        _rows(_split(aspects, count), aspects, labels, width, height, above, gap)
        for count in range(1, min(len(aspects), 8) + 1)
    ]
    fitting = [boxes for boxes in tried if _right_end(boxes, labels) <= width + 1e-9]
    return max(fitting or tried[-1:], key=lambda boxes: sum(b.width * b.height for b in boxes))


def _rows(
    rows: list[list[int]],
    aspects: Sequence[float],
    labels: Sequence[float],
    width: float,
    height: float,
    above: float,
    gap: float,
) -> list[Box]:
    """The boxes where each row holds these; wider than high if that fills the row."""
    free = [width - gap * (len(row) - 1) for row in rows]
    natural = [sum(aspects[k] for k in row) for row in rows]
    side = min(height / len(rows) - above, *(f / n for f, n in zip(free, natural, strict=True)))
    side = max(side, 0.05)
    stretches = [min(STRETCH, f / n / side) for f, n in zip(free, natural, strict=True)]
    boxes = []
    y = (height - len(rows) * (side + above)) / 2
    for row, most, stretch in zip(rows, free, stretches, strict=True):
        widths = [aspects[k] * side * stretch for k in row]
        names = [labels[k] for k in row]
        over = sum(map(max, widths, names)) - most
        if over > 0:  # names are what is wide: the widest boxes give way
            wide = sum(w for w, n in zip(widths, names, strict=True) if w > n)
            share = max(0.4, 1 - over / wide) if wide else 1.0
            widths = [w * share if w > n else w for w, n in zip(widths, names, strict=True)]
        x = 0.0
        for w, name in zip(widths, names, strict=True):
            boxes.append(Box(x, y + above, w, side))
            x += max(w, name) + gap
        y += side + above
    return boxes


def _right_end(boxes: Sequence[Box], labels: Sequence[float]) -> float:
    return max(box.x + max(box.width, name) for box, name in zip(boxes, labels, strict=True))


def _split(aspects: Sequence[float], count: int) -> list[list[int]]:
    """`count` rows in order, about equally wide."""
    ends = np.cumsum(aspects)
    row = np.minimum((ends - np.asarray(aspects) / 2) / ends[-1] * count, count - 1e-9).astype(int)
    rows = [[k for k in range(len(aspects)) if row[k] == r] for r in range(count)]
    return [r for r in rows if r]
