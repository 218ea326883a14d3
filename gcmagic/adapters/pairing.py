"""Which gradient belongs to which parameter: by key, by name, by parallel structure, by shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .calling import (
    Leaf,
    Outcome,
    Path,
    Read,
    Scope,
    Slot,
    all_leaves,
    children,
    containers,
    distinctly_named,
    follow,
    is_named_tuple,
    is_real,
    is_record,
    path_text,
)
from .entries import gets_gradient
from .names import COUNTS, gradient_stems, kind, match_name, stems_of

Steps = tuple[Any, ...]

# what value objects call the two: ``p.data`` and ``p.grad``
VALUES = frozenset({"value", "val", "data", "v", "w", "x"})
GRADIENTS = frozenset({"grad", "gradient", "deriv", "d", "derivative", "g", "g_", "dvalue"})


def candidates(outcome: Outcome) -> list[Leaf]:
    """Leaves that may be parameters: data and rates, known by their names, are not."""
    found = all_leaves(outcome.roots)
    if outcome.wanted:
        return [
            leaf
            for leaf in found
            if {str(leaf.path[0]), leaf.name, path_text(leaf.path)} & set(outcome.wanted)
        ]
    if outcome.everything:
        return found
    data = [leaf for leaf in found if _is_data(leaf, outcome.roots)]
    paths = {leaf.path for leaf in data}
    plain = [leaf for leaf in found if leaf.path not in paths]
    meant = {leaf.path for leaf in data if _has_gradient(leaf, outcome, data, plain)}
    return [leaf for leaf in found if leaf.path not in paths or leaf.path in meant]


def _has_gradient(
    leaf: Leaf, outcome: Outcome, data: Sequence[Leaf], plain: Sequence[Leaf]
) -> bool:
    """True where a name that is mostly one for data stands beside a gradient ``d<name>``.

    A slope ``m`` is no number of examples where there is a ``dm``. Inputs and labels stay data
    where both are there: the ``dX`` of a layer is for the layer below.
    """
    label = kind(leaf.key)
    if any(other.key == leaf.key for other in plain):
        return False  # the number m beside params["m"]
    if label not in ("x", "y"):
        return gets_gradient(leaf, outcome)
    if len(leaf.path) > 1 or not gets_gradient(leaf, outcome):
        return False
    labels = [kind(other.key) for other in data if other.path != leaf.path]
    apart = [other for other in plain if gets_gradient(other, outcome)]
    return label in labels or not apart or not {"x", "y"} - {label} & set(labels)


def _is_data(leaf: Leaf, roots: Scope) -> bool:
    label = kind(leaf.key)
    if leaf.key == "data" and leaf.through_object:  # p.data beside p.grad
        beside = {step[1] for step, _ in children(follow(roots, leaf.path[:-1]))}
        if beside & GRADIENTS:
            return False
    if len(leaf.path) == 1 or leaf.through_object:
        return label in ("x", "y", "rate", "penalty") or leaf.key in COUNTS
    return False


def by_name(name: str | None, leaves: Sequence[Leaf]) -> Leaf | None:
    """The leaf whose gradient is called `name`."""
    if not name:
        return None
    by_key: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        by_key.setdefault(leaf.key, []).append(leaf)
    for stem in stems_of(name):
        hit = match_name(stem, by_key)
        if hit is not None and len(by_key[hit]) == 1:
            return by_key[hit][0]
    return None


def parallel(params: Any, grads: Any) -> list[tuple[Steps, Steps]]:
    """Pairs of paths into two structures of one build; keys may differ by a ``d``."""
    if is_real(params) and (is_real(grads) or _is_listed(grads, np.shape(params))):
        return [((), ())]
    found: list[tuple[Steps, Steps]] = []
    (own, kind_), (others, other_kind) = _keyed(params), _keyed(grads)
    if own is not None and others is not None:
        used: set[Any] = set()
        for key, value in own.items():
            other = _key_for(key, others, own)
            if other is None or other in used:
                continue
            used.add(other)
            found += _below(value, others[other], (kind_, key), (other_kind, other))
    elif _is_list(params) and _is_list(grads) and len(params) == len(grads):
        keys = zip(*([step for step, _ in _items(one)] for one in (params, grads)), strict=True)
        for k, (key, other) in enumerate(keys):
            found += _below(params[k], grads[k], key, other)
    return found


def _is_listed(value: Any, shape: tuple[int, ...]) -> bool:
    """Whether it is lists of numbers of this shape: ``dW.tolist()``."""
    if not shape or not isinstance(value, (list, tuple)) or len(value) != shape[0]:
        return False
    try:
        array = np.array(value)
    except ValueError:
        return False
    return array.shape == shape and array.dtype.kind in "fiu"


def _keyed(value: Any) -> tuple[dict[Any, Any] | None, str]:
    """What a dict, a named tuple or a record holds by name, and how its parts are asked for."""
    if isinstance(value, dict):
        return value, "item"
    if is_named_tuple(value) or is_record(value):
        return {key: item for (_, key), item in children(value)}, "attr"
    return None, ""


def _items(value: Any) -> list[tuple[Any, Any]]:
    return (
        children(value)
        if is_named_tuple(value)
        else [(("item", k), v) for k, v in enumerate(value)]
    )


def _below(value: Any, grad: Any, step: Any, other: Any) -> list[tuple[Steps, Steps]]:
    return [((step, *a), (other, *b)) for a, b in parallel(value, grad)]


def _key_for(key: Any, grads: dict[Any, Any], params: dict[Any, Any]) -> Any:
    """The key of the gradient of ``params[key]``."""
    if not isinstance(key, str):
        return key if key in grads else None
    names = [str(k) for k in params]
    for other in grads:
        if not isinstance(other, str) or other in params:
            continue  # `db1` means b1, unless the parameters have a `db1` themselves
        if any(match_name(stem, names) == key for stem in gradient_stems(other)):
            return other
    return key if key in grads else None


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (
        isinstance(value, np.ndarray) and value.dtype.hasobject and value.ndim == 1
    )


def structured(grads: Any, read: Read, outcome: Outcome, name: str | None = None) -> list[Slot]:
    """Slots from a dict, list or record of gradients and the container that it runs parallel to.

    Several containers may fit (weights and biases of one length): the one that `name` means is
    taken, else the one with the most pairs of the same shape; a tie gives nothing.
    """
    known = {leaf.path: leaf for leaf in candidates(outcome)}
    best: list[tuple[tuple[int, int, int], list[Slot]]] = []
    for label, path, value in containers(outcome.roots):
        pairs = [(known[(*path, *a)], b) for a, b in parallel(value, grads) if (*path, *a) in known]
        if not pairs:
            continue
        fits = sum(np.shape(leaf.value) == np.shape(_get(grads, b)) for leaf, b in pairs)
        named = bool(name) and any(match_name(s, [label]) for s in gradient_stems(name or ""))
        rank = (int(named), fits, int(kind(label) in ("params", "vector")))
        slots = [Slot(leaf, _reader(read, b)) for leaf, b in pairs]
        best.append((rank, slots))
    best.sort(key=lambda item: item[0], reverse=True)
    if not best or (len(best) > 1 and best[0][0] == best[1][0]):
        return []
    return best[0][1]


def _get(value: Any, steps: Steps) -> Any:
    for how, key in steps:
        value = getattr(value, key) if how == "attr" else value[key]
    return value


def _reader(read: Read, steps: Steps) -> Callable[[Scope], Any]:
    return lambda scope: _get(read(scope), steps)


def distinct(slots: Sequence[Slot]) -> list[Slot]:
    """The slots without second readings of one parameter."""
    found: dict[Path, Slot] = {}
    for slot in slots:
        found.setdefault(slot.leaf.path, slot)
    return list(found.values())


def in_order(slots: Sequence[Slot], outcome: Outcome) -> tuple[Slot, ...]:
    """Slots in the order in which the parameters lie in the user's own structure."""
    order = {leaf.path: k for k, leaf in enumerate(all_leaves(outcome.roots))}
    ordered = sorted(distinct(slots), key=lambda slot: order.get(slot.leaf.path, 0))
    leaves = distinctly_named([slot.leaf for slot in ordered])
    return tuple(replace(slot, leaf=leaf) for leaf, slot in zip(leaves, ordered, strict=True))


def flat_items(grads: Any, read: Read) -> Iterator[tuple[str | None, Any, Read]]:
    """Keys of a dict of gradients as names."""
    if isinstance(grads, dict):
        for key, value in grads.items():
            yield (key if isinstance(key, str) else None, value, lambda s, k=key: read(s)[k])
