"""What one step of every component says: whether all agree, with errors that would show bugs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .derivatives import Derivative
from .noise import NOISE_BOUND, NOISE_VALUES, rounded
from .rungs import RESOLUTION
from .schemes import UNIT_ROUNDOFF

# the rounding of a backward pass, in units of u max|g|
BACKWARD_ROUNDING = 64.0
# evaluations of two steps more, for a component that agrees too coarsely
LONGER = 4
# as many of all components have to disagree before it is more than a bug here and a kink there
MUCH = 0.25
# with fewer components than this, what tells little more is left out: a look along a line, or the
# noise of J, takes as much as several of them
FEW = 20


def are_plain(
    gradient: np.ndarray, every: Sequence[Derivative], noise: float, threshold: float
) -> bool:
    """Whether with this noise all components agree, each with an error that would show bugs.

    Parameters
    ----------
    gradient
        The user's, of all parameters.
    every
        What one step gave, one `Derivative` an array.
    noise
        The absolute error of one J.
    threshold
        Relative deviation of a component that is let pass.
    """
    seen = (_seen(gradient, part, noise, threshold) for part in every)
    return all(agree.all() and fine.all() for agree, fine in seen)


def is_cheaper(
    gradient: np.ndarray,
    every: Sequence[Derivative],
    noise: float,
    cost: float,
    threshold: float,
    settled: np.ndarray,
) -> bool:
    """Whether to go on from here takes less than to measure the noise, which was taken over.

    All have to agree. Then few that agree too coarsely are better given longer steps, or none where
    they are `settled`; and no less noise can be measured than that to which J itself is rounded.
    """
    seen = [_seen(gradient, part, noise, threshold) for part in every]
    parts = zip(every, seen, strict=True)
    coarse = sum(np.count_nonzero(~fine & ~settled[part.components]) for part, (_, fine) in parts)
    cheaper = LONGER * coarse <= NOISE_VALUES or noise <= 2 * NOISE_BOUND * rounded(cost)
    return bool(cheaper) and all(agree.all() for agree, _ in seen)


def disagree(
    gradient: np.ndarray, every: Sequence[Derivative], noise: float, threshold: float
) -> bool:
    """Whether many components are further off than noise and the rounding of backward explain."""
    if _all_agree(gradient, every, noise, threshold):  # as nearly always
        return False
    off, size = 0, 0
    for part in every:
        analytic = np.abs(gradient[part.components])
        rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * np.max(analytic, initial=0.0)
        agree, _ = _seen(gradient, part, noise, threshold, rounding)
        off, size = off + np.count_nonzero(~agree), size + agree.size
    return bool(off > 0 and off >= MUCH * size)


def _all_agree(
    gradient: np.ndarray, every: Sequence[Derivative], noise: float, threshold: float
) -> bool:
    """Whether noise alone explains all that components differ by."""
    analytic = gradient[np.concatenate([part.components for part in every])]
    numeric = np.concatenate([part.values for part in every])
    error = noise * np.concatenate([part.amplified for part in every])
    with np.errstate(invalid="ignore"):
        allowed = error + threshold * (np.abs(analytic) + np.abs(numeric))
        return bool((np.abs(analytic - numeric) <= allowed).all())


def _seen(
    gradient: np.ndarray, found: Derivative, noise: float, threshold: float, rounding: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Which components agree with this noise, and which have an error that would show bugs."""
    analytic, error = gradient[found.components], noise * found.amplified + rounding
    size = np.abs(analytic) + np.abs(found.values)
    scale = np.max(size, initial=0.0) / 2
    with np.errstate(invalid="ignore"):
        agree = np.abs(analytic - found.values) <= error + threshold * size
        return agree, (error <= RESOLUTION / 3 * scale) | (scale == 0)
