"""Whether arrays show the slopes that their sums gave when they are moved themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..draws import direction
from ..schemes import step_along
from .outcome import Level, Through
from .plan import Planner
from .points import FEW, MOST, tried

# an audited slope may be off by this part of it, beside the noise: curvature, third order
CURVED = 1e-6
# a step is smaller by this, where a kink lies within the one before
NEARER = 32.0
# arrays share a line where that allows each of them this many times what its own would
SHARED = 10.0

# a direction over all components of some arrays: which
Line = tuple[int, ...]


def agreeing(planner: Planner, found: dict[int, Through], at: Level) -> tuple[list[int], int]:
    """The arrays that do, along directions over all of their components, and the evaluations."""
    lines = _Lines(planner, found, at)
    off = lines.off(lines.first(), 1.0)
    alone = [line for line in off if len(line) == 1]
    alone += lines.off([(k,) for line in off if len(line) > 1 for k in line], 1.0)
    wrong = lines.off(alone, 1 / NEARER)
    return [k for k in found if (k,) not in wrong], lines.nfev


class _Lines:
    """Lines through arrays whose slopes were found."""

    def __init__(self, planner: Planner, found: dict[int, Through], at: Level) -> None:
        self._planner, self._found, self._at = planner, found, at
        # of the slopes' noise, in units of that of J, and of the slopes
        self._noise = {k: math.sqrt(one.amplified @ one.amplified) for k, one in found.items()}
        self._sizes = {k: math.sqrt(one.values @ one.values) for k, one in found.items()}
        self.nfev = 0

    def first(self) -> list[Line]:
        """One for the arrays whose errors show on it, and one for each of the others."""
        every = tuple(self._found)
        whole = self._allowed(every, self._step(every))
        together = tuple(
            k for k in every if whole <= SHARED * self._allowed((k,), self._step((k,)))
        )
        if len(together) < 2:
            return [(k,) for k in every]
        return [together, *((k,) for k in every if k not in together)]

    def off(self, lines: list[Line], nearer: float) -> list[Line]:
        """Those along which J does not have the slopes that were found, with steps so near."""
        if not lines:
            return []
        steps = [nearer * self._step(line) for line in lines]
        costs = self._along(lines, steps)
        self.nfev += costs.size
        left = []
        for line, h, (below, above) in zip(lines, steps, costs.tolist(), strict=True):
            wanted = sum(float(self._direction(k) @ self._found[k].values) for k in line)
            if not abs((above - below) / (2 * h) - wanted) <= self._allowed(line, h):
                left.append(line)
        return left

    def _step(self, line: Line) -> float:
        return step_along(sum(self._found[k].values.size for k in line), self._at.size)

    def _allowed(self, line: Line, h: float) -> float:
        """How much the slope along a line may be off: by noise, its own and theirs, and bends."""
        noise = 1 / h + math.hypot(*(self._noise[k] for k in line))
        return self._at.noise * noise + CURVED * math.hypot(*(self._sizes[k] for k in line))

    def _direction(self, k: int) -> np.ndarray:
        block = self._planner.blocks[k]
        # of signs alone the errors of two components, such as those of a margin, would cancel; of
        # the same numbers those of two arrays, such as those of two layers that were exchanged
        return direction((block.start, block.size), block.size)

    def _along(self, lines: list[Line], steps: list[float]) -> np.ndarray:
        """J below and above theta along each of the lines, a row each."""
        planner, count = self._planner, 2 * len(lines)
        rows = self._moved(lines, steps)
        # calls one by one are as quick for few of them, and for large arrays
        if FEW <= count <= MOST / planner.theta.size - 1:
            thetas = np.array([planner.theta, *rows])
            # no more plain calls: nothing but the right values agrees
            values = tried(planner.problem, thetas, {0: self._at.cost}, planner.limit, 0)
            if values is not None:
                return values[1:].reshape(-1, 2)
            rows = iter(thetas[1:])
        return np.array([planner.problem.cost_at(row) for row in rows]).reshape(-1, 2)

    def _moved(self, lines: list[Line], steps: list[float]) -> Iterator[np.ndarray]:
        """Theta below and above itself on each of the lines."""
        theta, blocks = self._planner.theta, self._planner.blocks
        for line, h in zip(lines, steps, strict=True):
            along = np.zeros(theta.size)
            for k in line:
                along[blocks[k].slice] = self._direction(k)
            along *= h
            yield theta - along
            yield theta + along
