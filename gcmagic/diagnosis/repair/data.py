"""The user's data while edits are tried: no candidate may write into them.

An edit like ``patch[0] = 0``, where ``patch`` is a view of ``X``, would leave other data to all the
candidates behind it, and then none of them is right any more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...sandbox.walk import Walk
from .trial import Trial, held


def arrays_of(roots: Sequence[Any]) -> list[np.ndarray]:
    """All arrays that can be reached from some roots, and those that they are views of."""
    walk = Walk()
    walk.entries(tuple(roots))
    found: dict[int, np.ndarray] = {}
    for value in walk.seen.values():
        while isinstance(value, np.ndarray):
            found[id(value)] = value
            value = value.base
    return list(found.values())


@contextlib.contextmanager
def kept(trial: Trial, theta: np.ndarray) -> Iterator[None]:
    """The user's arrays are read-only for a while: a candidate that writes into them raises.

    Where the user's own gradient or cost writes into them, they get their values back behind every
    candidate instead.
    """
    problem = trial.problem
    private = {id(array) for array in arrays_of(trial.stateful)}  # they are put back anyway
    arrays = [a for a in arrays_of((problem.fun, problem.grad, *problem.roots)) if a.size]
    arrays = [a for a in arrays if a.flags.writeable and id(a) not in private]
    try:
        _freeze(arrays)
        if trial.gradient(theta) is None or trial.cost(theta) is None:
            _thaw(arrays)
            trial.written = held(arrays)
        yield
    finally:
        _thaw(arrays)
        trial.written = ()


def _freeze(arrays: Sequence[np.ndarray]) -> None:
    for array in arrays:
        array.flags.writeable = False


def _thaw(arrays: Sequence[np.ndarray]) -> None:
    # a view can be written again only where its base can: bases have to be first
    for array in sorted(arrays, key=_depth):
        array.flags.writeable = True


def _depth(array: np.ndarray) -> int:
    depth, base = 0, array.base
    while isinstance(base, np.ndarray):
        depth, base = depth + 1, base.base
    return depth
