"""Where the copies go: into the structure of the parameters, and into the user's objects."""

from __future__ import annotations

import copy
import dataclasses
import types
from collections.abc import Callable, MutableMapping, MutableSequence
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
    if isinstance(structure, (MutableMapping, MutableSequence)):
        structure[key] = item
        return structure
    items = [item if k == key else old for k, old in enumerate(structure)]
    kind = type(structure)
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


def carrying(fun: Any, name: Any, leaf: Copies) -> Callable[[Any], Any]:
    """The function with every place in the user's objects that holds a parameter holding `leaf`.

    A program that discovery made keeps the objects in its ``space`` and writes the parameters into
    the arrays that they hold, in place, since several layers may hold the same one. Copies cannot
    be written into an array; so the objects are copied with the array exchanged.
    """
    space, leaves = getattr(fun, "space", None), getattr(fun, "leaves", None)
    if space is None or leaves is None or not dataclasses.is_dataclass(type(fun)):
        return fun
    found = next((one for one in leaves if one.name == name), None)
    if found is None or not found.through_object:
        return fun
    now = space[found.path[0]]
    for kind, key in found.path[1:]:
        now = getattr(now, key) if kind == "attr" else now[key]
    if not isinstance(now, np.ndarray):
        return fun
    memo: dict[int, Any] = {id(now): leaf}
    copies = dict(space)
    for key, value in space.items():
        if not isinstance(value, _SHARED) or value is now:
            try:
                copies[key] = copy.deepcopy(value, memo)
            except Exception:  # a lock, a file, a generator: it is used in place
                copies[key] = value
    return dataclasses.replace(fun, space=copies)
