"""What single edits do to the gradient: the beginnings, and the ends, of two edits together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .sites import Edit
from .target import Target

# an array that is explained but for a factor, or a factor and some theta, to this much
EXPLAINED = 1e-5
# numbers of an array beyond those that are fitted
BEYOND = 4
# two edits add up where this much is left of random sums over all arrays, each of size one
ADDED = 1e-5
# random sums that stand for a gradient
SUMS = 6
# what is still missing of an array that is explained
NEARLY = 0.15


@dataclass(slots=True, eq=False)
class Effect:
    """What an edit does to the gradient, and the edits that do it.

    Attributes
    ----------
    edit, key
        The first edit with this effect, and how far the search had gone then.
    sums
        Random sums over what is off with it.
    right
        The arrays that are right with it.
    missing
        How much is missing yet, a mean over the wrong arrays: 0 for nothing, about 1 for all.
    alike
        All edits that do it.
    """

    edit: Edit
    key: int
    sums: np.ndarray
    right: frozenset[str]
    missing: float
    alike: list[Edit] = field(default_factory=list)


class Pool:
    """The effects that were seen, each once."""

    def __init__(self, target: Target, base: np.ndarray) -> None:
        self.target = target
        self.effects: list[Effect] = []
        off = base[target.places] - target.numeric
        numeric = target.numeric
        self._theta = target.theta[target.places]
        self._sizes = np.diff([*target.starts, numeric.size])
        self._wrong = np.array([name in target.wrong for name in target.names])
        self._base = self._sum(off * off)
        self._aa, self._tt = self._sum(numeric**2), self._sum(self._theta**2)
        self._at = self._sum(numeric * self._theta)
        scale = np.repeat(np.sqrt(np.maximum(self._aa, 1e-300)), self._sizes)
        signs = np.random.default_rng(0).uniform(0.5, 1.5, (SUMS, numeric.size))
        signs *= np.random.default_rng(1).choice([-1.0, 1.0], (SUMS, numeric.size))
        self._weights = signs / scale
        self.sums = self._weights @ off
        self._known: dict[tuple[float, ...], Effect] = {}

    def add(self, edit: Edit, key: int, gradient: np.ndarray, right: frozenset[str]) -> None:
        """Keep what an edit does."""
        now = gradient[self.target.places]
        off = now - self.target.numeric
        sums = self._weights @ off
        label = tuple(np.round(sums[:2], 9).tolist())
        found = self._known.get(label)
        if found is None:
            found = Effect(edit, key, sums, right, self._missing(now, off, right))
            self._known[label] = found
            self.effects.append(found)
        if len(found.alike) < 40:
            found.alike.append(edit)

    def sums_up(self) -> Iterator[tuple[Effect, Effect]]:
        """Pairs whose effects add up to what is wanted, the simplest first."""
        effects = self.effects
        if not effects:
            return
        sums = np.array([effect.sums for effect in effects])
        order = np.argsort(sums[:, 0], kind="stable")
        first = sums[order, 0]
        wanted = self.sums - sums
        low = np.searchsorted(first, wanted[:, 0] - ADDED)
        high = np.searchsorted(first, wanted[:, 0] + ADDED)
        found = []
        for i in np.flatnonzero(high > low):
            for j in order[low[i] : high[i]]:
                if i < j and np.all(np.abs(wanted[i] - sums[j]) <= ADDED):
                    found.append((effects[i].key + effects[j].key, i, j))
        for _, i, j in sorted(found):
            yield effects[i], effects[j]

    def _missing(self, now: np.ndarray, off: np.ndarray, right: frozenset[str]) -> float:
        names = self.target.names
        left = self._sum(off * off)
        with np.errstate(all="ignore"):
            shrunk = np.clip(np.log10(left / self._base) / 8, -0.4, 0.1)
            missing = 1.0 + np.nan_to_num(shrunk)
            gg, ga, gt = (
                self._sum(now**2),
                self._sum(now * self.target.numeric),
                self._sum(now * self._theta),
            )
            aa, tt, at = self._aa, self._tt, self._at
            plain = 1 - ga**2 / (gg * aa)
            inner = aa * tt - at**2
            two = 1 - (ga**2 * tt - 2 * ga * gt * at + gt**2 * aa) / (gg * inner)
        sizes = self._sizes
        missing[(two < EXPLAINED**2) & (sizes >= BEYOND + 3)] = 1.5 * NEARLY
        missing[(plain < EXPLAINED**2) & (sizes >= BEYOND + 1)] = NEARLY
        missing[[name in right for name in names]] = 0.0
        return float(np.mean(missing[self._wrong]))

    def _sum(self, values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, self.target.starts)
