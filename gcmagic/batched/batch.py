"""What all the arrays of one batched call share: how many copies, their memory, ways to give up."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from sys import getrefcount
from typing import Any, NoReturn, Protocol

import numpy as np


class Member(Protocol):
    """An array of the call, as far as this module knows it."""

    rows: np.ndarray
    chain: Any
    base: np.ndarray | None
    axes: tuple[int, ...]
    index: tuple[np.ndarray, ...]

    def row(self, k: int) -> np.ndarray:
        """The array of copy `k`."""
        ...


class Tapped(Protocol):
    """Sees the products of two matrices before they are computed; see `taps`."""

    def product(self, a: Any, b: Any) -> Any:
        """The product, None where the rules shall compute it."""
        ...

    def joined(self, ufunc: np.ufunc, method: str, inputs: Any, kwargs: Any) -> Any:
        """The sum with a product, None where the rules shall compute it."""
        ...


class Foreign:
    """What stands for copies without being an array of them: it knows itself what may be done."""

    __slots__ = ()


class Untraceable(BaseException):
    """The function cannot be run on many copies at once; the message says why."""


class TooLarge(BaseException):
    """The copies would need more memory than they may."""


class Pool:
    """Memory that one batch leaves for the next: fresh pages cost more than the arithmetic.

    A buffer is free when nothing but the pool refers to it; every view of it does.
    """

    __slots__ = ("_buffers",)

    def __init__(self) -> None:
        self._buffers: list[np.ndarray] = []

    def empty(self, shape: tuple[int, ...], dtype: Any = np.float64) -> np.ndarray:
        """An uninitialised array of float64 or of bool."""
        size = math.prod(shape)
        if dtype is np.bool_:
            if size < 8 * _SMALL:
                return np.empty(shape, dtype)
            words = self._words(size // 8 + 1)
            return words.view(np.bool_)[:size].reshape(shape)
        if size < _SMALL:
            return np.empty(shape)
        return self._words(size)[:size].reshape(shape)

    def _words(self, size: int) -> np.ndarray:
        for buffer in self._buffers:
            if size <= buffer.size <= 2 * size and getrefcount(buffer) <= _UNUSED:
                return buffer
        self._buffers.append(np.empty(size))
        return self._buffers[-1]

    def owns(self, memory: Any) -> bool:
        """Whether `memory` is one of its buffers."""
        return any(memory is buffer for buffer in self._buffers)

    def trim(self) -> None:
        """Let go of everything where it is more than may stay between checks."""
        if sum(buffer.nbytes for buffer in self._buffers) > _KEPT:
            self._buffers = []


def _unused() -> int:
    for buffer in [np.empty(0)]:
        return getrefcount(buffer)
    raise AssertionError


_UNUSED = _unused()  # of a buffer that only a list and the loop over it refer to
# numbers that fit into memory which the allocator keeps at hand anyway
_SMALL = 4096
# bytes that stay at hand between checks: as much as the cache may hold
_KEPT = 8 * 2**20
_here = threading.local()


def pool_here() -> Pool:
    """The pool of this thread: no two of them may find the same buffer free."""
    found = getattr(_here, "pool", None)
    if found is None:
        found = _here.pool = Pool()
    return found


@contextmanager
def trimmed() -> Iterator[None]:
    """Leaves not much memory to this thread's pool in the end."""
    try:
        yield
    finally:
        pool_here().trim()


class Batch:
    """What all the arrays of one batched call share.

    Parameters
    ----------
    count
        Number of copies, n.
    limit
        Bytes that the arrays of all copies may take together.
    """

    __slots__ = (
        "_members",
        "closed",
        "count",
        "largest",
        "limit",
        "live",
        "marked",
        "marked_at",
        "marker",
        "peak",
        "places",
        "pool",
        "refusal",
        "taps",
        "unmoved",
        "widest",
    )

    def __init__(self, count: int, limit: float = np.inf) -> None:
        self.count = count
        self.pool = pool_here()
        self.limit = limit
        self.live = self.peak = self.largest = self.widest = 0
        self.taps: Tapped | None = None
        self.unmoved = False  # the result does not come from the perturbed array
        self.closed = False
        self.refusal: str | None = None
        self.places = np.arange(count)
        self.marker: float | None = None
        self.marked: Any = None
        self.marked_at: tuple[str, int, str] | None = None  # file, line, function
        self._members: list[weakref.ref[Any]] = []

    def refuse(self, reason: str) -> NoReturn:
        """Give up; remembered, in case the user's code swallows the exception."""
        self.refusal = reason
        raise Untraceable(reason)

    def reserve(self, size: float, itemsize: int = 8) -> None:
        """See whether `size` more numbers still fit."""
        needed = int(size) * itemsize
        if self.live + needed > self.limit:
            raise TooLarge(f"{needed} bytes beside {self.live}")
        self.peak = max(self.peak, self.live + needed)

    def room(self, shape: tuple[int, ...], dtype: Any = np.float64) -> np.ndarray:
        """Memory for an array of all copies, `reserve`d."""
        size = math.prod(shape)
        needed = self.live + (size if dtype is np.bool_ else 8 * size)
        if needed > self.limit:
            raise TooLarge(f"{needed - self.live} bytes beside {self.live}")
        if needed > self.peak:
            self.peak = needed
        return np.empty(shape, dtype) if size < _SMALL else self.pool.empty(shape, dtype)

    def enter(self, member: Member, size: int, nbytes: int) -> None:
        """Count an array of so many numbers, and of so many bytes that are there already."""
        if size > self.widest:
            self.widest = size
        self.live += nbytes
        if self.live > self.peak:
            self.peak = self.live
        if nbytes > self.largest:
            self.largest = nbytes
        self._members.append(weakref.ref(member))

    def close(self) -> None:
        """End the call: what the user's code has kept becomes the array of the last copy.

        So it is what the last of as many plain calls would have left behind.
        """
        kept = [m for m in (ref() for ref in self._members) if m is not None]
        values = [np.array(member.row(-1)) for member in kept]
        self.closed = True
        self._members = []
        for member, value in zip(kept, values, strict=True):
            member.base, member.axes, member.index, member.rows = value, (), (), value
            member.chain = None
        self.marked = self.taps = None  # what they hold goes with the call, not with a collector
