"""Values that are no parameters and look as if they were meant: told, never passed over."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..adapters.calling import Path, children, is_real, path_text
from ..adapters.names import kind, stems_of
from ..errors import InputError
from ..leaves import describe
from ..parameters import ParameterLayout
from .evidence import Evidence, inner
from .lookup import synonym
from .source import Function
from .unchecked import is_named_as_one

# of them that are named
MOST = 3


def unfit(evidence: Evidence, functions: Iterable[Function]) -> tuple[str, ...]:
    """What is wrong with the parameters that some functions ask for.

    Returns
    -------
    tuple of str
        ``"parameters['W1'] is an array of object; needed: real numbers (float64 is best)"``, at
        most three; empty where nothing is.
    """
    functions = list(functions)
    returned = {stem for f in functions for name in f.returns if name for stem in stems_of(name)}
    found: dict[str, None] = {}
    for name in dict.fromkeys(a for function in functions for a in function.required):
        other = None if name in evidence.values else synonym(name, evidence)
        known = name if other is None else other.text
        if known not in evidence.values or kind(name) in ("x", "y", "rate", "penalty"):
            continue
        value, meant = evidence.values[known], kind(name) in ("params", "vector")
        if meant and (value is None or (isinstance(value, (dict, list)) and not value)):
            said = f"{known} is {'empty' if value is not None else 'None'}; needed: the parameters"
            found[said] = None
        elif meant or known in returned:
            found |= dict.fromkeys(why for _, why in _within((known,), value, 0))
    return tuple(found)[:MOST]


def _within(path: Path, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Name and fault of what cannot be a parameter, at `path` and below."""
    parts = children(value) if not is_real(value) else []
    if parts and depth < 3:
        for step, item in parts:
            yield from _within((*path, step), item, depth + 1)
        return
    key = str(path[-1] if isinstance(path[-1], str) else path[-1][1])
    why = fault(path_text(path), value)
    if isinstance(value, str) and is_named_as_one(key):
        why = f"{path_text(path)} is a text; needed: an array of real numbers"
    if why:
        yield key, why


def fault(name: str, value: Any) -> str:
    """Why a value can be no parameter, in one sentence; empty where it can, or is no array."""
    if not (hasattr(value, "dtype") or hasattr(value, "toarray")):
        return ""  # a number, or a setting such as "tanh"
    if getattr(value, "dtype", None) is not None and value.dtype.kind == "c":
        return ""  # checked as real and imaginary parts
    try:
        ParameterLayout.of({name: value})
    except InputError as error:
        return str(error)
    if value.dtype.kind == "b":
        return f"{name} is an array of bool; needed: real numbers (.astype(float))"
    return ""


def passed_over(values: Mapping[str, Any], stems: Collection[str]) -> dict[str, str]:
    """Parameters that have a gradient, by the stems of its name, and are no numbers: what is wrong.

    Parameters
    ----------
    values
        What the program starts from.
    stems
        Names of the parameters that gradients were returned for, and that were not found.
    """
    found = [pair for name, value in values.items() for pair in _within((name,), value, 0)]
    return {name: why for name, why in found if name in stems}


def not_plain(functions: Iterable[Function]) -> str:
    """A sentence on the first function that gives nothing when it is called; empty for none."""
    for function in functions:
        code = inner(function.value)
        if inspect.iscoroutinefunction(code) or inspect.isasyncgenfunction(code):
            return f"{function.name} is an async function; needed: a plain def"
        if inspect.isgeneratorfunction(code):
            return f"{function.name} is a generator (a yield in it); needed: return instead"
    return ""


def no_gradient_in(result: Any, owner: str = "") -> str:
    """Why what backward returned holds no gradient; `owner` is its object, if it is a method."""
    if result is None:
        stored = f", or dW beside W in {owner} (--grads names others)" if owner else ""
        return f"returned None; needed: the gradients{stored}"
    if isinstance(result, np.ndarray) or inspect.isgenerator(result) or inspect.iscoroutine(result):
        return f"returned {describe(result)}, which matches no parameter"
    shapes = _shapes(result)
    what = f"{shapes}, which match no parameter" if shapes else "nothing that matches a parameter"
    return f"returned {what}"


def _shapes(result: Any) -> str:
    """``shapes (2, 20), ()`` of a few arrays and numbers."""
    items = result if isinstance(result, tuple) else ()
    if not 1 < len(items) < 9 or not all(isinstance(i, (np.ndarray, np.number)) for i in items):
        return ""
    return f"shapes {', '.join(str(np.shape(item)) for item in items)}"
