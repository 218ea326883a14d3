"""V: one vector in, one vector out; and arrays without names that fit one parameter each."""

from __future__ import annotations

import numpy as np

from .calling import Leaf, Outcome, Reading, Slot, is_cost_like, is_real
from .constants import only_input
from .names import gradient_stems, is_cost_variable, is_metric, kind
from .pairing import candidates, in_order
from .same_call import cost_element


def read(outcome: Outcome) -> Reading | None:
    """Match nameless arrays to parameters: the only likely one, or the only one of the shape."""
    cost = cost_element(outcome)
    index = cost.index if cost else None
    elements = [item for k, item in enumerate(outcome.elements) if k != index]
    several = len(elements) > 1
    rest = [
        (value, reader)
        for name, value, reader in elements
        if is_real(value) and not (several and _is_other(name, value))
    ]
    slots = _by_shape(rest, outcome, [name for name, _, _ in elements])
    if not slots:
        return None
    ordered = in_order(slots, outcome)
    if cost is None:
        return Reading("V" if len(rest) == 1 else "T", ordered)
    return Reading("S", ordered, cost.read, (), cost.label, cost.sure)


def _is_other(name: str | None, value: object) -> bool:
    # `return grad, acc`: a number whose name says that it is no gradient
    return is_cost_like(value) and (is_metric(name or "") or is_cost_variable(name or ""))


def _by_shape(rest: list, outcome: Outcome, names: list[str | None]) -> list[Slot]:
    """Slots where each gradient fits one parameter only; a name that says otherwise forbids it."""
    # The gradient of the loss with respect to the output may have the shape of a weight that
    # backward never sees: without a name only what backward itself is given counts
    leaves = [
        leaf
        for leaf in candidates(outcome)
        if outcome.direct is None or leaf.path[0] in outcome.direct
    ]
    likely = [leaf for leaf in leaves if kind(leaf.key) == "vector"] or leaves
    if len(rest) == 1:
        if len(names) == 1 and is_cost_like(rest[0][0]) and not gradient_stems(names[0] or ""):
            likely = [leaf for leaf in likely if np.size(leaf.value) == 1]
        if len(likely) == 1:
            return [Slot(likely[0], rest[0][1])]
        fits = [p for p in likely if np.size(p.value) == np.size(rest[0][0])]
        return [Slot(fits[0], rest[0][1])] if len(fits) == 1 else []

    def fitting(leaf: Leaf) -> bool:
        return any(np.shape(leaf.value) == np.shape(value) for value, _ in rest)

    slots = []
    for value, reader in rest:
        fits = [leaf for leaf in leaves if np.shape(leaf.value) == np.shape(value)]
        if len(fits) > 1:
            fits = [leaf for leaf in fits if not only_input(leaf, outcome.roots, fitting)]
        same = [v for v, _ in rest if np.shape(v) == np.shape(value)]
        if len(fits) == 1 and len(same) == 1:
            slots.append(Slot(fits[0], reader))
    return slots
