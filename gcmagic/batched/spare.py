"""Which arrays nobody will look at again, so that a result may take their memory.

``x @ W + b`` makes two arrays of which the first is gone at once. NumPy writes the sum into it, by
counting references; so do we: memory that is in the cache is twice as quick as memory that is not.
An array is spare where only the expression holds it, and where nothing else is a view of it.
"""

from __future__ import annotations

import sys
from sys import getrefcount
from types import CodeType, FrameType
from typing import Any

import numpy as np

from .batch import Pool

# from here on the interpreter may lend a variable to an expression without counting it
_COUNTS = sys.version_info < (3, 14) and sys.implementation.name == "cpython"
_calls: dict[tuple[CodeType, int], bool] = {}


class _Operand:
    """What an operator and a ufunc see of an operand that nothing else holds."""

    def __add__(self, other: Any) -> int:
        return getrefcount(self)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return count_of(inputs, 0)


def count_of(inputs: tuple[Any, ...], place: int) -> int:
    """References to an argument of a ufunc."""
    return getrefcount(inputs[place])


def _of_operand() -> int:
    found: Any = _Operand() + 1.0
    return found


def _of_argument() -> int:
    found: Any = np.tanh(_Operand())  # pyright: ignore
    return found


OPERAND = _of_operand() if _COUNTS else 0
ARGUMENT = _of_argument() if _COUNTS else 0


def _of_memory() -> int:
    buffers = [np.empty(8)]
    view = buffers[0][:4].reshape(2, 2)
    return getrefcount(view.base)


_MEMORY = _of_memory()  # of memory that its pool holds and one array has


def is_alone(rows: np.ndarray, pool: Pool) -> bool:
    """Whether one array, which one object holds, has this memory from the pool."""
    if rows.base is None or getrefcount(rows) > _ROWS or not pool.owns(rows.base):
        return False
    return getrefcount(rows.base) <= _MEMORY and rows.flags.c_contiguous and rows.flags.writeable


class _Holder:
    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows = np.empty(1)


def _of_rows(holder: _Holder) -> int:
    def counted(rows: np.ndarray) -> int:
        return getrefcount(rows)

    return counted(holder.rows)


_ROWS = _of_rows(_Holder())


def is_called(frame: FrameType) -> bool:
    """Whether what runs in `frame` is ``f(x)``; with ``f(*args)`` a tuple holds x, uncounted."""
    key = (frame.f_code, frame.f_lasti)
    known = _calls.get(key)
    if known is None:
        from .bytecode import in_call

        known = _calls[key] = in_call(frame)
    return known
