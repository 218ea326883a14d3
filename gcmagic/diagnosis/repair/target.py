"""The numeric gradient that is already there, and which arrays of a candidate agree with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...comparison import FAIL, Comparison, Status
from ...phase import Phase

# a mended array agrees with the numeric gradient to this much, or the check's own error
CLOSE = 1e-6
# and it has to be this much nearer than it was
NEARER = 0.03
JUDGED = (Status.AGREES, Status.WRONG)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What a gradient at `theta` has to agree with.

    Attributes
    ----------
    theta
        The point.
    names
        The arrays that are judged.
    wrong
        Those of them that were wrong.
    places, starts, numeric
        Components of theta, where each array begins among them, and the numeric gradient there.
    far, worst
        For each array the largest distance, and the largest of one component, that agree.
    """

    theta: np.ndarray
    names: tuple[str, ...]
    wrong: frozenset[str]
    places: np.ndarray
    starts: np.ndarray
    numeric: np.ndarray
    far: np.ndarray
    worst: np.ndarray

    @classmethod
    def of(cls, phase: Phase) -> Target:
        """The target that a phase holds."""
        blocks = [b for b in phase.blocks if np.any(np.isin(b.status, JUDGED))]
        judged = [np.isin(block.status, JUDGED) for block in blocks]
        parts = list(zip(blocks, judged, strict=True))
        limits = [_limits(block, which) for block, which in parts]
        empty = [np.zeros(0)]
        return cls(
            phase.theta,
            tuple(block.name for block in blocks),
            frozenset(block.name for block in blocks if block.verdict is FAIL),
            np.concatenate([b.block.start + b.components[w] for b, w in parts] or empty).astype(
                int
            ),
            np.cumsum([0, *(int(np.sum(w)) for _, w in parts)])[:-1],
            np.concatenate([b.numeric[w] for b, w in parts] or empty),
            np.array([far for far, _ in limits]),
            np.array([worst for _, worst in limits]),
        )

    def right(self, gradient: np.ndarray | None) -> frozenset[str]:
        """Names of the arrays in which `gradient` agrees; none where it is not finite."""
        if gradient is None or not np.isfinite(gradient).all():
            return frozenset()
        off = gradient[self.places] - self.numeric
        squares = np.add.reduceat(off * off, self.starts)
        if not np.any(squares <= self.far):
            return frozenset()
        largest = np.maximum.reduceat(np.abs(off), self.starts)
        good = (squares <= self.far) & (largest <= self.worst)
        return frozenset(name for name, is_good in zip(self.names, good, strict=True) if is_good)

    def moved(self, gradient: np.ndarray | None, base: np.ndarray) -> frozenset[str] | None:
        """Names of the arrays in which two gradients differ; None where one is missing."""
        if gradient is None:
            return None
        now, then = gradient[self.places], base[self.places]
        scale = np.maximum.reduceat(np.abs(then), self.starts)
        off = np.abs(now - then)
        off[np.isnan(off)] = np.inf
        apart = np.maximum.reduceat(off, self.starts) > 1e-9 * scale
        return frozenset(name for name, is_apart in zip(self.names, apart, strict=True) if is_apart)


def _limits(block: Comparison, judged: np.ndarray) -> tuple[float, float]:
    """The squared distance, and the distance of one component, up to which an array agrees."""
    numeric, error = block.numeric[judged], block.error[judged]
    size = float(np.linalg.norm(numeric))
    close = CLOSE
    if block.verdict is FAIL and size > 0:
        off = float(np.linalg.norm(block.analytic[judged] - numeric))
        close = min(CLOSE, NEARER * off / size) if np.isfinite(off) else CLOSE
    far = close * size + 3 * float(np.linalg.norm(error))
    return far**2, 1e-4 * float(np.max(np.abs(numeric))) + 3 * float(np.max(error))


def failing(phases: Sequence[Phase]) -> list[Phase]:
    """The failing phases, the one with most wrong arrays first."""
    found = [phase for phase in phases if phase.verdict is FAIL]
    return sorted(found, key=lambda p: -sum(b.verdict is FAIL for b in p.blocks))
