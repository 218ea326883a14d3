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
    found: list[Derivative | None] = []
    for block, own in zip(blocks, chosen, strict=True):
        known = by_sums(problem, theta, block, at) if by_sums and own.size == block.size else None
        if known is not None:
            every = np.arange(block.start, block.stop)
            parts = every, known.values, steps[block.slice], None, known.nfev
            known = Derivative(*parts, known.amplified, known.sums)
        found.append(known)
    left = [
        block.start + own
        for block, own, known in zip(blocks, chosen, found, strict=True)
        if known is None
    ]
    if not left:
        return [known for known in found if known is not None]
    components = np.concatenate(left)
    moved = derivative(problem, theta, components, steps[components], scheme, evaluator)
    ends = iter(np.cumsum([part.size for part in left]))
    sizes = iter([part.size for part in left])

    def next_part() -> Derivative:
        end = next(ends)
        return moved.only(slice(end - next(sizes), end))

    return [next_part() if known is None else known for known in found]
