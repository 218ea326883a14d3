"""Where the copies go: into the structure of the parameters, and into the user's objects."""

from __future__ import annotations

import copy
import dataclasses
import types
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence
from typing import Any

import numpy as np

from .arrays import Copies

_SHARED = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type, np.ndarray)


def placed(structure: Any, path: tuple[Any, ...], leaf: Any) -> Any:
    """`structure`, which is ours to change, with `leaf` at the end of `path`."""
    if not path:
        return leaf
    key, *rest = path
    item = placed(structure[key], tuple(rest), leaf)
    # the question to abstract classes takes as long as all the rest
    if type(structure) is dict or isinstance(structure, (MutableMapping, MutableSequence)):
        structure[key] = item
        return structure
    items = [item if k == key else old for k, old in enumerate(structure)]
    kind = type(structure)
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


def carrying(fun: Any, placing: Mapping[Any, Copies]) -> Callable[[Any], Any]:
    """The function with the parameters that the user's objects hold exchanged for their copies.

    A program that discovery made keeps the objects in its ``space`` and writes the parameters into
    the arrays that they hold, in place, since several layers may hold the same one. Copies cannot
    be written into an array; so the objects are copied with the arrays exchanged; `placing` says
    for what, by the parameter's name.
    """
    space, leaves = getattr(fun, "space", None), getattr(fun, "leaves", None)
    if space is None or leaves is None or not dataclasses.is_dataclass(type(fun)):
        return fun
    memo: dict[int, Any] = {}
    for one in leaves:
        if one.name not in placing or not one.through_object:
            continue
        now = space[one.path[0]]
        for kind, key in one.path[1:]:
            now = getattr(now, key) if kind == "attr" else now[key]
        if isinstance(now, np.ndarray):
            memo[id(now)] = placing[one.name]
    if not memo:
        return fun
    own = set(memo)
    copies = dict(space)
    for key, value in space.items():
        if not isinstance(value, _SHARED) or id(value) in own:
            try:
                copies[key] = copy.deepcopy(value, memo)
            except Exception:  # a lock, a file, a generator: it is used in place
                copies[key] = value
    return dataclasses.replace(fun, space=copies)
