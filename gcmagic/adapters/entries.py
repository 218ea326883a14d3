"""The gradients that a call gives, one by one: whose they are by name, and which nobody takes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..leaves import describe
from .calling import (
    Leaf,
    Outcome,
    Reading,
    all_leaves,
    children,
    follow,
    is_cost_like,
    is_real,
)
from .names import COUNTS, gradient_stems, is_cost_variable, is_metric, stems_of
from .same_call import ORDINALS, cost_element

# dW, dx, db1, dZ_2, grad_out, W_grad; not data, dist and decay
_GRADIENT = re.compile(r"d[A-Z]\w*|d[a-z]_?\d*|d_\w+|g(rad|radient)s?_?\w*|\w+_grad(ient)?s?")
_CALLS_THEM = re.compile(r"(\w+_)?(grads?|gradients?|derivs?|derivatives?|dparams)(_\w+)?|d|g")


@dataclass(frozen=True, slots=True, eq=False)  # a value may be an array
class Entry:
    """An array or number that backward returned.

    Attributes
    ----------
    label
        What to call it: its name, ``grads['c']``, ``third value``.
    name
        Its name or key, empty where it has none.
    value
        What it is.
    holder
        The name of the dict or list that holds it; None where nothing does.
    """

    label: str
    name: str
    value: Any
    holder: str | None


def entries(outcome: Outcome) -> Iterator[Entry]:
    """The arrays and numbers that backward returned, those in dicts and lists too, not the cost."""
    cost = cost_element(outcome)
    for k, (name, value, _) in enumerate(outcome.elements):
        if cost is not None and k == cost.index:
            continue
        ordinal = ORDINALS[k] if k < len(ORDINALS) else f"{k + 1}th"
        yield from _within(f"the {ordinal} value", name or "", value)
    for name in sorted(outcome.written):
        if name in outcome.after:
            yield from _within(name, name, outcome.after[name])


def _within(place: str, name: str, value: Any) -> Iterator[Entry]:
    if is_real(value):
        yield Entry(name or place, name, value, None)
    elif isinstance(value, (dict, list, tuple)):
        for (_, key), item in children(value):
            named = isinstance(key, str)
            label = key if named else f"{name or place}[{key!r}]"
            if is_real(item):
                yield Entry(label, key if named else "", item, name)


def odd_entries(outcome: Outcome) -> dict[str, str]:
    """What backward returned under the name of a gradient and is none, by parameter.

    ``{"W1": "dW1 is None", "b1": "db1 is an array of object"}``
    """
    held = [(name, value) for name, value, _ in outcome.elements if name]
    for _, value, _ in outcome.elements:
        held += list(value.items()) if isinstance(value, dict) else []
    found: dict[str, str] = {}
    for name, value in held:
        if isinstance(name, str) and not is_real(value) and not isinstance(value, dict):
            plain = isinstance(value, np.ndarray) and value.size
            what = f"an array of {value.dtype}" if plain else describe(value)
            found |= dict.fromkeys(stems_of(name), f"{name} is {what}")
    return found


def gets_gradient(leaf: Leaf, outcome: Outcome) -> bool:
    """True where something that the call gave is by its very name the gradient of `leaf`."""
    for entry in entries(outcome):
        if leaf.key in stems_of(entry.name):
            return True
        same = entry.name == leaf.key and entry.value is not leaf.value
        # {"w": X.T @ d, "m": d.sum()} beside w and m; `return m, b` of an update
        if same and (entry.holder is not None or outcome.rate) and not _equal(entry.value, leaf):
            return True
    if outcome.rate and leaf.key in COUNTS and leaf.key in outcome.updated:
        return _moved(leaf, outcome)
    return leaf.through_object and _beside(leaf, outcome)


def _equal(value: Any, leaf: Leaf) -> bool:
    return np.array_equal(np.asarray(value), np.asarray(leaf.value))


def _moved(leaf: Leaf, outcome: Outcome) -> bool:
    """True for a slope that an update moves; a counter goes from one whole number to the next."""
    try:
        after = follow(outcome.after, leaf.path)
    except (KeyError, AttributeError, IndexError, TypeError):
        return False
    return is_real(after) and np.asarray(after).dtype.kind == "f"


def _beside(leaf: Leaf, outcome: Outcome) -> bool:
    """True for ``layer.m`` beside ``layer.dm``, for ``net.params["m"]`` beside ``net.grads``."""
    root = {leaf.path[0]: outcome.roots[leaf.path[0]]}
    for other in all_leaves(root):
        if other.path == leaf.path:
            continue
        if other.path[:-1] == leaf.path[:-1] and leaf.key in stems_of(other.key):
            return True
        if len(leaf.path) < 3 or len(other.path) != len(leaf.path):
            continue  # two dicts or lists of one object
        near = other.path[:-2] == leaf.path[:-2] and other.path[-2] != leaf.path[-2]
        called = _CALLS_THEM.fullmatch(str(other.path[-2][1])) is not None
        if near and called and leaf.key in (other.key, *stems_of(other.key)):
            return True
    return False


def uncompared(reading: Reading, outcome: Outcome) -> tuple[tuple[str, ...], frozenset[str]]:
    """What backward returned as gradients and `reading` has no parameter for.

    Returns
    -------
    tuple
        Labels, ``("dZ1", "the third value")``, and the names that theirs are the gradients of.
    """
    taken = {id(slot.read(outcome.after)) for slot in reading.slots}
    found = list(entries(outcome))
    kept = {entry.holder for entry in found if entry.holder and id(entry.value) in taken}
    names = {leaf.key for leaf in all_leaves(outcome.roots)} | {*outcome.after, *outcome.arguments}
    rest = [entry for entry in found if id(entry.value) not in taken]
    unmet = _unmet(reading, outcome)
    left = [
        entry
        for entry in rest
        if _is_gradient(entry, names, kept)
        or (entry.holder in kept and np.shape(entry.value) in unmet)
    ]
    if not any(stems_of(e.name) or e.holder is not None for e in found if e not in rest):
        # told apart by their shapes: any other array may be a gradient too
        left = [e for e in rest if e in left or _may_be_gradient(e, names)]
    if reading.family == "L":  # what is returned beside attributes goes to the layer below
        left = [entry for entry in left if entry.name]
    stems = frozenset(stem for entry in left for stem in (entry.name, *stems_of(entry.name)))
    return tuple(dict.fromkeys(entry.label for entry in left)), stems


def _unmet(reading: Reading, outcome: Outcome) -> set[tuple[int, ...]]:
    """Shapes of the arrays beside the parameters that no gradient was found for."""
    paths = {slot.leaf.path for slot in reading.slots}
    beside = {path[:-1] for path in paths if len(path) > 1}
    leaves = all_leaves(outcome.roots)
    rest = [leaf for leaf in leaves if leaf.path not in paths and leaf.path[:-1] in beside]
    return {leaf.value.shape for leaf in rest if isinstance(leaf.value, np.ndarray)}


def _may_be_gradient(entry: Entry, names: Collection[str]) -> bool:
    name = entry.name
    other = is_metric(name) or is_cost_variable(name) or name in names
    return bool(name) and entry.holder is None and not other


def _is_gradient(entry: Entry, names: Collection[str], kept: Collection[str | None]) -> bool:
    name = entry.name
    if not name:
        holder = entry.holder
        return np.ndim(entry.value) > 0 if holder is None else bool(gradient_stems(holder))
    if is_metric(name) or is_cost_variable(name):
        return any(stem in names for stem in stems_of(name))
    if any(stem in names for stem in gradient_stems(name)) or _GRADIENT.fullmatch(name):
        return True
    # another key of the dict that holds the gradients under the parameters' own names
    return entry.holder in kept and not is_cost_like(entry.value) and name in names
