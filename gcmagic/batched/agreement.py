"""Whether arrays show the slopes that their sums gave when they are moved themselves."""

from __future__ import annotations

import functools

import numpy as np

from ..directions import spread
from ..schemes import steps_along
from .outcome import Level, Through
from .plan import Planner
from .points import FEW, MOST, tried

# an audited slope may be off by this part of it, beside the noise: curvature, third order
CURVED = 1e-6
# a step is smaller by this, where a kink lies within the one before
NEARER = 32.0


def agreeing(planner: Planner, found: dict[int, Through], at: Level) -> tuple[list[int], int]:
    """The arrays that do, along a direction over all of their components, and the evaluations."""
    left, nfev = list(found), 0
    for nearer in (1.0, 1 / NEARER):
        counts = np.array([planner.blocks[k].size for k in left])
        steps = nearer * steps_along(counts, at.size)
        below, above = _along(planner, left, steps, at).T
        nfev += 2 * len(left)
        slopes = (above - below) / (2 * steps)
        left = [
            k
            for k, h, slope in zip(left, steps, slopes, strict=True)
            if not _agrees(found[k], slope, h, at)
        ]
        if not left:
            break
    return [k for k in found if k not in left], nfev


def _agrees(one: Through, slope: float, h: float, at: Level) -> bool:
    error = at.noise * np.sqrt(one.amplified @ one.amplified) + at.noise / h
    curved = CURVED * np.sqrt(one.values @ one.values)
    return bool(abs(slope - _direction(one.values.size) @ one.values) <= error + curved)


@functools.lru_cache(maxsize=16)
def _direction(size: int) -> np.ndarray:
    # of signs alone the errors of two components, such as those of a margin, would cancel
    return spread(size, size)


def _along(planner: Planner, arrays: list[int], steps: np.ndarray, at: Level) -> np.ndarray:
    """J below and above theta along a direction through each array, a row each."""
    problem, theta = planner.problem, planner.theta
    moves = []
    for k, h in zip(arrays, steps.tolist(), strict=True):
        block = planner.blocks[k]
        change = h * _direction(block.size)
        moves += [(block.slice, -change), (block.slice, change)]
    # calls one by one are as quick for large arrays
    if FEW <= len(moves) <= MOST / theta.size - 1:
        thetas = np.repeat(theta[None], 1 + len(moves), axis=0)
        for row, (where, change) in zip(thetas[1:], moves, strict=True):
            row[where] += change
        # no more plain calls: nothing but the right values agrees
        values = tried(problem, thetas, {0: at.cost}, planner.limit, 0)
        if values is not None:
            return values[1:].reshape(-1, 2)
    costs, moved = [], theta.copy()
    for where, change in moves:
        moved[where] += change
        costs.append(problem.cost_at(moved))
        moved[where] = theta[where]
    return np.array(costs).reshape(-1, 2)
