"""One thing that is remembered: whether two states of it are the same, and how it is put back."""

from __future__ import annotations

import collections
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

ATOMS = (int, float, complex, str, bytes, bool, type(None), np.generic)
MISSING = object()


class Entry(NamedTuple):
    """One thing that is remembered, and how to compare it and to put it back.

    Where nothing puts it back, ``gone`` says what it is.
    """

    name: str
    differs: Callable[[], bool]
    restore: Callable[[], None]
    gone: str = ""


class Held(NamedTuple):
    """An array, or a list or data frame of numbers, its name, and what it held."""

    name: str
    array: Any
    saved: np.ndarray


def alike(now: Any, saved: Any) -> bool:
    """Whether two states of a generator are the same: numbers and arrays in dicts and tuples."""
    if isinstance(saved, dict):
        return now.keys() == saved.keys() and all(alike(now[key], saved[key]) for key in saved)
    if isinstance(saved, np.ndarray):
        return now.shape == saved.shape and now.tobytes() == saved.tobytes()
    if isinstance(saved, ATOMS):
        return bool(now == saved)
    if isinstance(saved, tuple):
        pairs = zip(now, saved, strict=False)
        return len(now) == len(saved) and all(
            a == b if type(a) is int else alike(a, b) for a, b in pairs
        )
    if hasattr(saved, "shape"):  # a tensor, in which NaN stands for itself
        if now.shape != saved.shape:
            return False
        return bool(((now == saved) | ((now != now) & (saved != saved))).all())
    return repr(now) == repr(saved)


def equal(now: Any, saved: Any) -> bool:
    """Whether it is the same object, or an equal number or text."""
    return now is saved or (
        isinstance(saved, ATOMS) and type(now) is type(saved) and bool(now == saved)
    )


def same(now: list[Any], saved: list[Any]) -> bool:
    """Whether two lists of pairs hold the same."""
    return len(now) == len(saved) and all(
        equal(a[0], b[0]) and equal(a[1], b[1]) for a, b in zip(now, saved, strict=True)
    )


def dict_of(value: dict[Any, Any]) -> Any:
    """The class whose methods read and fill a dict, behind what the user's subclass makes of them.

    An OrderedDict keeps its order in a list of its own, of which dict's methods know nothing.
    """
    return collections.OrderedDict if isinstance(value, collections.OrderedDict) else dict


# What follows leaves alone what is as it was. It may be in the middle of a loop over it, and a set
# that is filled anew may have another order.


def put_dict(value: dict[Any, Any], saved: list[tuple[Any, Any]]) -> None:
    """Fill a dict as it was, in its order."""
    kind = dict_of(value)
    if len(value) == len(saved) and all(
        a is c and b is d for (a, b), (c, d) in zip(kind.items(value), saved, strict=True)
    ):
        return
    kind.clear(value)
    for key, item in saved:
        kind.__setitem__(value, key, item)


def put_list(value: Any, saved: list[tuple[int, Any]]) -> None:
    """Fill a list or a deque as it was."""
    if len(value) == len(saved) and all(a is b for a, (_, b) in zip(value, saved, strict=True)):
        return
    value.clear()
    value.extend(item for _, item in saved)


def put_set(value: set[Any], saved: set[Any]) -> None:
    """Fill a set as it was."""
    if value != saved:
        value.clear()
        value.update(saved)


def put_bytes(value: Any, saved: bytes) -> None:
    """Fill a bytearray or an array of the module array as it was."""
    now = memoryview(value)
    if now.nbytes == len(saved):  # in place: others may look at the same memory
        if now.tobytes() != saved:
            now.cast("B")[:] = saved
        return
    now.release()
    del value[:]
    (value.extend if isinstance(value, bytearray) else value.frombytes)(saved)


def drop_others(state: dict[str, Any], keys: list[str]) -> None:
    """Leave only the attributes that were there, in their order."""
    if list(state) == keys:
        return
    items = [(key, state[key]) for key in keys]  # the bindings are back already
    state.clear()
    state.update(items)


def put_defaults(function: types.FunctionType, defaults: Any, keywords: Any) -> None:
    """Give a function its defaults back."""
    function.__defaults__ = defaults
    function.__kwdefaults__ = keywords


def read_cell(cell: types.CellType) -> Any:
    """What a variable of a closure holds; MISSING where that is nothing."""
    try:
        return cell.cell_contents
    except ValueError:  # a name that is bound later
        return MISSING


def write_cell(cell: types.CellType, saved: Any) -> None:
    """Put into a variable of a closure what it held."""
    if saved is not MISSING:
        cell.cell_contents = saved
    elif read_cell(cell) is not MISSING:
        del cell.cell_contents


def read_slot(slot: Any, value: Any) -> Any:
    """What a slot of an object holds; MISSING where that is nothing."""
    try:
        return slot.__get__(value)
    except AttributeError:
        return MISSING


def write_slot(slot: Any, value: Any, saved: Any) -> None:
    """Put into a slot what it held."""
    if saved is not MISSING:
        slot.__set__(value, saved)
    elif read_slot(slot, value) is not MISSING:
        slot.__delete__(value)
