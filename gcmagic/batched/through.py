"""The slopes of a weight matrix from those of the sums that it goes into.

A layer computes Z = W X. Where J sees W through Z alone, dJ/dW = dJ/dZ X^T, so that the slopes of
the few elements of Z, taken one by one by differences as those of parameters are, give the slopes
of the many elements of W: 3,200 instead of 78,400 in a layer of 784 to 100 over 32 examples. An
element of Z moves one example only, which makes each of them cheaper as well. What J does with W
beside, a penalty, is taken by differences of W with Z held still, and added: the chain rule. Some
components of W, and a direction over all of them, are then moved themselves, and have to agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..parameters import Block
from ..problem import Problem
from ..schemes import CENTRAL, first_steps, steps_for
from .batch import Batch, Pool, TooLarge, Untraceable
from .sizes import in_batches
from .taps import Product, Taps
from .tracing import traced

# smaller arrays are done before their sums are known
SMALLEST = 256
# components that are moved themselves
AUDITED = 2
# components that show whether J depends on the array in other ways
PROBED = 16
# the slopes from both sides of an element differ by this part of the largest where there is a kink
KINK = 1e-4
# steps are wider than those of components, by this at most
WIDEST = 8.0
# a kink is looked at with steps that are smaller by this
NEARER = 32.0
# an audited slope may be off by this part of it, beside the noise: curvature, third order
CURVED = 1e-6
# elements of the sums on which steps are tried, and how far curvature may put their slopes off, in
# units of the largest of them: a tenth of the difference that a check is confident below
TRIED, FINE = 8, 1e-8
# steps are shortened by this at most, where an offset that they scale with has no part in J
SHORTEST = 1e-5


# J with some components, or elements, of one array moved, given places and what is there
Moved = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, Batch]]


@dataclass(frozen=True, slots=True)
class Level:
    """J at the point, and how far it can be trusted.

    Attributes
    ----------
    cost
        J.
    size
        The size of J that steps are chosen for.
    noise
        The bound on the error of one J.
    """

    cost: float
    size: float
    noise: float


@dataclass(frozen=True, slots=True, eq=False)
class Through:
    """The slopes of one array that came from those of its sums.

    Attributes
    ----------
    values
        dJ/dtheta_i, one a component of the array.
    amplified
        What an error of one J, in units of J, makes in it: the error of a value is this times that.
    sums
        Elements of the products that were moved.
    nfev
        Evaluations of the cost, those of the audit among them.
    """

    values: np.ndarray
    amplified: np.ndarray
    sums: int
    nfev: int


def through(
    problem: Problem, theta: np.ndarray, block: Block, at: Level, limit: float
) -> Through | None:
    """The slopes of all components of `block`; None where moving them is no worse.

    Parameters
    ----------
    at
        What is known of J at theta.
    limit
        Bytes that the copies may take.
    """
    if block.size < SMALLEST:
        return None
    try:
        return _Search(problem, theta, block, at, limit).found()
    except (Untraceable, TooLarge, Exception, SystemExit):  # moving each component tells
        return None


def sums(problem: Problem, theta: np.ndarray, block: Block, limit: float) -> int:
    """Elements of the products that would be moved in the place of `block`; 0 for none."""
    if block.size < SMALLEST:
        return 0
    try:
        return _elements(_Search(problem, theta, block, Level(0.0, 1.0, 0.0), limit).products())
    except (Untraceable, TooLarge, Exception, SystemExit):
        return 0


def _elements(products: list[Product]) -> int:
    return sum(product.value.size for product in products)


class _Search:
    """What the functions of one array share."""

    def __init__(
        self, problem: Problem, theta: np.ndarray, block: Block, at: Level, limit: float
    ) -> None:
        self.problem, self.theta, self.block = problem, theta, block
        self.at, self.limit = at, limit
        self.base = theta[block.slice]
        self.rng = np.random.default_rng(block.start)
        self.pool = Pool()
        self.nfev = 0

    def found(self) -> Through | None:
        products, size = self.products(), self.block.size
        if not products:
            return None
        values, steps = self._beside()
        squares = 1 / np.square(steps)
        for k, product in enumerate(products):
            slopes, steps = self._of_sums(k, product)
            values += product.slopes(slopes, size)
            squares += product.variances(1 / np.square(steps), size)
        found = Through(values, np.sqrt(squares), _elements(products), 0)
        return replace(found, nfev=self.nfev) if self._holds(found) else None

    def products(self) -> list[Product]:
        """What the array goes into; none where that has more elements than the array."""
        seen, some = Taps(), self.rng.choice(self.block.size, PROBED)
        self._call(some, self.base[some] + 1e-5, seen)
        return seen.products if _elements(seen.products) <= self.block.size else []

    def _call(
        self, offsets: np.ndarray, numbers: np.ndarray, taps: Taps
    ) -> tuple[np.ndarray, Batch]:
        found, batch = traced(
            self.problem, self.theta, self.block, offsets, numbers, self.limit / 2, self.pool, taps
        )
        self.nfev += 1 if batch.unmoved else len(offsets)
        return found, batch

    def _beside(self) -> tuple[np.ndarray, np.ndarray]:
        """Slopes in the array with its products held still; infinite steps where it has no part."""

        def moved(places: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, Batch]:
            return self._call(places, numbers, Taps())

        values, _, steps = self._differences(self.base, self._steps(self.base), moved)
        return values, steps

    def _of_sums(self, k: int, product: Product) -> tuple[np.ndarray, np.ndarray]:
        """dJ/dZ and the steps, with smaller ones where the slopes from both sides differ."""

        def moved(places: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, Batch]:
            none = np.zeros(len(places), dtype=int)
            return self._call(none, self.base[none], Taps(k, places, numbers))

        flat = product.value.reshape(-1)
        # n errors of J add up to sqrt(n) of them: with steps as much larger a slope is as sharp as
        # by moving its own component, and what curvature makes in it stays far below
        steps = min(product.terms**0.5, WIDEST) * self._steps(flat)
        steps *= self._shortened(flat, steps, moved)
        slopes, bends, steps = self._differences(flat, steps, moved)
        for _ in range(2):
            level = np.maximum(KINK * np.max(np.abs(slopes)), 4 * self.at.noise / steps)
            bent = np.flatnonzero(np.abs(bends) > level)
            if not bent.size:
                break
            near = self._differences(flat, steps / NEARER, moved, bent)
            told = np.abs(near[0] - slopes[bent]) > 2 * self.at.noise / near[2]
            for old, new in zip((slopes, bends, steps), near, strict=True):
                old[bent[told]] = new[told]
        return slopes.reshape(product.value.shape), steps.reshape(product.value.shape)

    def _shortened(self, flat: np.ndarray, steps: np.ndarray, moved: Moved) -> float:
        """How much shorter the steps have to be for curvature, by some of the elements."""
        some = self.rng.choice(flat.size, min(TRIED, flat.size), replace=False)
        factor = 1.0
        while factor > SHORTEST:
            wide, _, taken = self._differences(flat, factor * steps, moved, some)
            near, _, half = self._differences(flat, factor / 2 * steps, moved, some)
            off = np.abs(wide - near) - self.at.noise * (1 / taken + 1 / half)
            # the largest but one: the largest may have a kink within its step, and takes its own
            curved = np.sort(off)[-min(2, off.size)]
            # what the step makes grows with its square: 4/3 of what halving it takes away
            part = 4 / 3 * curved / (FINE * max(np.max(np.abs(near)), 1e-300))
            if not part > 1:
                break
            factor *= max(0.9 / float(np.sqrt(part)), 1 / NEARER)
        return factor

    def _steps(self, base: np.ndarray) -> np.ndarray:
        return steps_for(base, CENTRAL, None, self.at.size)

    def _differences(
        self,
        base: np.ndarray,
        steps: np.ndarray,
        moved: Moved,
        places: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Slopes, how much those from both sides differ, and the steps that were taken."""
        places = np.arange(base.size) if places is None else places
        points = base[places, None] + steps[places, None] * np.array([-1.0, 1.0])
        taken = (points[:, 1] - points[:, 0]) / 2
        values = np.empty_like(points)

        def some(start: int, stop: int) -> Batch:
            found, batch = moved(np.repeat(places[start:stop], 2), points[start:stop].reshape(-1))
            values[start:stop] = found.reshape(-1, 2)
            if batch.unmoved:
                taken[start:stop] = np.inf
            return batch

        in_batches(len(places), 2, self.limit / 2, True, some)
        bends = (values[:, 1] + values[:, 0] - 2 * self.at.cost) / taken
        return (values[:, 1] - values[:, 0]) / (2 * taken), bends, taken

    def _holds(self, found: Through) -> bool:
        """Whether the array itself, moved, gives the same: components, and a direction over all."""
        size = self.block.size
        lines = np.zeros((AUDITED + 1, size))
        lines[np.arange(AUDITED), self.rng.choice(size, AUDITED, replace=False)] = 1.0
        lines[-1] = self.rng.choice([-1.0, 1.0], size)
        return all(self._agrees(line, found) for line in lines)

    def _agrees(self, line: np.ndarray, found: Through) -> bool:
        mine = float(line @ found.values)
        error = self.at.noise * float(np.linalg.norm(line * found.amplified))
        error += CURVED * float(np.linalg.norm(line * found.values))
        step = float(first_steps(line[None], self.at.size)[0])
        for h in (step, step / NEARER):  # the second where a kink lies within the first
            plain = (self._moved(h * line) - self._moved(-h * line)) / (2 * h)
            if abs(plain - mine) <= error + self.at.noise / h:
                return True
        return False

    def _moved(self, change: np.ndarray) -> float:
        at = self.theta.copy()
        at[self.block.slice] += change
        self.nfev += 1
        return self.problem.cost_at(at)
