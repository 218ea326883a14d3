"""Another batch: fewer rows of the user's data, for as long as a repair is looked at on them.

Many mistakes hide in one batch: a division by the number of features where there are as many
examples, an axis of length one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ...problem import Problem
from ...sandbox import global_names
from .running import Ran


@dataclasses.dataclass(frozen=True, slots=True)
class _Held:
    """An array that the user's code reaches, and how to put another in its place."""

    value: np.ndarray
    put: Callable[[Any], None]


@contextlib.contextmanager
def fewer_rows(problem: Problem, ran: Iterable[Ran]) -> Iterator[Problem | None]:
    """The problem on two thirds of its examples; None where it is not clear what those are."""
    held = list(_held(problem, ran))
    fun, grad = problem.fun, problem.grad
    spaces = [getattr(one, "space", None) for one in (fun, grad)]
    inside = {
        key: value
        for space in spaces
        if isinstance(space, dict)
        for key, value in space.items()
        if isinstance(value, np.ndarray)
    }
    arrays = [one.value for one in held] + list(inside.values())
    cut = _cutter(arrays)
    if cut is None:
        yield None
        return
    try:
        for one in held:
            one.put(cut(one.value))
        small = {key: cut(value) for key, value in inside.items()}
        # in place: an edited cell runs with the code that the same object holds
        for one in (fun, grad):
            _exchange(one, small)
        yield dataclasses.replace(problem)
    finally:
        for one in held:
            one.put(one.value)
        for one, space in zip((fun, grad), spaces, strict=True):
            _put(one, space)


def _exchange(function: Any, small: dict[str, Any]) -> None:
    space = getattr(function, "space", None)
    if isinstance(space, dict):
        _put(function, {**space, **{key: small[key] for key in small if key in space}})


def _put(function: Any, space: Any) -> None:
    if isinstance(space, dict) and dataclasses.is_dataclass(function):
        object.__setattr__(function, "space", space)


def _held(problem: Problem, ran: Iterable[Ran]) -> Iterator[_Held]:
    seen: set[tuple[int, str]] = set()
    names = set(problem.layout.names)
    for one in ran:
        read = global_names(one.code)[0]
        for key in sorted(read - names):
            value = one.outer.get(key)
            if isinstance(value, np.ndarray) and (id(one.outer), key) not in seen:
                seen.add((id(one.outer), key))
                yield _Held(value, lambda new, key=key, outer=one.outer: outer.update({key: new}))
        for function in one.functions:
            for key, cell in zip(one.code.co_freevars, function.__closure__ or (), strict=True):
                with contextlib.suppress(ValueError):  # a cell that is still empty
                    value = cell.cell_contents
                    if isinstance(value, np.ndarray) and (id(cell), key) not in seen:
                        seen.add((id(cell), key))
                        yield _Held(value, lambda new, c=cell: setattr(c, "cell_contents", new))


def _cutter(arrays: list[np.ndarray]) -> Callable[[np.ndarray], np.ndarray] | None:
    """How to cut arrays: along the axis whose length the largest shares with another."""
    arrays = [array for array in arrays if array.ndim and array.dtype.kind in "fiub"]
    if len(arrays) < 2:
        return None
    largest = max(arrays, key=lambda array: array.size)
    for axis in (0, -1):
        length = largest.shape[axis]
        others = [a for a in arrays if a is not largest and a.shape[axis] == length]
        if length >= 3 and others and largest.shape.count(length) == 1:
            return functools.partial(_shorter, axis=axis, length=length)
    return None


def _shorter(array: np.ndarray, axis: int, length: int) -> np.ndarray:
    if not array.ndim or array.shape[axis] != length:
        return array
    return np.take(array, range(length - length // 3), axis=axis)
