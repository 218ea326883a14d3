"""Where the components of a report go in a picture: numbers only, nothing is drawn here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..comparison import Comparison, Status

# Exact zeros, and what is below the rounding of one number, stand at the bottom; what is not
# finite stands above the largest discrepancy that there can be, 1
BOTTOM, TOP = 1e-16, 30.0
LIMIT = 3000  # components of one array that are drawn one by one
BINS = 500


@dataclass(frozen=True, slots=True)
class Group:
    """The stretch of the x axis, from 0 to 1, that belongs to one array."""

    left: float
    right: float

    @property
    def width(self) -> float:
        """Its length."""
        return self.right - self.left


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """Points of one array that look alike; for bands and error bars, stretches parted by NaN."""

    x: np.ndarray
    y: np.ndarray
    status: Status
    size: float
    kind: str = "point"  # or "band", "error"


def groups(sizes: Sequence[int]) -> list[Group]:
    """Stretches for arrays of these sizes: larger for larger ones, and none too small to see."""
    if not sizes:
        return []
    shares = np.asarray(sizes, dtype=float) ** 0.4
    shares = np.maximum(shares, 0.5 * np.mean(shares))
    gap = min(0.012, 0.2 / len(shares))
    widths = shares / np.sum(shares) * (1 - gap * (len(shares) - 1))
    lefts = np.concatenate([[0.0], np.cumsum(widths + gap)[:-1]])
    return [Group(float(a), float(a + w)) for a, w in zip(lefts, widths, strict=True)]


def heights(block: Comparison) -> np.ndarray:
    """Discrepancies as they are drawn, every one between `BOTTOM` and `TOP`.

    One NaN makes the norms of its array NaN; the norms of the rest are taken for the rest.
    """
    finite = np.isfinite(block.analytic) & np.isfinite(block.numeric)
    kept = replace(block, analytic=block.analytic[finite], numeric=block.numeric[finite])
    y = np.full(block.analytic.size, TOP)
    # 0/0 where all of the array is zero: nothing is off
    y[finite] = np.clip(np.nan_to_num(kept.discrepancies), BOTTOM, 1.0)
    return np.where(block.status == Status.NOT_FINITE, TOP, y)


def marks(block: Comparison, group: Group) -> list[Mark]:
    """How one array is drawn.

    An error bar reaches up to where the error of the numeric derivative may put a component, and
    as far down; on a logarithmic scale there is no end to it below where it holds zero, and so
    that part is left away.
    """
    y = heights(block)
    high = _tops(block, y)
    inner = 0.9 * group.width
    x = group.left + 0.05 * group.width + (block.components + 0.5) / block.block.size * inner
    size = float(np.clip(60 * inner / np.sqrt(max(1, y.size)), 2.2, 6.5))
    found = []
    for status in Status:
        here = np.flatnonzero(block.status == status)
        if not here.size:
            continue
        if y.size > LIMIT and (here.size > LIMIT or status is not Status.WRONG):
            low, top = _extremes(block.components[here], y[here], block.block.size)
            low, top = here[low], here[top]
            if status is not Status.WRONG:
                _, furthest = _extremes(block.components[here], high[here], block.block.size)
                reach = high[here[furthest]]
                found.append(Mark(*_stretches(x[low], y[top], reach), status, size, "error"))
                found.append(Mark(*_stretches(x[low], y[low], y[top]), status, size, "band"))
            here = np.unique(np.concatenate([low, top]))
        else:
            depth = 2 * y[here] - high[here]  # as far below as it may be above
            low = np.where(depth > BOTTOM, depth, y[here])
            found.append(Mark(*_stretches(x[here], low, high[here]), status, size, "error"))
        found.append(Mark(x[here], y[here], status, size))
    return found


def _tops(block: Comparison, y: np.ndarray) -> np.ndarray:
    """The upper ends of the error bars on `y`."""
    with np.errstate(all="ignore"):
        finite = np.isfinite(block.analytic) & np.isfinite(block.numeric)
        total = np.linalg.norm(block.analytic[finite]) + np.linalg.norm(block.numeric[finite])
        reach = np.where(np.isfinite(block.error) & (y < TOP), block.error / total, 0.0)
    return np.where(y < TOP, np.minimum(y + np.nan_to_num(reach, posinf=0.0), 1.0), TOP)


def _stretches(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertical stretches as one line with gaps in it."""
    gaps = np.full(x.size, np.nan)
    return np.column_stack([x, x, gaps]).ravel(), np.column_stack([low, high, gaps]).ravel()


def _extremes(components: np.ndarray, y: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of the smallest and of the largest `y` in every bin that is not empty."""
    bins = components * BINS // size
    if np.any(np.diff(bins) < 0):
        order = np.argsort(bins, kind="stable")
        low, high = _extremes(components[order], y[order], size)
        return order[low], order[high]
    first = np.flatnonzero(np.diff(bins, prepend=-1))
    counts = np.diff(first, append=len(bins))
    found = []
    for extreme in (np.minimum, np.maximum):  # a sort would take ten times as long
        places = np.flatnonzero(y == np.repeat(extreme.reduceat(y, first), counts))
        found.append(places[np.flatnonzero(np.diff(bins[places], prepend=-1))])
    return found[0], found[1]
