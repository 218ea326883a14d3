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


def pre_activations(
    evaluator: Evaluator | None, problem: Problem, theta: np.ndarray, block: Block
) -> int:
    """How many pre-activations would be moved in the place of an array; 0 for none."""
    count: Any = getattr(evaluator, "sums", None)
    return 0 if count is None else count(problem, theta, block)


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

    A large weight matrix goes by the sums that it goes into where the evaluator can do that, all of
    it is looked at, and no step is asked for; every other component is moved by itself.
    """
    steps = steps_for(theta, scheme, epsilon, at.size)
    by_sums: Any = getattr(evaluator, "through", None)
    if scheme is not CENTRAL or epsilon is not None:
        by_sums = None
    found: dict[int, Derivative] = {}
    for k, (block, own) in enumerate(zip(blocks, chosen, strict=True)):
        known = by_sums(problem, theta, block, at) if by_sums and own.size == block.size else None
        if known is not None:
            every = np.arange(block.start, block.stop)
            parts = every, known.values, steps[block.slice], None, known.nfev
            found[k] = Derivative(*parts, known.amplified, known.sums)
    left = [k for k in range(len(blocks)) if k not in found]
    if left:
        components = np.concatenate([blocks[k].start + chosen[k] for k in left])
        moved = derivative(problem, theta, components, steps[components], scheme, evaluator)
        start = 0
        for k in left:
            found[k] = moved.only(slice(start, start + chosen[k].size))
            start += chosen[k].size
    return [found[k] for k in range(len(blocks))]
