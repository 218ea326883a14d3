"""Objects of Python's and other libraries that a cost may write into, each kind by itself."""

from __future__ import annotations

import array
import contextvars
import functools
import gc
import io
import logging
import os
import types
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .entries import MISSING, Entry, put_bytes
from .figures import as_drawn
from .iterators import ITERATORS
from .settings import logger_state

if TYPE_CHECKING:
    from .walk import Walk

# their objects keep what they know in attributes, as the user's do: UserDict, WeakKeyDictionary,
# Queue, threading.local, a sparse matrix, a scaler that is fitted, a bar that is advanced
PLAIN = (
    *("collections", "weakref", "queue", "argparse", "_thread", "_threading_local"),
    *("scipy.sparse", "sklearn", "tqdm"),
)


def visit_other(walk: Walk, name: str, value: Any) -> None:
    """Remember an object that is neither the user's own nor a container."""
    kind = type(value)
    if kind in KINDS:
        KINDS[kind](walk, name, value)
    elif kind in ITERATORS:
        ITERATORS[kind](walk, name, value)
    elif isinstance(value, logging.Logger):
        walk.pair(name, *logger_state(value))
    elif isinstance(value, np.vectorize):
        walk.instance(name, value)
    else:
        module = str(kind.__module__)
        if module.startswith(PLAIN):
            walk.instance(name, value)
        elif module == "_csv":  # a writer: what it writes with, and by that the file
            walk.pending += [(name, part) for part in gc.get_referents(value) if callable(part)]
        elif module.partition(".")[0] == "pandas" and hasattr(value, "_update_inplace"):
            _frame(walk, name, value)
        elif module.startswith("matplotlib.") and hasattr(value, "get_figure"):
            _artist(walk, name, value)


def _frame(walk: Walk, name: str, value: Any) -> None:
    """A Series or a data frame of pandas: numbers, labels, and of a Series its name."""
    saved, title = value.copy(deep=True), getattr(value, "name", None)
    is_series = value.ndim == 1

    def differs() -> bool:
        return not value.equals(saved) or (is_series and value.name != title)

    def restore() -> None:
        if differs():
            value._update_inplace(saved.copy(deep=True))
            if is_series:
                value.name = title

    walk.found.append(Entry(name, differs, restore))
    walk.tables.append((name, value))
    walk.pending.append((f"{name}.attrs", value.attrs))


def _artist(walk: Walk, name: str, value: Any) -> None:
    """Axes and what is in them: their figure, which pyplot may have closed to the user."""
    figure = value.get_figure()
    if hasattr(figure, "axes") and (id(figure), "") not in walk.names:
        walk.names.add((id(figure), ""))
        walk.found.append(Entry(name, lambda: False, as_drawn(figure)))


def _bytes(walk: Walk, name: str, value: Any) -> None:
    saved = bytes(memoryview(value))
    differs = lambda: bytes(memoryview(value)) != saved  # noqa: E731
    walk.found.append(Entry(name, differs, lambda: put_bytes(value, saved)))


def _in_memory(walk: Walk, name: str, value: Any) -> None:
    """A StringIO or BytesIO: its text and the place in it."""
    if not value.closed:
        walk.pair(name, value.__getstate__, value.__setstate__)


def _file(walk: Walk, name: str, value: Any) -> None:
    """A file that is open: the place in it, and nothing behind its end as it was."""
    if value.closed or not value.seekable() or value.fileno() < 3:  # not what print writes to
        return
    if value.writable():
        value.flush()
    try:
        place, end = value.tell(), os.fstat(value.fileno()).st_size
    except OSError:  # in the middle of a loop over its lines
        return

    def moved() -> bool:
        return value.closed or value.tell() != place

    def restore() -> None:
        if moved():
            value.seek(place)
            if value.writable():
                value.truncate(end)

    written_over = "a file that is written over" if value.writable() and place != end else ""
    walk.found.append(Entry(name, moved, restore, written_over))


def _context_variable(walk: Walk, name: str, value: Any) -> None:
    saved = value.get(MISSING)
    walk.pending.append((name, saved))

    def restore() -> None:
        if saved is not MISSING and value.get(MISSING) is not saved:
            value.set(saved)

    differs = lambda: value.get(MISSING) is not saved  # noqa: E731
    unset = "a context variable that had no value" if saved is MISSING else ""
    walk.found.append(Entry(name, differs, restore, unset))


def _cached(walk: Walk, name: str, value: Any) -> None:
    """A function with a cache: what is in it already. What is added stays; it may be expensive."""
    for part in gc.get_referents(value):
        if type(part) is dict:  # the results, where their number has no bound
            kept = () if part is vars(value) else tuple(part.values())
            walk.pending.append((f"the cache of {name}", kept))
        elif not isinstance(part, type):
            walk.pending.append((f"the cache of {name}", part))


def _behind(read: Callable[[Any], Any]) -> Callable[[Any, str, Any], None]:
    """What leads to one other object and has no state of its own."""
    return lambda walk, name, value: walk.pending.append((name, read(value)))


KINDS: dict[type, Callable[[Any, str, Any], None]] = {
    array.array: _bytes,
    bytearray: _bytes,
    io.StringIO: _in_memory,
    io.BytesIO: _in_memory,
    io.TextIOWrapper: _file,
    io.BufferedWriter: _file,
    io.BufferedReader: _file,
    io.BufferedRandom: _file,
    contextvars.ContextVar: _context_variable,
    functools._lru_cache_wrapper: _cached,
    functools.cached_property: _behind(lambda value: value.func),
    functools.partialmethod: _behind(lambda value: value.func),
    functools.singledispatchmethod: _behind(lambda value: value.func),
    memoryview: _behind(lambda value: value.obj),
    weakref.ref: _behind(lambda value: value()),
    types.MappingProxyType: _behind(lambda value: tuple(value.values())),
}
