"""The leaves of nested parameters: what they are called, how they are taken out and put back."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np

from .errors import InputError
from .frames import is_frame, numbers_of

Path = tuple[Any, ...]


def path_name(path: Path) -> str:
    """What a leaf is called: ``W1``, ``layer1.W``, ``params[0]``, ``theta`` for a lone array.

    >>> path_name(("hidden layer", "W")), path_name((0, "b"))
    ('hidden_layer.W', 'params[0].b')
    """
    if not path:
        return "theta"
    first, *rest = path
    name = first if isinstance(first, str) else f"params[{first!r}]"
    for key in rest:
        name += f".{key}" if isinstance(key, str) else f"[{key!r}]"
    if name.isprintable() and " " not in name:
        return name
    # names are listed with spaces between them, one array a line
    return "".join(c if c.isprintable() and not c.isspace() else "_" for c in name)


def leaves_of(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf of nested dicts, lists and tuples with the keys that lead to it."""
    if type(value) is np.ndarray:  # the question to an abstract class takes longer than the rest
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves_of(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for key, item in enumerate(value):
            yield from leaves_of(item, (*path, key))
    elif value is not None:
        yield path, value


def leaf_at(value: Any, path: Path, what: str | tuple[str, str]) -> Any:
    """What the keys lead to; `what` names `value` in the error that says a key is missing."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            raise InputError(
                f"{''.join(what)} is missing: {describe(value)} has no {key!r}; needed: "
                "the same structure as the parameters"
            ) from None
    return value


def build(template: Any, leaves: Iterator[Any]) -> Any:
    """The containers of `template` anew, filled with `leaves` in the order of `leaves_of`."""
    if type(template) is np.ndarray:
        return next(leaves)
    if type(template) is dict:
        return {key: build(item, leaves) for key, item in template.items()}
    if isinstance(template, Mapping):
        new = copy.copy(template) if isinstance(template, MutableMapping) else dict(template)
        for key, item in template.items():
            new[key] = build(item, leaves)
        return new
    if isinstance(template, (list, tuple)):
        items = [build(item, leaves) for item in template]
        return type(template)(*items) if hasattr(template, "_fields") else type(template)(items)
    return None if template is None else next(leaves)


def as_real(leaf: Any, name: str) -> np.ndarray:
    """A leaf as an array of real numbers; an InputError with its name where it is none."""
    # numpy.ma is loaded when first asked for, which takes 50 ms: without it nothing is masked
    if "numpy.ma" in sys.modules and isinstance(leaf, np.ma.MaskedArray):
        raise InputError(f"{name} is a masked array; needed: a plain array (np.ma.filled(...))")
    if hasattr(leaf, "toarray"):
        raise InputError(
            f"{name} is a sparse matrix, {type(leaf).__name__}; needed: an array (.toarray())"
        )
    if is_frame(leaf) and name.startswith("the gradient"):
        return numbers_of(leaf)
    if not isinstance(leaf, (np.ndarray, np.generic, int, float, complex)):
        if is_frame(leaf):
            raise InputError(f"{name} is {describe(leaf)}; needed: an array (.to_numpy())")
        raise InputError(f"{name} is {describe(leaf)}; needed: an array of real numbers")
    array = np.asarray(leaf)
    if array.dtype.kind not in "fiub":
        raise InputError(
            f"{name} is an array of {array.dtype}; needed: real numbers (float64 is best)"
        )
    return array


def listed(leaf: Any) -> Any:
    """A list of numbers as an array; anything else as it came, for the message."""
    try:
        array = np.array(leaf)
    except ValueError:
        return leaf
    return array if array.dtype.kind in "fiu" else leaf


def describe(value: Any) -> str:
    """What arrived, for a message: ``an array of shape (3, 2)``, ``None``."""
    if isinstance(value, Mapping):
        return f"a dict with the keys {' '.join(map(str, value)) or '(none)'}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if value is None:
        return "None"
    if inspect.isgenerator(value):
        return "a generator (a yield in the function? return instead)"
    if inspect.iscoroutine(value):
        value.close()  # nobody will wait for it
        return "a coroutine (an async function? a plain def is needed)"
    return f"a value of type {type(value).__name__}"
