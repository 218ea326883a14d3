"""Which few components of an array are wrong, in some thirty evaluations each, however many it has.

Hash and decode: of a set of components that holds one wrong one, r, the slopes along s and s * pos
differ by the factor pos of that one, whatever r is; so two directions name it. A set that holds
several is split at random until every part holds one. (Syndrome decoding with adaptive group
tests; for s, s * pos, s * pos**2 see Prony's method with one term: r1 r3 = r2**2.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

# weights over an array -> the slope of (analytic - numeric) along them, and its absolute error
Measure = Callable[[np.ndarray], tuple[float, float]]

# components that are looked at together to see whether many are wrong
PROBED = 8
# slopes that may be spent on a wrong component, and on how many before they are found
SLOPES, SPARE = 12, 8


@dataclass(slots=True)
class Located:
    """Wrong components of an array.

    Attributes
    ----------
    offsets, values, errors
        Where in the array, by how much the gradient is off there, and the error of that.
    many
        Whether it was left at these because a random handful holds wrong ones as well, or no end
        came in sight.
    """

    offsets: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    many: bool = False

    def along(self, weights: np.ndarray) -> tuple[float, float]:
        """The part of the slope along `weights` that these components explain, and its error."""
        chosen = weights[self.offsets]
        return float(chosen @ self.values), float(np.abs(chosen) @ self.errors)


def locate(measure: Measure, size: int, seed: int, limit: int) -> Located:
    """Wrong components of an array of `size`, at most `limit` of them.

    Parameters
    ----------
    measure
        Slope of analytic - numeric along weights, one a component.
    seed
        For signs, order and splits.
    limit
        Where to stop.

    Examples
    --------
    >>> r = np.zeros(5000)
    >>> r[[17, 4000]] = 1e-3, 2.0
    >>> sorted(locate(lambda w: (float(w @ r), 1e-12), r.size, 0, 20).offsets)
    [17, 4000]
    """
    rng = np.random.default_rng([seed, size])
    # not signs alone: two errors of one size would cancel in half of all sets that hold both
    signs = rng.choice([-1.0, 1.0], size) * rng.uniform(0.5, 1.5, size)
    found = Located()
    spent = 0

    def slope(members: np.ndarray, factors: np.ndarray | float = 1.0) -> tuple[float, float]:
        nonlocal spent
        spent += 1
        weights = np.zeros(size)
        weights[members] = signs[members] * factors
        total, error = measure(weights)
        explained, more = found.along(weights)
        return total - explained, error + more

    everything = rng.permutation(size)
    left = [(everything, *slope(everything))]
    first = True
    while left and len(found.offsets) < limit and spent < SLOPES * (len(found.offsets) + SPARE):
        members, total, error = left.pop()
        if not abs(total) > 3 * error:
            continue
        one = _decoded(members, total, error, slope)
        if one is not None:
            value, uncertain = slope(np.array([one]))
            if abs(value) > 3 * uncertain:
                found.offsets.append(one)
                found.values.append(value / signs[one])
                found.errors.append(uncertain / abs(signs[one]))
                total, error = total - value, error + uncertain
                if abs(total) > 3 * error:
                    left.append((members[members != one], total, error))
                continue
        if first:
            first = False
            handfuls = [slope(rng.choice(size, min(PROBED, size), False)) for _ in range(3)]
            if sum(abs(value) > 3 * uncertain for value, uncertain in handfuls) >= 2:
                found.many = True
                return found
        if members.size == 1:
            continue
        half = rng.permutation(members)
        here, there = half[: half.size // 2], half[half.size // 2 :]
        value, uncertain = slope(here)
        left.append((here, value, uncertain))
        left.append((there, total - value, error + uncertain))
    found.many = bool(left)
    return found


def _decoded(
    members: np.ndarray,
    total: float,
    error: float,
    slope: Callable[[np.ndarray, np.ndarray], tuple[float, float]],
) -> int | None:
    """The one member that explains `total`, where there may be such a one; it is not yet proved.

    Each slope along s * pos tells its place as exactly as the error allows, and the members near
    that place are spread out anew.
    """
    while members.size > 1:
        places = np.linspace(-1.0, 1.0, members.size)
        value, uncertain = slope(members, places)
        place = value / total
        reach = 3 * (uncertain + abs(place) * error) / abs(total)
        near = np.flatnonzero(np.abs(places - place) <= reach)
        if not near.size or near.size > members.size // 2:
            return None  # two or more of them, or too small beside the error to tell
        members = members[near]
    return int(members[0])
