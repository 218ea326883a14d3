"""What a function does through the functions and methods that it calls."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..adapters.calling import children
from ..adapters.names import is_decoy, is_maker, words
from ..sandbox import attribute_names, global_names, users_own
from .evidence import Evidence, inner
from .source import Function, definition, updated_names

_DEPTH = 3


def updates_of(evidence: Evidence, function: Function) -> frozenset[str]:
    """Names that a function updates, itself or through the methods that it calls.

    ``for layer in reversed(self.layers): grad = layer.backward(grad, lr)`` moves the weights of
    the layers.
    """
    found = updated_names(function.node)
    if found or not function.owner:
        return found
    for value in reached(evidence, function):
        found |= updated_names(definition(value, evidence.cells))
    return found


def written_globals(evidence: Evidence, function: Function) -> frozenset[str]:
    """Globals that a function binds, itself or through the functions that it calls."""
    codes = [getattr(inner(value), "__code__", None) for value in reached(evidence, function)]
    return frozenset().union(*(global_names(code)[1] for code in codes if code is not None))


def writer_of(evidence: Evidence, group: Sequence[Function]) -> Function | None:
    """The function that leaves in globals what the functions of a group read there.

    Activations for the most part: read as they are there, they would not move with the parameters.
    """
    read: set[str] = set()
    own: set[str] = set()
    names = {function.name for function in group}
    for function in group:
        for value in reached(evidence, function):
            code = getattr(inner(value), "__code__", None)
            if code is not None:
                read |= global_names(code)[0]
                own |= global_names(code)[1]
    wanted = read - own
    best: list[tuple[int, Function]] = []
    for name in evidence.functions:
        code = getattr(evidence.raw(name), "__code__", None)
        # from the compiled code: reading the source of every function would take too long
        if code is None or name in names or not attribute_names(code) & wanted:
            continue
        if not global_names(code)[1] & wanted:
            continue
        function = evidence.read(name)
        if function is not None and not is_decoy(name) and not is_maker(name):
            given = len(global_names(code)[1] & wanted)
            given *= _computes(evidence, function)
            best += [(given, function)] if given else []
    return max(best, key=lambda item: item[0])[1] if best else None


def _computes(evidence: Evidence, function: Function) -> bool:
    """True for a pass, from data or arrays to activations; ``reset_network()`` makes weights."""
    if set(words(function.name)) & {"reset", "set", "setup", "clear", "seed", "restart"}:
        return False
    code = function.code
    arrays = {n for n in global_names(code)[0] if isinstance(evidence.values.get(n), np.ndarray)}
    return bool(function.required or arrays - global_names(code)[1])


def reached(evidence: Evidence, function: Function) -> list[Any]:
    """The function, and those of the user whose names it calls, and so on."""
    known = dict[str, list[Any]]()
    for name, value in evidence.functions.items():
        known.setdefault(name, []).append(value)
    if function.owner:
        owner = evidence.values.get(function.owner.partition(".")[0])
        for cls in _classes(owner, set(), 0):
            for name, member in vars(cls).items():
                member = getattr(member, "__func__", member)
                if isinstance(member, types.FunctionType):
                    known.setdefault(name, []).append(member)
    found: list[Any] = [function.value]
    seen: set[str] = set()
    for value in found:
        code = getattr(inner(value), "__code__", None)
        for name in code.co_names if code is not None else ():
            if name not in seen:
                seen.add(name)
                found += known.get(name, [])
    return found


def _classes(value: Any, seen: set[int], depth: int) -> Iterator[type]:
    if id(value) in seen or depth > _DEPTH:
        return
    seen.add(id(value))
    if users_own(type(value)) and id(type(value)) not in seen:
        seen.add(id(type(value)))
        yield from (cls for cls in type(value).__mro__ if users_own(cls))
    for _, item in children(value):
        if isinstance(item, (dict, list, tuple)) or users_own(type(item)):
            yield from _classes(item, seen, depth + 1)
