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
# a component agrees that is off by no more than this much of the array's typical one
CLOSE = 1e-6
# the share of an array's wrong components that an edit has to mend
SOME = 0.1
# numbers that wait to be looked at, at most
PENDING = 2_000_000
# random sums that stand for a gradient
SUMS = 6
# edits with one effect that are tried with a second one, each at a statement of its own: together
# with that their effects may differ
VARIANTS = 4
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
    mends
        Whether it mends whole arrays, or rows or columns of one, and spoils no component.
    alike
        All edits that do it.
    """

    edit: Edit
    key: int
    sums: np.ndarray
    right: frozenset[str]
    missing: float
    mends: bool = False
    alike: list[Edit] = field(default_factory=list)


def variants(effect: Effect) -> list[Edit]:
    """The edits with an effect, the first at each statement."""
    found: dict[int, Edit] = {}
    for edit in effect.alike:
        found.setdefault(id(edit.site), edit)
    return list(found.values())[:VARIANTS]


def like(effect: Effect, edit: Edit) -> tuple[Edit, ...]:
    """The edits with an effect at the statement of one of them."""
    return tuple(one for one in effect.alike if one.site is edit.site)


class Pool:
    """The effects that were seen, each once."""

    def __init__(self, target: Target, base: np.ndarray) -> None:
        self.target = target
        self._effects: list[Effect] = []
        self._pending: list[tuple[Edit, int, np.ndarray, frozenset[str]]] = []
        off = base[target.places] - target.numeric
        numeric = target.numeric
        self._theta = target.theta[target.places]
        self._sizes = np.diff([*target.starts, numeric.size])
        self._wrong = np.array([name in target.wrong for name in target.names])
        self._base = self._sum(off * off)
        close = CLOSE * np.sqrt(self._sum(numeric**2) / self._sizes)
        self._close = np.repeat(np.maximum(close, np.sqrt(target.far / self._sizes)), self._sizes)
        self._wrong_there = np.abs(off) > self._close
        self._wrong_count = np.maximum(self._sum(self._wrong_there.astype(float)), 1.0)
        self._aa, self._tt = self._sum(numeric**2), self._sum(self._theta**2)
        self._at = self._sum(numeric * self._theta)
        # an array whose gradient is zero, a bias before batch norm, is measured by what is off
        scale = np.repeat(np.sqrt(np.maximum(self._aa, self._base) + 1e-300), self._sizes)
        signs = np.random.default_rng(0).uniform(0.5, 1.5, (SUMS, numeric.size))
        signs *= np.random.default_rng(1).choice([-1.0, 1.0], (SUMS, numeric.size))
        self._weights = signs / scale
        self.sums = self._weights @ off
        self._right = frozenset(target.names) - target.wrong
        self._known: dict[tuple[float, ...], Effect] = {}

    def add(self, edit: Edit, key: int, gradient: np.ndarray, right: frozenset[str]) -> None:
        """Keep what an edit does."""
        # most searches end before anybody asks for it
        self._pending.append((edit, key, gradient[self.target.places], right))
        if len(self._pending) * self.target.places.size > PENDING:
            self._take()

    @property
    def effects(self) -> list[Effect]:
        """The effects, in the order in which they were seen."""
        self._take()
        return self._effects

    def _take(self) -> None:
        for edit, key, now, right in self._pending:
            off = now - self.target.numeric
            sums = self._weights @ off
            label = tuple(np.round(sums[:2], 9).tolist())
            found = self._known.get(label)
            if found is None:
                missing, mends = self._missing(now, off, right)
                found = Effect(edit, key, sums, right, missing, mends)
                self._known[label] = found
                self._effects.append(found)
            if len(found.alike) < 40:
                found.alike.append(edit)
        self._pending.clear()

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

    def _missing(
        self, now: np.ndarray, off: np.ndarray, right: frozenset[str]
    ) -> tuple[float, bool]:
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
        still = ~(np.abs(off) <= self._close)
        spoiled = bool(np.any(still & ~self._wrong_there))
        mended = self._sum((self._wrong_there & ~still).astype(float)) / self._wrong_count
        if not spoiled:
            missing = np.minimum(missing, 1.0 - mended)
        missing[[name in right for name in names]] = 0.0
        some = not spoiled and bool(np.any(mended[self._wrong] >= SOME))
        return float(np.mean(missing[self._wrong])), some or bool(right > self._right)

    def _sum(self, values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, self.target.starts)
