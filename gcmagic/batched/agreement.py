"""Whether arrays show the slopes that their sums gave when they are moved themselves."""

from __future__ import annotations

import functools
import random
from collections.abc import Collection

import numpy as np

from ..parameters import Block
from ..schemes import steps_along
from .outcome import Level, Through
from .plan import Planner
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
    planner: Planner, found: dict[int, Through], at: Level, unsure: Collection[int]
) -> tuple[list[int], int]:
    """The arrays that do, by all of their components at once, and the evaluations.

    Of those that are `unsure`, J may see one component in another way than the rest: some of these
    are moved by themselves as well.
    """
    lines, nfev = [], 0
    for k in found:
        block = planner.blocks[k]
        lines += [(k, np.arange(block.size), _spread(block.size))]
        lines += [(k, one, np.ones(1)) for one in (_some(block) if k in unsure else ())]
    for nearer in (1.0, 1 / NEARER):
        steps = nearer * steps_along(np.array([along.size for _, _, along in lines]), at.size)
        costs = _along(planner, lines, steps, at)
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


def _some(block: Block) -> np.ndarray:
    """Components of an array, drawn without replacement, a row each."""
    rng = random.Random(block.start)  # NumPy's takes ten times as long for two
    count = min(block.size, AUDITED if block.size > FEW else AUDITED_OF_FEW)
    return np.array(rng.sample(range(block.size), count))[:, None]


@functools.lru_cache(maxsize=16)
def _spread(size: int) -> np.ndarray:
    """Numbers of either sign, with unlike lengths from 0.5 to 1.5.

    Of signs alone the errors of two components, such as those of a margin, would cancel.
    """
    found = np.random.default_rng(size).uniform(-1.0, 1.0, size)
    return found + np.copysign(0.5, found)


def _along(planner: Planner, lines: list[Line], steps: np.ndarray, at: Level) -> np.ndarray:
    """J below and above theta along each of the lines, a row each."""
    problem, theta, blocks = planner.problem, planner.theta, planner.blocks
    moves = [
        (blocks[k].start + places, sign * h * along)
        for (k, places, along), h in zip(lines, steps, strict=True)
        for sign in (-1.0, 1.0)
    ]
    if (1 + len(moves)) * theta.size <= MOST:  # beyond, calls one by one are as quick
        thetas = np.repeat(theta[None], 1 + len(moves), axis=0)
        for row, (where, change) in enumerate(moves, start=1):
            thetas[row, where] += change
        values = tried(problem, thetas, {0: at.cost}, planner.limit)
        if values is not None:
            return values[1:].reshape(-1, 2)
    costs, moved = [], theta.copy()
    for where, change in moves:
        moved[where] += change
        costs.append(problem.cost_at(moved))
        moved[where] = theta[where]
    return np.array(costs).reshape(-1, 2)
