"""F: backward moves the parameters itself; the gradient is (before - after) / learning rate."""

from __future__ import annotations

import re

import numpy as np

from .calling import Leaf, Outcome, Reading, Slot, all_leaves, follow, is_real
from .pairing import candidates, in_order


def read(outcome: Outcome) -> Reading | None:
    """The parameters that backward's source updates, or that it returns, by their names."""
    rate = outcome.rate
    if not rate:
        return None
    leaves = candidates(outcome)
    slots = [
        Slot(leaf, get)
        for name, value, get in outcome.elements
        for leaf in leaves
        if is_real(value) and name == leaf.key and np.shape(value) == np.shape(leaf.value)
    ]
    if not slots:
        slots = _called_new(outcome)
    if not slots:
        slots = [
            Slot(leaf, lambda scope, p=leaf.path: follow(scope, p))
            for leaf in leaves
            if _updated(leaf, outcome)
        ]
        # `grads.W += ...` reads like an update of the parameters and moves none of them
        if not any(_has_moved(slot.leaf, outcome) for slot in slots):
            return None
    if not slots:
        return None
    note = f"gradients are read from the update of the parameters, at learning rate {rate:g}"
    return Reading("F", in_order(slots, outcome), None, (note,), fused=True, rate=rate)


def _has_moved(leaf: Leaf, outcome: Outcome) -> bool:
    if len(leaf.path) == 1:  # a global that backward may have bound anew, unseen here
        return True
    before, after = follow(outcome.before, leaf.path), follow(outcome.after, leaf.path)
    return not np.array_equal(before, after)


def _called_new(outcome: Outcome) -> list[Slot]:
    """``new_m, new_b``, or what the call binds to ``m, b``: all that is returned, or nothing.

    A name that is mostly one for data or for a count, ``m``, is a parameter's here.
    """
    leaves = candidates(outcome) if outcome.wanted else all_leaves(outcome.roots)
    elements = outcome.elements
    slots = []
    for k, (name, value, get) in enumerate(elements):
        others = [group[k] for group in outcome.aliases if len(group) == len(elements)]
        keys = {_without_new(n) for n in (name, *others) if n}
        hits = [leaf for leaf in leaves if leaf.key in keys]
        if len(hits) != 1 or not is_real(value) or np.shape(value) != np.shape(hits[0].value):
            return []
        slots.append(Slot(hits[0], get))
    return slots if len({slot.leaf.path for slot in slots}) == len(slots) else []


def _without_new(name: str) -> str:
    """``b`` for ``new_b``, ``b_new``, ``updated_b`` and ``b_next``."""
    return re.sub(r"^(new|next|updated)_|_(new|next|updated)$", "", name)


def _updated(leaf: Leaf, outcome: Outcome) -> bool:
    steps = {str(step if isinstance(step, str) else step[1]) for step in leaf.path}
    if not steps & outcome.updated:
        return False
    try:
        before = follow(outcome.before, leaf.path)
    except (KeyError, AttributeError, IndexError):
        return False  # made by the run: a layer's cache
    return np.shape(before) == np.shape(leaf.value)
