"""Which components of theta to differentiate along: all of them, or a sample of every array."""

from __future__ import annotations

import numpy as np

from .parameters import Block

# components of every array that are checked where all of them take too long, largest first
SAMPLES = (100, 20, 5)


def coordinates(block: Block, sample: int | None, seed: int) -> np.ndarray:
    """Offsets into the array, in order: all, or `sample` of them drawn without replacement."""
    if sample is None or sample >= block.size:
        return np.arange(block.size)
    rng = np.random.default_rng([seed, block.start])
    return np.sort(rng.choice(block.size, sample, replace=False))


def sample_for(
    blocks: tuple[Block, ...], seconds: float, budget: float | None, points: int
) -> int | None:
    """How many components of every array fit into the budget; None where all of them do.

    Parameters
    ----------
    blocks
        What is to be checked.
    seconds
        Time of one evaluation of the cost.
    budget
        Seconds for all `points` together; None for no bound. At least five components of every
        array are checked whatever the budget.
    points
        How many thetas.

    Notes
    -----
    Right code takes 2 to 4 evaluations a component; wrong code up to 12.
    """
    for sample in (None, *SAMPLES):
        count = sum(block.size if sample is None else min(sample, block.size) for block in blocks)
        if budget is None or 4 * count * seconds * points <= budget:
            return sample
    return SAMPLES[-1]
