"""The slopes of all components that a point looks at, each array in the way that takes least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .batched import Level
from .derivatives import Derivative, derivative
from .evaluation import Evaluator
from .parameters import Block
from .problem import Problem
from .schemes import CENTRAL, Scheme, steps_for


def moves(
    evaluator: Evaluator, problem: Problem, theta: np.ndarray, blocks: Sequence[Block]
) -> list[int]:
    """How many numbers are moved for each of the blocks: components, or elements of sums."""
    count: Any = getattr(evaluator, "moves", None)
    if count is None:
        return [block.size for block in blocks]
    return count(problem, theta, blocks)


def slopes(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    chosen: Sequence[np.ndarray],
    at: Level,
    scheme: Scheme,
    epsilon: float | None,
    evaluator: Evaluator | None,
) -> list[Derivative]:
    """D of the components `chosen` of every array, one `Derivative` an array.

    Arrays that J sees in sums only go by these where the evaluator can do that, all of the array is
    looked at, and no step is asked for; every other component is moved by itself.
    """
    steps = steps_for(theta, scheme, epsilon, at.size)
    by_sums: Any = getattr(evaluator, "through", None)
    found: dict[int, Derivative] = {}
    if by_sums is not None and scheme is CENTRAL and epsilon is None:
        whole = [k for k, block in enumerate(blocks) if chosen[k].size == block.size]
        known = by_sums(problem, theta, [blocks[k] for k in whole], at)
        for place, one in known.items():
            block = blocks[whole[place]]
            every = np.arange(block.start, block.stop)
            parts = every, one.values, steps[block.slice], None, one.nfev
            found[whole[place]] = Derivative(*parts, one.amplified, one.sums)
    left = [k for k in range(len(blocks)) if k not in found]
    if left:
        components = np.concatenate([blocks[k].start + chosen[k] for k in left])
        moved = derivative(problem, theta, components, steps[components], scheme, evaluator)
        start = 0
        for k in left:
            found[k] = moved.only(slice(start, start + chosen[k].size))
            start += chosen[k].size
    return [found[k] for k in range(len(blocks))]
