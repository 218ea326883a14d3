"""J with elements of sums moved: several sums in one call where that is quicker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np

from ..parameters import Block
from ..problem import Problem
from .batch import Batch
from .look import Product
from .sizes import CACHE, QUICKS_FIRST, in_batches
from .taps import Move, Taps
from .tracing import traced_with

# so many elements of several sums go together: beyond, a copy waits longer for the layers before
# its own than a call takes
TOGETHER = 600

# elements of one sum: which sum, their flat places in it, and a row of numbers for each
Request = tuple[int, np.ndarray, np.ndarray]


class Mover:
    """Moves elements of the sums of one cost.

    Parameters
    ----------
    sums
        One product for each sum, by which it is moved, and the array that it is of.
    limit
        Bytes that the copies may take.

    Attributes
    ----------
    nfev
        Evaluations of the cost.
    share
        Which part of the largest sum a copy has differed in at most.
    """

    def __init__(
        self,
        problem: Problem,
        theta: np.ndarray,
        blocks: Sequence[Block],
        sums: Mapping[int, tuple[int, Product]],
        limit: float,
    ) -> None:
        self.problem, self.theta, self.blocks, self.sums = problem, theta, blocks, sums
        self.limit = limit
        self.nfev, self.share = 0, 0.0
        self._per_copy: Batch | None = None
        self._copies = 1

    def __call__(self, requests: Sequence[Request], values: Sequence[np.ndarray]) -> None:
        """Put J for every number of every request into `values`, an array each."""
        for bundle in self._bundles(requests):
            self._together([requests[k] for k in bundle], [values[k] for k in bundle])

    def _bundles(self, requests: Sequence[Request]) -> Iterator[list[int]]:
        """Requests that go into one call: of like sums, and not too many."""
        order = sorted(range(len(requests)), key=lambda k: (self._kind(requests[k][0]), k))
        for _, alike in groupby(order, key=lambda k: self._kind(requests[k][0])):
            bundle: list[int] = []
            for k in alike:
                if sum(requests[j][1].size for j in (*bundle, k)) > TOGETHER and bundle:
                    yield bundle
                    bundle = []
                bundle.append(k)
            yield bundle

    def _kind(self, at: int) -> tuple[int, int]:
        """The axis that tells examples apart, and how many there are."""
        product = self.sums[at][1]
        along = 1 if product.is_left else 0
        return along, product.value.shape[along]

    def _together(self, requests: list[Request], values: list[np.ndarray]) -> None:
        each = requests[0][2].shape[1]
        ends = np.cumsum([places.size for _, places, _ in requests])

        def some(start: int, stop: int) -> Batch:
            parts, targets = [], []
            for end, (at, places, numbers), out in zip(ends, requests, values, strict=True):
                first, last = start - (end - places.size), stop - (end - places.size)
                own = slice(max(0, first), max(0, min(places.size, last)))
                if own.stop > own.start:
                    parts.append((at, places[own], numbers[own]))
                    targets.append(out[own])
            return self._called(parts, targets)

        # what comes of a sum is about as large as it is
        largest = max(self.sums[at][1].value.nbytes for at, _, _ in requests)
        first = max(QUICKS_FIRST, CACHE // largest)
        in_batches(int(ends[-1]), each, self.limit, first, some, self._per_copy, self._copies)

    def _called(self, requests: list[Request], values: list[np.ndarray]) -> Batch:
        each = requests[0][2].shape[1]
        count = each * sum(places.size for _, places, _ in requests)
        along, _ = self._kind(requests[0][0])
        arrays = list(dict.fromkeys(self.sums[at][0] for at, _, _ in requests))
        moves: dict[tuple[int, int], Move] = {}
        index = None if len(requests) == 1 else np.empty(count, dtype=int)
        done = 0
        for at, places, numbers in requests:
            k, product = self.sums[at]
            own = slice(done, done + numbers.size)
            offsets = np.repeat(places, each)
            moves[arrays.index(k), product.nth] = Move(own, offsets, numbers.reshape(-1))
            if index is not None:
                index[own] = np.unravel_index(offsets, product.value.shape)[along]
            done = own.stop
        batch = Batch(count, self.limit)
        batch.taps = taps = Taps(moves, along, index)
        leaves = [(self.blocks[k], None, None) for k in arrays]
        found = traced_with(self.problem, self.theta, batch, leaves, taps)
        for own, target in zip(moves.values(), values, strict=True):
            target[...] = found[own.copies].reshape(target.shape)
        self.nfev += 1 if batch.unmoved else count
        self._per_copy, self._copies = batch, count
        largest = max(self.sums[at][1].value.size for at, _, _ in requests)
        self.share = max(self.share, min(1.0, batch.widest / count / largest))
        return batch
