"""All parameter arrays at one theta in one go, where every component agrees: as nearly always."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from .comparison import Comparison
from .derivatives import Derivative
from .first_look import BACKWARD_ROUNDING
from .parameters import Block
from .phase import EXPECTED_NOISE
from .rungs import RESOLUTION
from .schemes import UNIT_ROUNDOFF


def agreeing(
    blocks: Sequence[Block],
    chosen: Sequence[np.ndarray],
    gradient: np.ndarray,
    every: Sequence[Derivative],
    cost: float,
    noise: float,
    threshold: float,
) -> list[Comparison] | None:
    """What `compare` gives of each array; None where one of them has to be looked at by itself.

    Parameters
    ----------
    chosen, every
        The offsets of the components that are checked, which nobody may change from here on, and
        their derivatives, an array each.
    """
    counts = [part.values.size for part in every]
    starts = [0, *accumulate(counts[:-1])]
    analytic = gradient[np.concatenate([part.components for part in every])]
    numeric = np.concatenate([part.values for part in every])
    amplified = np.concatenate([part.amplified for part in every])
    sizes = np.abs(analytic), np.abs(numeric)
    scale = np.maximum.reduceat(np.maximum(*sizes), starts)
    if not all(0.0 < size < np.inf for size in scale.tolist()):
        return None
    error = noise * amplified + np.repeat(BACKWARD_ROUNDING * UNIT_ROUNDOFF * scale, counts)
    allowed = error + threshold * (sizes[0] + sizes[1])
    coarse = np.maximum.reduceat(error, starts) > RESOLUTION / 3 * scale
    if coarse.any() or not (np.abs(analytic - numeric) <= allowed).all():
        return None
    squares = np.array([amplified, analytic, numeric])
    squares *= squares
    lengths = np.sqrt(np.add.reduceat(squares, starts, axis=1))
    expected = EXPECTED_NOISE * UNIT_ROUNDOFF * abs(cost) * lengths[0] / (lengths[1] + lengths[2])
    status = np.zeros(analytic.size, dtype=np.int8)  # AGREES
    for array in (analytic, numeric, error, status, *chosen):
        array.setflags(write=False)
    found = []
    parts = zip(blocks, chosen, every, starts, counts, expected.tolist(), strict=True)
    for block, offsets, part, start, count, rounding in parts:
        own = slice(start, start + count)
        arrays = offsets, analytic[own], numeric[own], error[own], status[own]
        found.append(Comparison(block, *arrays, rounding=rounding, pre_activations=part.sums))
    return found
