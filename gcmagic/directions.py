"""Which components of theta to differentiate along: all of them, or a sample of every array."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .clock import EACH
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
    sizes: Sequence[int], seconds: float, budget: float | None, points: int
) -> int | None:
    """How many components of every array fit into the budget; None where all of them do.

    Parameters
    ----------
    sizes
        Components of every array that are to be checked.
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
        count = sum(size if sample is None else min(sample, size) for size in sizes)
        if budget is None or EACH * count * seconds * points <= budget:
            return sample
    return SAMPLES[-1]


def random_directions(
    size: int, blocks: Sequence[Block], count: int, seed: Sequence[int]
) -> np.ndarray:
    """Random directions over some arrays, one a row: signs times factors from 1/2 to 3/2.

    Parameters
    ----------
    size
        Number of components of theta.

    Notes
    -----
    Whatever the pattern of errors r, ``P(|r @ v| <= t) <= t / max|r|``: given all else, ``r @ v``
    is uniform on an interval of length max|r| for either sign of the factor that goes with max|r|.
    Signs alone, of factors 1, would miss two errors of equal size in half of all draws.
    """
    rng = np.random.default_rng(list(seed))
    directions = np.zeros((count, size))
    for block in blocks:
        shape = (count, block.size)
        directions[:, block.slice] = (0.5 + rng.random(shape)) * signs(rng, shape)
    return directions


def even_directions(
    size: int, blocks: Sequence[Block], count: int, seed: Sequence[int]
) -> np.ndarray:
    """Random directions over some arrays, one a row: uniform from -2 to 2.

    ``P(|r @ v| <= t) <= t / (2 max|r|)``, half of what it is for `random_directions`, which are
    nearly as long; but one wrong component alone may have next to no part in a direction.
    """
    rng = np.random.default_rng(list(seed))
    directions = np.zeros((count, size))
    for block in blocks:
        directions[:, block.slice] = rng.uniform(-2.0, 2.0, (count, block.size))
    return directions


def signs(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Random signs: ``rng.choice([-1.0, 1.0], shape)``, number for number, in half of its time."""
    return _SIGNS[rng.integers(0, 2, shape)]


_SIGNS = np.array([-1.0, 1.0])


def proved(off: np.ndarray, sure: float, beside: int = 0) -> float:
    """The bound on every component that slopes of at most `off` along random directions prove.

    Of K values of ``|r @ v - e|``, e an error that does not go by r, all are at most t with
    probability (t / max|r|)**K or less: a sum with something independent is never nearer to zero.
    So max|r| is at most ``max(off) / (1 - sure)**(1/K)`` with probability `sure`.

    Parameters
    ----------
    beside
        How many of them are left out, the largest: that K - d are at most t has a probability of
        K! / (d! (K - d)!) (t / max|r|)**(K - d) or less.

    Examples
    --------
    >>> round(proved(np.array([1e-9, 2e-9]), 0.99), 12)
    2e-08
    >>> round(proved(np.array([1e-9, 2e-9, 1.0]), 0.99, beside=1), 10)
    3.46e-08
    """
    count = len(off) - beside
    chance = (1 - sure) / math.comb(len(off), beside)
    return float(np.sort(off)[count - 1]) / chance ** (1 / count)
