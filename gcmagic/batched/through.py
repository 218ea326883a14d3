"""The slopes of parameter arrays from those of the sums that they go into.

A layer computes Z = W X + b. Where J sees W and b through Z alone, dJ/dW = dJ/dZ X^T and dJ/db is
the sum of dJ/dZ over the examples, so that the slopes of the few elements of Z, taken one by one by
differences as those of parameters are, give the slopes of the many elements of W: 3,200 instead of
78,400 in a layer of 784 to 100 over 32 examples. An element of Z moves one example only, which
makes each of them cheaper as well. What J does with W beside, a penalty, is taken by differences of
W with Z held still, and added: the chain rule. Along a direction over all of its components W is
then moved itself, others with it where it shows beside them, and has to agree.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Sequence

import numpy as np

from ..parameters import Block
from ..problem import Problem
from ..schemes import CENTRAL, steps_for
from .agreement import NEARER, agreeing
from .batch import Batch, TooLarge, Untraceable
from .look import Addend, Product
from .moving import Mover
from .outcome import Level, Through
from .plan import Part, Planner
from .sizes import QUICKS_FIRST, in_batches
from .taps import Taps
from .tracing import traced

# fewer components are done before their sums are known
SMALLEST = 256
# more elements of sums than components are moved where each of them takes less, this many at most
MORE = 4
# the slopes from both sides of an element differ by this part of the largest where there is a kink
KINK = 1e-4
# steps are wider than those of components, by this at most
WIDEST = 8.0
# elements of the sums on which steps are tried, and how far curvature may put their slopes off, in
# units of the largest of them: a tenth of the difference that a check is confident below
TRIED, FINE = 8, 1e-8
# so many elements are moved while steps are tried, more of them afterwards
TRYING = 2048
# steps are shortened by this at most, where an offset that they scale with has no part in J
SHORTEST = 1e-5


# slopes, how much those from both sides differ, and the steps that were taken
Slopes = tuple[np.ndarray, np.ndarray, np.ndarray]


def through(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    at: Level,
    limit: float,
) -> dict[int, Through]:
    """The slopes of all components of some of the `blocks`, by their place among these.

    The others are to be moved by themselves, which is no worse for them.

    Parameters
    ----------
    at
        What is known of J at theta.
    limit
        Bytes that the copies may take.
    """
    if sum(block.size for block in blocks) < SMALLEST:
        return {}
    planner = Planner(problem, theta, blocks, limit / 2)
    parts = [part for part in planner.parts() if part.elements <= MORE * planner.size(part)]
    return _found(planner, parts, at) if parts else {}


def _found(planner: Planner, parts: list[Part], at: Level) -> dict[int, Through]:
    try:
        return _Search(planner, parts, at).found()
    except (Untraceable, TooLarge, Exception, SystemExit):  # moving each component tells
        if len(parts) == 1:
            return {}
    found: dict[int, Through] = {}
    for part in parts:
        found |= _found(planner, [part], at)
    return found


def moves(problem: Problem, theta: np.ndarray, blocks: Sequence[Block], limit: float) -> list[int]:
    """How many numbers would be moved for each of the blocks."""
    sizes = [block.size for block in blocks]
    if sum(sizes) < SMALLEST:
        return sizes
    planner = Planner(problem, theta, blocks, limit / 2)
    for part in planner.parts():
        own = planner.size(part)
        if part.elements < own:
            for k in part.uses:
                sizes[k] = max(1, part.elements * sizes[k] // own)
    return sizes


class _Search:
    """What the functions of one search share."""

    def __init__(self, planner: Planner, parts: list[Part], at: Level) -> None:
        self.planner, self.parts, self.at = planner, parts, at
        self.problem, self.theta, self.blocks = planner.problem, planner.theta, planner.blocks
        self.sums = {number: own for part in parts for number, own in part.sums.items()}
        self.mover = Mover(self.problem, self.theta, self.blocks, self.sums, planner.limit)
        self.nfev = 0

    def found(self) -> dict[int, Through]:
        """The slopes of the arrays that their sums give."""
        steps = {number: self._first(number) for number in self.sums}
        worth, few = self.parts, sum(h.size for h in steps.values()) <= TRYING
        if not few:
            steps = self._shortened(steps)
            share = self.mover.share
            worth = [p for p in worth if share * p.elements <= self.planner.size(p)]
            steps = {n: steps[n] for part in worth for n in part.sums}
        slopes = self._of_sums(steps, few)
        new = {
            k: self._of_array(k, uses, slopes, k in part.beside)
            for part in worth
            for k, uses in part.uses.items()
        }
        holding, used = agreeing(self.planner, new, self.at)
        nfev = used + self.nfev + self.mover.nfev + self.planner.nfev
        found: dict[int, Through] = {}
        for k in holding:  # what they share is counted once
            one = new[k]
            found[k], nfev = Through(one.values, one.amplified, one.sums, nfev), 0
        return found

    def _of_array(
        self,
        k: int,
        uses: list[tuple[Product | Addend, int]],
        slopes: dict[int, tuple[np.ndarray, np.ndarray]],
        beside: bool,
    ) -> Through:
        size = self.blocks[k].size
        values, squares = np.zeros(size), np.zeros(size)
        if beside:
            values, steps = self._beside(k)
            squares = 1 / np.square(steps)
        for use, number in uses:
            values += use.slopes(slopes[number][0], size)
            squares += use.variances(1 / np.square(slopes[number][1]), size)
        count = sum(self.sums[number][1].value.size for number in {at for _, at in uses})
        return Through(values, np.sqrt(squares), count, 0)

    def _beside(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Slopes in an array with its products held still; infinite steps where it has no part."""
        block, limit = self.blocks[k], self.planner.limit
        base = self.theta[block.slice]
        points, taken = _points(base, self._steps(base))
        values = np.empty_like(points)

        def some(start: int, stop: int) -> Batch:
            offsets, numbers = np.repeat(np.arange(start, stop), 2), points[start:stop].reshape(-1)
            found, batch = traced(self.problem, self.theta, block, offsets, numbers, limit, Taps())
            self.nfev += 1 if batch.unmoved else len(offsets)
            values[start:stop] = found.reshape(-1, 2)
            if batch.unmoved:
                taken[start:stop] = np.inf
            return batch

        in_batches(block.size, 2, limit, QUICKS_FIRST, some)
        return (values[:, 1] - values[:, 0]) / (2 * taken), taken

    def _first(self, number: int) -> np.ndarray:
        """Steps for the elements of a sum, before any of them was moved."""
        product = self.sums[number][1]
        # n errors of J add up to sqrt(n) of them: with steps as much larger a slope is as sharp as
        # by moving its own component, and what curvature makes in it stays far below
        return min(product.terms**0.5, WIDEST) * self._steps(product.value.reshape(-1))

    def _shortened(self, steps: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        """The steps, shorter where the curvature at some of the elements asks for that."""
        left, factor = list(steps), dict.fromkeys(steps, 1.0)
        while left:
            asked = []
            for n in left:
                own = _some(steps[n].size)
                h = factor[n] * steps[n][own]
                asked.append((n, np.concatenate([own, own]), np.concatenate([h, h / 2])))
            open_ = []
            for n, (slopes, _, taken) in zip(left, self._differences(asked), strict=True):
                shorter = self._too_long(*np.split(slopes, 2), *np.split(taken, 2))
                factor[n] *= shorter
                open_ += [n] if shorter < 1 and factor[n] > SHORTEST else []
            left = open_
        return {n: factor[n] * steps[n] for n in steps}

    def _too_long(
        self, wide: np.ndarray, near: np.ndarray, taken: np.ndarray, half: np.ndarray
    ) -> float:
        """How much shorter steps have to be by what half of them change; 1 where they are good."""
        off = np.abs(wide - near) - self.at.noise * (1 / taken + 1 / half)
        # the largest but one: the largest may have a kink within its step, and takes its own
        off.sort()
        curved = off[-min(2, off.size)]
        # what the step makes grows with its square: 4/3 of what halving it takes away
        part = 4 / 3 * float(curved) / (FINE * max(float(np.abs(near).max()), 1e-300))
        return max(0.9 / math.sqrt(part), 1 / NEARER) if part > 1 else 1.0

    def _of_sums(
        self, steps: dict[int, np.ndarray], trying: bool
    ) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """dJ/dZ and the steps, with smaller ones where the slopes from both sides differ.

        With `trying`, the steps are tried at the same time, and shortened if need be.
        """
        found = self._at_once(steps) if trying else {}
        rest = {n: h for n, h in steps.items() if n not in found}
        if trying and rest:
            rest = self._shortened(rest)
        asked = [(n, np.arange(h.size), h) for n, h in rest.items()]
        found |= dict(zip(rest, self._differences(asked), strict=True))
        for _ in range(2):
            asked = []
            for n, (slopes, bends, taken) in found.items():
                level = np.maximum(KINK * np.abs(slopes).max(), 4 * self.at.noise / taken)
                bent = np.flatnonzero(np.abs(bends) > level)
                if bent.size:
                    asked.append((n, bent, taken[bent] / NEARER))
            if not asked:
                break
            for (n, bent, _), near in zip(asked, self._differences(asked), strict=True):
                told = np.abs(near[0] - found[n][0][bent]) > 2 * self.at.noise / near[2]
                for old, new in zip(found[n], near, strict=True):
                    old[bent[told]] = new[told]
        return {
            n: (slopes.reshape(self.sums[n][1].value.shape), h.reshape(self.sums[n][1].value.shape))
            for n, (slopes, _, h) in found.items()
        }

    def _at_once(self, steps: dict[int, np.ndarray]) -> dict[int, Slopes]:
        """What `_differences` gives for whole sums, but for those whose steps are too long."""
        asked = []
        for n, h in steps.items():
            own = _some(h.size)
            places = np.concatenate([np.arange(h.size), own])
            asked.append((n, places, np.concatenate([h, h[own] / 2])))
        found: dict[int, Slopes] = {}
        for (n, h), (slopes, bends, taken) in zip(
            steps.items(), self._differences(asked), strict=True
        ):
            own, size = _some(h.size), h.size
            if self._too_long(slopes[own], slopes[size:], taken[own], taken[size:]) == 1.0:
                found[n] = slopes[:size], bends[:size], taken[:size]
        return found

    def _differences(self, asked: list[tuple[int, np.ndarray, np.ndarray]]) -> list[Slopes]:
        """Slopes, how much those from both sides differ, and the steps that were taken.

        Of elements of sums: which sum, their places, and a step for each.
        """
        if not asked:
            return []
        bases = [self.sums[n][1].value.reshape(-1)[places] for n, places, _ in asked]
        points, taken = _points(np.concatenate(bases), np.concatenate([h for _, _, h in asked]))
        ends = np.cumsum([places.size for _, places, _ in asked]).tolist()
        parts = [slice(end - one[1].size, end) for one, end in zip(asked, ends, strict=True)]
        values = np.empty_like(points)
        requests = [
            (n, places, points[part]) for (n, places, _), part in zip(asked, parts, strict=True)
        ]
        self.mover(requests, [values[part] for part in parts])
        below, above = values.T
        slopes = (above - below) / (2 * taken)
        bends = (above + below - 2 * self.at.cost) / taken
        return [(slopes[part], bends[part], taken[part]) for part in parts]

    def _steps(self, base: np.ndarray) -> np.ndarray:
        return steps_for(base, CENTRAL, None, self.at.size)


@functools.lru_cache
def _some(size: int) -> np.ndarray:
    """Elements of a sum of this size on which steps are tried."""
    return np.array(random.Random(size).sample(range(size), min(TRIED, size)))


def _points(base: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Below and above each number, and half of what is then between them."""
    points = base[:, None] + steps[:, None] * np.array([-1.0, 1.0])
    return points, (points[:, 1] - points[:, 0]) / 2
