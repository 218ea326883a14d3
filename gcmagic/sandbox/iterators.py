"""Iterators: some can be set back, and of the others is told that they moved on."""

from __future__ import annotations

import collections
import gc
import itertools
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .code import names_of
from .entries import ATOMS, Entry, same
from .generators import is_generator

if TYPE_CHECKING:
    from .walk import Walk

# over these one can be set back until it is used up (over a range: up to Python 3.11)
SEQUENCES: tuple[Any, ...] = (
    *(iter([]), iter(()), iter(range(0)), iter(""), iter(b""), reversed([])),
    iter(np.empty(0)),
)
# of these one knows only how many are left
OTHERS: tuple[Any, ...] = (
    *(iter({}), iter({}.values()), iter({}.items()), iter(set())),
    *(iter(collections.deque()), iter(range(2**70))),
)
# these keep no place of their own: those that they take from do
THROUGH = (zip, map, filter, itertools.starmap, itertools.filterfalse, itertools.compress)
# these do, and nobody can ask for it: that they moved shows in what they take from
WITH_PLACE = (
    *(enumerate, itertools.chain, itertools.cycle, itertools.islice, itertools.takewhile),
    *(itertools.dropwhile, itertools.accumulate, itertools.zip_longest, itertools.pairwise),
)
AN_ITERATOR, A_GENERATOR = "an iterator", "a generator"


def _over_sequence(walk: Walk, name: str, value: Any) -> None:
    place = value.__reduce__()[2:]
    if not place:
        _used_up(walk, name, AN_ITERATOR)
        return
    if place[0] is None:  # it shortens its range, as from Python 3.12 on: nothing sets that back
        _over_other(walk, name, value)
        return
    get = lambda: value.__reduce__()[2:]  # noqa: E731
    walk.pair(name, get, lambda saved: value.__setstate__(*saved), AN_ITERATOR)


def _over_other(walk: Walk, name: str, value: Any) -> None:
    if value.__length_hint__():
        _told(walk, name, value.__length_hint__, AN_ITERATOR)
    else:
        _used_up(walk, name, AN_ITERATOR)


def _through(walk: Walk, name: str, value: Any) -> None:
    walk.pending += [(name, part) for part in _taken_from(value)]


def _with_place(walk: Walk, name: str, value: Any) -> None:
    # those that it takes from are not walked: set back by themselves, both would be out of step
    _told(walk, name, lambda: _mark(value), AN_ITERATOR)


def _taken_from(value: Any) -> list[Any]:
    """The iterators and functions behind an iterator.

    Not what it keeps for itself, such as the list of a cycle: Python breaks where that is emptied.
    Nor its own class, which the iterators of itertools hold from Python 3.12 on.
    """
    parts = [part for part in gc.get_referents(value) if part is not type(value)]
    parts += [item for part in parts if type(part) is tuple for item in part]
    return [part for part in parts if _is_iterator(part) or callable(part)]


def _is_iterator(value: Any) -> bool:
    return hasattr(value, "__next__") and not isinstance(value, type)


def _mark(value: Any) -> Any:
    """Something that changes when an iterator moves."""
    if isinstance(value, types.GeneratorType):
        return repr([part for _, part in _place(value) or () if isinstance(part, ATOMS)])
    if isinstance(value, itertools.count):
        return repr(value)
    if hasattr(value, "__length_hint__"):
        return value.__length_hint__()
    return [_mark(part) for part in _taken_from(value) if _is_iterator(part)]


def _counting(walk: Walk, name: str, value: Any) -> None:
    _told(walk, name, lambda: repr(value), "a counter")


def _generator(walk: Walk, name: str, value: types.GeneratorType[Any, Any, Any]) -> None:
    """The random generators that a generator draws from are put back, its own place is not."""
    place, frame = _place(value), value.gi_frame
    if place is None or frame is None:
        _used_up(walk, name, A_GENERATOR)
    elif not value.gi_running:
        walk.pending += [(key, held) for key, held in place[1:] if is_generator(held)]
        names_of(walk, value.gi_code, frame.f_globals)
        moved = lambda: not _same_place(_place(value), place)  # noqa: E731
        walk.found.append(Entry(name, moved, _nothing, A_GENERATOR))


def _place(value: types.GeneratorType[Any, Any, Any]) -> list[Any] | None:
    """Where a generator is, and its variables; None where it is used up."""
    frame = value.gi_frame
    return None if frame is None else [(None, frame.f_lasti), *frame.f_locals.items()]


def _same_place(now: list[Any] | None, saved: list[Any]) -> bool:
    return now is not None and same(now, saved)


def _told(walk: Walk, name: str, get: Callable[[], Any], what: str) -> None:
    saved = get()
    walk.found.append(Entry(name, lambda: get() != saved, _nothing, what))


def _used_up(walk: Walk, name: str, what: str) -> None:
    walk.found.append(Entry(name, lambda: True, _nothing, f"{what} with nothing left in it"))


def _nothing() -> None:
    """Nothing puts it back."""


ITERATORS: dict[type, Callable[[Any, str, Any], None]] = {
    **{type(one): _over_sequence for one in SEQUENCES},
    **{type(one): _over_other for one in OTHERS},
    **dict.fromkeys(THROUGH, _through),
    **dict.fromkeys(WITH_PLACE, _with_place),
    itertools.count: _counting,
    types.GeneratorType: _generator,
}
