"""Gradients where the user says that they are: ``--grads grads``, ``--grads layer.dW,layer.db``.

Each text is the name of something that backward returned, or an expression over the variables of
the program. With as many parameters named as gradients they belong together by place, else by name.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import BindingError
from .calling import RESULT, Leaf, Outcome, Path, Read, Reading, Slot, is_real, path_text
from .entries import entries
from .pairing import by_name, candidates, in_order
from .returned import slots_of
from .same_call import cost_element

_NAME = re.compile(r"\w+")


def read(outcome: Outcome) -> Reading | None:
    """The gradients that the user named; None where none were.

    Raises
    ------
    BindingError
        Where one of them is not there, or belongs to no parameter.
    """
    if not outcome.grads:
        return None
    items = [(text, *_find(text, outcome)) for text in outcome.grads]
    leaves = candidates(outcome)
    slots: list[Slot] = []
    left: list[tuple[str, Any, Read]] = []
    for k, (text, value, reader) in enumerate(items):
        found = _by_place(outcome.places[k], value, reader, leaves) if outcome.places else []
        found = found or _beside(text, value, reader, leaves)
        found = found or slots_of([(_last(text), value, reader)], outcome)[0]
        slots += found
        left += [] if found else [(text, value, reader)]
    taken = {slot.leaf.path for slot in slots}
    shaped = _by_shape(left, [leaf for leaf in leaves if leaf.path not in taken])
    if len(shaped) < len(left):
        text = left[0][0]
        raise BindingError(
            f"--grads {text} belongs to no parameter, or to several; needed: a name such as dW1 "
            "for W1, or the parameters in the same order: --params W1,b1 --grads "
            + ",".join(outcome.grads[:2])
        )
    slots += shaped
    ordered = in_order(slots, outcome)
    unasked = _unasked({slot.leaf.path for slot in slots}, leaves, outcome)
    paths = tuple(leaf.path for leaf in unasked)
    names = " ".join(leaf.name for leaf in unasked)
    notes = (f"{names}: not checked, --grads names no gradient of it",) if names else ()
    cost = cost_element(outcome)
    if cost is None:
        return Reading("G", ordered, notes=notes, unasked=paths)
    return Reading("G", ordered, cost.read, notes, cost.label, cost.sure, unasked=paths)


def _unasked(taken: set[Path], leaves: list[Leaf], outcome: Outcome) -> list[Leaf]:
    """Parameters whose gradients backward gives and the user did not name."""
    names = [entry.name for entry in entries(outcome) if entry.name]
    found = {leaf.path: leaf for name in names if (leaf := by_name(name, leaves)) is not None}
    return [leaf for path, leaf in found.items() if path not in taken]


def _find(text: str, outcome: Outcome) -> tuple[Any, Read]:
    """The value of a text, and how to read it from the variables of the program."""
    known: dict[str, Read] = {name: read for name, _, read in outcome.elements if name}
    for _, value, read in outcome.elements:
        if isinstance(value, dict):  # dW1 of {"dW1": ..., "dW2": ...}
            for key in value:
                if isinstance(key, str) and key.isidentifier():
                    known.setdefault(key, lambda scope, key=key, read=read: read(scope)[key])
    for names in outcome.aliases:
        if len(names) == 1 and names[0]:
            known.setdefault(names[0], lambda scope: scope[RESULT])
        for k, name in enumerate(names if len(names) > 1 else ()):
            if name:
                known.setdefault(name, lambda scope, k=k: scope[RESULT][k])
    used = set(_NAME.findall(text))
    returned = {name: read for name, read in known.items() if name in used}
    code = compile(text, "<--grads>", "eval")

    def reader(scope: Any) -> Any:
        return eval(code, {**scope, **{name: get(scope) for name, get in returned.items()}})

    first = _NAME.match(text)
    if not returned and first is not None and first[0] not in outcome.after:
        raise BindingError(
            f"--grads {text}: no call leaves anything called {first[0]}; returned: "
            + (", ".join(known) or "nothing with a name")
        )
    try:
        return reader(outcome.after), reader
    except Exception as error:
        raise BindingError(f"--grads {text}: {type(error).__name__}: {error}") from None


def _by_place(wanted: frozenset[str], value: Any, reader: Read, leaves: list[Leaf]) -> list[Slot]:
    hits = [p for p in leaves if wanted & {p.name, p.key, path_text(p.path)}]
    return [Slot(hits[0], reader)] if len(hits) == 1 and is_real(value) else []


def _beside(text: str, value: Any, reader: Read, leaves: list[Leaf]) -> list[Slot]:
    # layer.dW is the gradient of layer.W, whatever other layers are called
    owner = text.rpartition(".")[0]
    near = [leaf for leaf in leaves if owner and path_text(leaf.path).rpartition(".")[0] == owner]
    leaf = by_name(_last(text), near) if is_real(value) else None
    return [Slot(leaf, reader)] if leaf is not None else []


def _by_shape(items: list[tuple[str, Any, Read]], leaves: list[Leaf]) -> list[Slot]:
    shapes = [np.shape(value) if is_real(value) else None for _, value, _ in items]
    slots: list[Slot] = []
    for shape, (_, _, reader) in zip(shapes, items, strict=True):
        fits = [leaf for leaf in leaves if np.shape(leaf.value) == shape]
        if len(fits) == 1 and shapes.count(shape) == 1:
            slots.append(Slot(fits[0], reader))
    return slots


def _last(text: str) -> str:
    return _NAME.findall(text)[-1]
