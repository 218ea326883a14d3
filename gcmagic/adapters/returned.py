"""D, K, T, S: gradients that backward returns, in dicts, tuples or lists, known by their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .calling import RESULT, Outcome, Read, Reading, Slot, is_real, is_record
from .pairing import by_name, candidates, flat_items, in_order, structured
from .same_call import cost_element


def read(outcome: Outcome) -> Reading | None:
    """Match what backward returned to the parameters, or decline."""
    if outcome.result is None and not outcome.written:
        return None
    cost = cost_element(outcome)
    index = cost.index if cost else None
    elements = [item for k, item in enumerate(outcome.elements) if k != index]
    elements += [
        (name, outcome.after[name], lambda scope, name=name: scope[name])
        for name in sorted(outcome.written)
        if name in outcome.after
    ]
    slots, same_keys = slots_of(elements, outcome)
    family = "D" if same_keys else "T"
    if not slots and len(outcome.elements) > 1 and outcome.result is not None:
        whole = list(outcome.result)
        slots = structured(whole, lambda scope: scope[RESULT], outcome)
    if not slots:
        return None
    ordered = in_order(slots, outcome)
    if cost is None:
        return Reading(family, ordered)
    return Reading("S", ordered, cost.read, (), cost.label, cost.sure)


def slots_of(
    elements: Sequence[tuple[str | None, Any, Read]], outcome: Outcome
) -> tuple[list[Slot], bool]:
    """Parameters whose gradients have names that say so; True where a dict is among them."""
    slots: list[Slot] = []
    leaves = candidates(outcome)
    same_keys = False
    for name, value, reader in elements:
        found: list[Slot] = []
        if isinstance(value, (dict, list, tuple)) or _is_object(value) or is_record(value):
            found = structured(value, reader, outcome, name)
            same_keys = same_keys or isinstance(value, dict)
            if not found or outcome.everything:  # dx beside dW and db, where x is no parameter
                known = {slot.leaf.path for slot in found}
                for key, item, get in flat_items(value, reader):
                    leaf = by_name(key, leaves) or next((p for p in leaves if p.key == key), None)
                    if leaf is not None and leaf.path not in known and is_real(item):
                        found.append(Slot(leaf, get))
        elif is_real(value):
            leaf = by_name(name, leaves)
            if leaf is not None:
                found = [Slot(leaf, reader)]
        slots += found
    return slots, same_keys


def _is_object(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.hasobject
