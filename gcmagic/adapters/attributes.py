"""L and O: gradients that backward leaves in attributes, ``layer.dW`` beside ``layer.W``.

Wherever a parameter lies, its gradient lies near it: in the same object under a name with a
``d`` or ``grad``, in a dict beside it (``self.grads["W"]``), or as ``.grad`` of a value object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .calling import (
    RESULT,
    Leaf,
    Outcome,
    Path,
    Reading,
    Slot,
    children,
    follow,
    is_cost_like,
    is_real,
)
from .names import gradient_stems, is_cost_variable, match_name
from .pairing import GRADIENTS, VALUES, by_name, candidates, distinct, in_order, parallel
from .same_call import cost_element


def read(outcome: Outcome) -> Reading | None:
    """Pairs of a parameter and an attribute that backward set."""
    known = {leaf.path: leaf for leaf in candidates(outcome) if leaf.through_object}
    slots: list[Slot] = []
    for name, value in outcome.roots.items():
        _visit((name,), value, outcome.roots, known, slots, set())
    if not slots:
        return None
    ordered = in_order(distinct(slots), outcome)
    cost = cost_element(outcome)
    if cost is not None:
        return Reading("L", ordered, cost.read, (), cost.label, cost.sure)
    alone = is_cost_like(outcome.result) and len(outcome.names) == 1
    name = outcome.names[0] if alone else None
    if name and is_cost_variable(name):
        return Reading("L", ordered, lambda scope: scope[RESULT], (), name)
    return Reading("L", ordered)


def _visit(
    path: Path, value: Any, roots: Mapping[str, Any], known: dict[Path, Leaf], slots: list[Slot],
    seen: set[int],
) -> None:  # fmt: skip
    if id(value) in seen or (isinstance(value, np.ndarray) and not value.dtype.hasobject):
        return
    seen.add(id(value))
    parts = children(value)
    here = [known[(*path, step)] for step, _ in parts if (*path, step) in known]
    plain = [leaf for leaf in here if not _is_gradient(leaf.key, here)]
    for step, item in parts:
        key = step[1]
        if isinstance(key, str) and is_real(item):
            leaf = by_name(key, plain)
            if leaf is None and key in GRADIENTS:
                leaf = next((p for p in plain if p.key in VALUES), None)
            if leaf is not None and leaf.key != key:
                slots.append(_slot(leaf, (*path, step)))
        elif isinstance(item, (dict, list, tuple)):
            _beside(path, step, item, parts, known, slots)
    for step, item in parts:
        _visit((*path, step), item, roots, known, slots, seen)


def _beside(
    path: Path, step: Any, grads: Any, parts: list[Any], known: dict[Path, Leaf],
    slots: list[Slot],
) -> None:  # fmt: skip
    # self.grads beside self.params, self.dW beside self.W; or beside plain attributes
    if not _names_gradients(step[1]):
        return
    found: list[tuple[Leaf, Path]] = []
    for other, item in parts:
        fits = match_name(other[1], gradient_stems(step[1])) or step[1] in COLLECTIONS
        if other != step and isinstance(item, (dict, list, tuple)) and fits:
            for a, b in parallel(item, grads):
                leaf = known.get((*path, other, *a))
                if leaf is not None:
                    found.append((leaf, (*path, step, *b)))
    if not found and isinstance(grads, dict):
        plain = [known[(*path, other)] for other, _ in parts if (*path, other) in known]
        for key in grads:
            leaf = next((p for p in plain if p.key == key), None) or by_name(key, plain)
            if leaf is not None and is_real(grads[key]):
                found.append((leaf, (*path, step, ("item", key))))
    slots += [_slot(leaf, place) for leaf, place in found]


def _slot(leaf: Leaf, path: Path) -> Slot:
    return Slot(leaf, lambda scope: follow(scope, path), path)


COLLECTIONS = frozenset({"grads", "gradients", "grad", "gradient", "derivatives", "dparams"})


def _names_gradients(name: Any) -> bool:
    return isinstance(name, str) and (name in COLLECTIONS or bool(gradient_stems(name)))


def _is_gradient(key: str, leaves: list[Leaf]) -> bool:
    return any(
        match_name(stem, [p.key for p in leaves if p.key != key]) for stem in gradient_stems(key)
    )
