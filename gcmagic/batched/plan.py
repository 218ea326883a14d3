"""Which parameter arrays J sees in sums, which sums these are, and which go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..parameters import Block
from ..problem import Problem
from .batch import Batch, TooLarge, Untraceable
from .look import Addend, Look, Node, Product
from .tracing import traced_with

# looks at a cost, with fewer arrays each
LOOKS = 4
# so many components are all moved in one look; of more, a few of every array
AT_ONCE, PROBED = 2**14, 2
# bytes that all of them may take: of an array that is in no sums they cost as much as moving it
ROOM = 2**24


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Arrays whose sums have nothing to do with those of others.

    Attributes
    ----------
    sums
        One product for each sum, by which it is moved, and the array that it is of.
    uses
        What every array does, and in which sum.
    beside
        Arrays that J depends on in other ways as well.

    Arrays are told by their place among those that were asked for.
    """

    sums: dict[int, tuple[int, Product]]
    uses: dict[int, list[tuple[Product | Addend, int]]]
    beside: frozenset[int]

    @property
    def elements(self) -> int:
        """Numbers to be moved."""
        return sum(product.value.size for _, product in self.sums.values())


@dataclass(slots=True)
class Planner:
    """What the looks at one cost share."""

    problem: Problem
    theta: np.ndarray
    blocks: Sequence[Block]
    limit: float
    nfev: int = 0

    def size(self, part: Part) -> int:
        """Components of its arrays."""
        return sum(self.blocks[k].size for k in part.uses)

    def parts(self) -> list[Part]:
        """The arrays that J sees in sums; none where it does not show it."""
        chosen, few = list(range(len(self.blocks))), False
        for _ in range(LOOKS):
            if not chosen:
                return []
            every = not few and sum(self.blocks[k].size for k in chosen) <= AT_ONCE
            limit = min(ROOM, self.limit) if every else self.limit
            try:
                look, unmoved = self._looked(chosen, chosen if every else (), limit)
            except TooLarge:
                if not every:
                    return []
                few = True
                continue
            if unmoved is None:
                left = [k for place, k in enumerate(chosen) if place not in look.blamed]
                if len(left) == len(chosen):  # without what is added, or multiplies elements
                    left = [k for k in chosen if min(self.blocks[k].shape, default=0) > 1]
                chosen = left if len(left) < len(chosen) else []
                continue
            used = {use.array for use in (*look.products, *look.addends)}
            if len(used) < len(chosen) and not unmoved:
                chosen = [chosen[place] for place in sorted(used)]
                continue
            return self._divided(look, chosen, every and unmoved)
        return []

    def _stays(self, chosen: list[int], moving: int) -> bool:
        try:
            return bool(self._looked(chosen, [moving], self.limit)[1])
        except TooLarge:
            return False

    def _looked(
        self, chosen: list[int], moving: Sequence[int], limit: float
    ) -> tuple[Look, bool | None]:
        """A look at these arrays, and whether J stayed; None where that cannot be told.

        To the last bit, with all components moved of those that are `moving`, since J may see one
        by itself; where none is, with a few of all of them. In the last copy nothing is moved.
        """
        counts = [self.blocks[k].size * (k in moving) or PROBED * (not moving) for k in chosen]
        total = sum(counts) + 1
        batch, start = Batch(total, limit), 0
        moved: list[tuple[Block, np.ndarray | None, np.ndarray | None]] = []
        batch.taps = look = Look(np.repeat(np.arange(len(chosen) + 1), [*counts, 1]))
        for k, count in zip(chosen, counts, strict=True):
            block, own = self.blocks[k], slice(start, start + count)
            if not count:
                moved.append((block, None, None))
                continue
            offsets, some = np.zeros(total, dtype=int), np.arange(count) % block.size
            numbers = np.full(total, self.theta[block.start])
            offsets[own], numbers[own] = some, self.theta[block.start + some] + 1e-5
            moved.append((block, offsets, numbers))
            start = own.stop
        self.nfev += 1
        try:
            costs = traced_with(self.problem, self.theta, batch, moved, look)
        except (Untraceable, Exception, SystemExit):
            return look, None
        return look, bool(np.all(costs == costs[-1]))

    def _divided(self, look: Look, chosen: list[int], unmoved: bool) -> list[Part]:
        """Arrays that have a sum in common together, those that have none apart."""
        sums: list[Product] = []
        number: dict[Node, int] = {}
        for product in look.products:
            if product.node.whole() not in number:
                number[product.node.whole()] = len(sums)
                sums.append(product)
        uses: dict[int, list[tuple[Product | Addend, int]]] = {}
        for use in (*look.products, *look.addends):
            at = number.get(use.node.whole(), -1)
            uses.setdefault(use.array, []).append((use, at))
        beside = set()
        for array in () if unmoved else list(uses):
            if not self._stays(chosen, chosen[array]):
                beside.add(array)
                if any(type(use) is Addend for use, _ in uses[array]):
                    del uses[array]  # with its sums held still, it is not itself any more
        sums_of = {array: {at for _, at in mine} for array, mine in uses.items()}
        left = {array for array, own in sums_of.items() if min(own) >= 0}
        parts = []
        while left:
            mine, own = {min(left)}, set[int]()
            for _ in left:  # as far as one array leads to another
                own = {at for array in mine for at in sums_of[array]}
                mine = {array for array in left if own & sums_of[array]}
            left -= mine
            parts.append(
                Part(
                    {at: (chosen[sums[at].array], sums[at]) for at in sorted(own)},
                    {chosen[array]: uses[array] for array in sorted(mine)},
                    frozenset(chosen[array] for array in mine & beside),
                )
            )
        return parts
