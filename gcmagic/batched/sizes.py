"""How many copies go through the cost in one call."""

from __future__ import annotations

from collections.abc import Callable

from .batch import Batch, TooLarge, Untraceable

# copies in the first call; later calls grow by this factor
FIRST, GROWTH = 64, 64
# a cost that takes less than so many seconds has small arrays: more copies in the first call
QUICK, QUICKS_FIRST = 1e-4, 1024
# the largest array of a batch should stay in the cache
CACHE = 8 * 2**20


def in_batches(
    total: int,
    each: int,
    limit: float,
    first: int,
    call: Callable[[int, int], Batch],
    before: Batch | None = None,
    copies: int = 1,
) -> None:
    """Call ``call(start, stop)`` for one stretch of `total` after the other.

    Parameters
    ----------
    each
        Copies that one of them takes.
    limit
        Bytes that the copies may take.
    first
        Copies in the first call, whose memory nobody knows yet.
    call
        Gives the batch that it made, by whose memory the next stretch is measured.
    before, copies
        An earlier batch of the same kind, and how many copies it had.

    Raises
    ------
    Untraceable
        Where a few copies are too large already.
    """
    done, count = 0, max(1, first // each)
    if before is not None:
        count = _next(before, copies, each, limit)
    while done < total:
        stop = min(total, done + count)
        try:
            batch = call(done, stop)
        except TooLarge:
            if count * each < FIRST // 4:
                raise Untraceable("a few copies need more memory than there is") from None
            count = (stop - done) // 2
            continue
        copies = (stop - done) * each
        done = stop
        count = _next(batch, copies, each, limit)


def _next(batch: Batch, copies: int, each: int, limit: float) -> int:
    """How many come next, by what a batch of so many copies took."""
    fits = min(CACHE * copies / max(1, batch.largest), limit * copies / max(1, batch.peak))
    return max(1, int(min(fits, GROWTH * copies)) // each)
