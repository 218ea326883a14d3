"""D, K, T, S: gradients that backward returns, in dicts, tuples or lists, known by their names."""

from __future__ import annotations

import numpy as np

from .calling import RESULT, Outcome, Reading, Slot, is_real
from .pairing import by_name, candidates, flat_items, in_order, structured
from .same_call import cost_element


def read(outcome: Outcome) -> Reading | None:
    """Match what backward returned to the parameters, or decline."""
    if outcome.result is None:
        return None
    cost = cost_element(outcome)
    index = cost.index if cost else None
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
    if not slots and len(outcome.elements) > 1:
        whole = list(outcome.result)
        slots = structured(whole, lambda scope: scope[RESULT], outcome)
    if not slots:
        return None
    ordered = in_order(slots, outcome)
    notes = _without(ordered, outcome)
    if cost is None:
        return Reading(family, ordered, None, notes)
    return Reading("S", ordered, cost.read, notes, cost.label, cost.sure)


def _is_object(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.hasobject


def _without(slots: tuple[Slot, ...], outcome: Outcome) -> tuple[str, ...]:
    """Neighbours in a dict of parameters that got no gradient: said, not passed over."""
    paths = {slot.leaf.path for slot in slots}
    parents = {path[:-1] for path in paths if len(path) > 1 and path[-1][0] == "item"}
    left = [
        leaf.name
        for leaf in candidates(outcome)
        if leaf.path not in paths and leaf.path[:-1] in parents
        if isinstance(leaf.value, np.ndarray)
    ]
    return (f"no gradient for {' '.join(left)}: not checked",) if left else ()
