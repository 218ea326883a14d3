"""Random numbers that every check draws alike, kept for the next one.

A generator takes longer to be made than a small network to be called.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

# numbers, more of which take longer to be drawn than the generator to be made
FEW = 2**14

# of a Generator, whose module nothing imports before it is needed
Draw = Callable[[Any, int], np.ndarray]
Drawn = Callable[[tuple[int, ...], int], np.ndarray]


def kept(draw: Draw) -> Drawn:
    """`draw` by seed and size: arrays that nobody can write into, the last few of them kept."""

    def drawn(seed: tuple[int, ...], size: int) -> np.ndarray:
        found = draw(np.random.default_rng(seed), size)
        found.flags.writeable = False
        return found

    few = functools.lru_cache(maxsize=16)(drawn)
    return lambda seed, size: few(seed, size) if size <= FEW else drawn(seed, size)


@kept
def normal(rng: np.random.Generator, size: int) -> np.ndarray:
    """Numbers of a normal variable."""
    return rng.standard_normal(size)


@kept
def direction(rng: np.random.Generator, size: int) -> np.ndarray:
    """Numbers of either sign, with lengths from 1/2 to 3/2; why these, `random_directions` says."""
    found = rng.uniform(-1.0, 1.0, size)
    return found + np.copysign(0.5, found)


@kept
def lengths(rng: np.random.Generator, size: int) -> np.ndarray:
    """Numbers of either sign, with lengths from 1/2 to 1."""
    found = 0.5 + 0.5 * rng.random(size)
    return found * np.where(rng.integers(0, 2, size), 1.0, -1.0)
