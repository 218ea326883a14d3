"""Whether arrays show the slopes that their sums gave when they are moved themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..parameters import Block
from ..problem import Problem
from ..schemes import steps_along
from .outcome import Level, Through
from .points import MOST, tried

# components that are moved themselves, of an array of more than so many and of a smaller one
AUDITED, AUDITED_OF_FEW, FEW = 2, 1, 256
# an audited slope may be off by this part of it, beside the noise: curvature, third order
CURVED = 1e-6
# a step is smaller by this, where a kink lies within the one before
NEARER = 32.0

# a direction in one array: which, the components that it moves, and how
Line = tuple[int, np.ndarray, np.ndarray]


def agreeing(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    found: dict[int, Through],
    at: Level,
    limit: float,
) -> tuple[list[int], int]:
    """The arrays that do, by some components and by all of them at once, and the evaluations."""
    lines, nfev = [line for k in found for line in _lines(k, blocks[k])], 0
    for nearer in (1.0, 1 / NEARER):
        steps = nearer * steps_along(np.array([along.size for _, _, along in lines]), at.size)
        costs = _along(problem, theta, blocks, lines, steps, at, limit)
        nfev += costs.size
        left = []
        for line, h, (below, above) in zip(lines, steps, costs, strict=True):
            k, places, along = line
            values, amplified = found[k].values[places], found[k].amplified[places]
            error = at.noise * np.sqrt(amplified @ amplified) + CURVED * np.sqrt(values @ values)
            off = abs((above - below) / (2 * h) - along @ values)
            if not off <= error + at.noise / h:
                left.append(line)
        lines = left
        if not lines:
            break
    wrong = {k for k, _, _ in lines}
    return [k for k in found if k not in wrong], nfev


def _lines(k: int, block: Block) -> list[Line]:
    rng = np.random.default_rng(block.start)
    count = min(block.size, AUDITED if block.size > FEW else AUDITED_OF_FEW)
    some = rng.choice(block.size, count, replace=False)
    alone: list[Line] = [(k, some[i : i + 1], np.ones(1)) for i in range(count)]
    # of unlike lengths: errors of two components, such as those of a margin, would cancel else
    every = rng.choice([-1.0, 1.0], block.size) * rng.uniform(0.5, 1.5, block.size)
    return [*alone, (k, np.arange(block.size), every)]


def _along(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    lines: list[Line],
    steps: np.ndarray,
    at: Level,
    limit: float,
) -> np.ndarray:
    """J below and above theta along each of the lines, a row each."""
    moves = [
        (blocks[k].start + places, sign * h * along)
        for (k, places, along), h in zip(lines, steps, strict=True)
        for sign in (-1.0, 1.0)
    ]
    if (1 + len(moves)) * theta.size <= MOST:  # beyond, calls one by one are as quick
        thetas = np.repeat(theta[None], 1 + len(moves), axis=0)
        for row, (where, change) in enumerate(moves, start=1):
            thetas[row, where] += change
        values = tried(problem, thetas, {0: at.cost}, limit)
        if values is not None:
            return values[1:].reshape(-1, 2)
    costs, moved = [], theta.copy()
    for where, change in moves:
        moved[where] += change
        costs.append(problem.cost_at(moved))
        moved[where] = theta[where]
    return np.array(costs).reshape(-1, 2)
