"""D, K, T, S, V: gradients that backward returns, in dicts, tuples, lists or one array."""

from __future__ import annotations

import numpy as np

from .calling import RESULT, Outcome, Reading, Slot, is_cost_like, is_real
from .names import gradient_stems, kind
from .pairing import by_name, candidates, flat_items, in_order, structured
from .same_call import cost_element


def read(outcome: Outcome) -> Reading | None:
    """Match what backward returned to the parameters, or decline."""
    if outcome.result is None:
        return None
    index = cost_element(outcome)
    elements = [item for k, item in enumerate(outcome.elements) if k != index]
    slots: list[Slot] = []
    leaves = candidates(outcome)
    same_keys = False
    for name, value, reader in elements:
        found: list[Slot] = []
        if isinstance(value, (dict, list, tuple)) or _is_object(value):
            found = structured(value, reader, outcome, name)
            same_keys = same_keys or isinstance(value, dict)
            if not found:
                for key, item, get in flat_items(value, reader):
                    leaf = by_name(key, leaves) or next((p for p in leaves if p.key == key), None)
                    if leaf is not None and is_real(item):
                        found.append(Slot(leaf, get))
        elif is_real(value):
            leaf = by_name(name, leaves)
            if leaf is not None:
                found = [Slot(leaf, reader)]
        slots += found
    family = "D" if same_keys else "T"
    if not slots:
        rest = [(value, reader) for _, value, reader in elements if is_real(value)]
        names = [name for name, _, _ in elements]
        slots = _by_shape(rest, outcome, names)
        family = "V" if len(rest) == 1 else "T"
    if not slots and len(outcome.elements) > 1:
        whole = list(outcome.result)
        slots = structured(whole, lambda scope: scope[RESULT], outcome)
    if not slots:
        return None
    cost = None if index is None else outcome.elements[index][2]
    return Reading("S" if cost else family, in_order(slots, outcome), cost)


def _is_object(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.hasobject


def _by_shape(rest: list, outcome: Outcome, names: list[str | None]) -> list[Slot]:
    """Slots where each gradient fits one parameter only; a name that says otherwise forbids it."""
    leaves = candidates(outcome)
    likely = [leaf for leaf in leaves if kind(leaf.key) == "vector"] or leaves
    if len(rest) == 1:
        if len(names) == 1 and is_cost_like(rest[0][0]) and not gradient_stems(names[0] or ""):
            likely = [leaf for leaf in likely if np.size(leaf.value) == 1]
        if len(likely) == 1:
            return [Slot(likely[0], rest[0][1])]
        fits = [p for p in likely if np.size(p.value) == np.size(rest[0][0])]
        return [Slot(fits[0], rest[0][1])] if len(fits) == 1 else []
    slots = []
    for value, reader in rest:
        fits = [leaf for leaf in leaves if np.shape(leaf.value) == np.shape(value)]
        same = [v for v, _ in rest if np.shape(v) == np.shape(value)]
        if len(fits) == 1 and len(same) == 1:
            slots.append(Slot(fits[0], reader))
    return slots
