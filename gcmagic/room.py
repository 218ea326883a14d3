"""What a check says where there is no memory for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import InputError
from .problem import Problem


@contextmanager
def enough_room(problem: Problem) -> Iterator[None]:
    """Turn a MemoryError of our own into one line; those of the user's functions have theirs.

    Raises
    ------
    InputError
        Where the arrays of the check do not fit: how large theta is, and what takes less.
    """
    try:
        yield
    except MemoryError as error:
        size = problem.layout.size
        raise InputError(
            f"there is no memory left for a check of {size:,} components ({error}); needed: some "
            f"ten vectors of {8 * size / 2**20:,.1f} MiB, and room for forward and backward. Take "
            "fewer arrays (--layers NAME) or fewer examples (--data X[:, :16],Y[:, :16])"
        ) from error
