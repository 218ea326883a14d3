"""The layers of a stack: what they move in their backward passes, and at what rates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..adapters.calling import children
from ..adapters.names import BACKWARD, kind, role_score
from ..sandbox import global_names, users_own
from .evidence import Evidence, inner, is_number
from .source import definition, updated_names


def instances(values: Sequence[Any], depth: int = 0) -> Iterator[Any]:
    """Objects of the user's classes in some values, in lists of them and in what they hold."""
    for value in values:
        if users_own(type(value)):
            yield value
        if depth < 4:
            yield from instances([item for _, item in children(value)], depth + 1)


def updated(layer: Any, evidence: Evidence) -> frozenset[str]:
    """Names that the backward pass of a layer updates."""
    methods = [getattr(type(layer), name) for name in _backwards(layer)]
    trees = [definition(method, evidence.cells) for method in methods]
    return frozenset().union(*map(updated_names, trees))


def _backwards(layer: Any) -> list[str]:
    names = [name for name in dir(type(layer)) if role_score(name, BACKWARD)]
    return [name for name in names if hasattr(inner(getattr(type(layer), name)), "__code__")]


def own_rates(layers: Sequence[Any], evidence: Evidence) -> set[float]:
    """Learning rates that the layers keep, else those that their backward passes read globally."""
    kept = [item for layer in layers for item in getattr(layer, "__dict__", {}).items()]
    methods = [inner(getattr(type(layer), n)) for layer in layers for n in _backwards(layer)]
    read = {n for method in methods for n in global_names(method.__code__)[0]}
    shared = [(n, evidence.values[n]) for n in sorted(read) if n in evidence.values]
    own = {float(v) for name, v in kept if is_rate(name, v)}
    return own or {float(v) for name, v in shared if is_rate(name, v)}


def is_rate(name: str, value: Any) -> bool:
    """True for a learning rate that is one number and not zero."""
    return kind(name) == "rate" and is_number(value) and np.ndim(value) == 0 and value != 0
