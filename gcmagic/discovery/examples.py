"""How many examples the data hold: one alone hides a missing division by their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..adapters.names import decoration, is_held_out, kind
from .binding import Proposal
from .evidence import Evidence, is_number


def of_one_example(proposal: Proposal) -> str:
    """The names of X and Y where they hold a single example, ``xb, yb``; empty elsewhere."""
    bound = {slot.leaf.path[0] for slot in proposal.reading.slots}
    roots = {n: root for n, root in proposal.wiring.roots.items() if n not in bound}
    xs = [n for n, root in roots.items() if kind(n) == "x" and is_number(root.value)]
    ys = [n for n, root in roots.items() if kind(n) == "y" and is_number(root.value)]
    if len(xs) != 1 or len(ys) != 1:
        return ""
    x, y = roots[xs[0]], roots[ys[0]]
    return f"{x.text}, {y.text}" if _common(x.value, y.value) == {1} else ""


def fuller(proposal: Proposal, evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Names of pairs of data like those of a proposal, with two examples and more."""
    values = proposal.wiring.roots.items()
    now = {kind(n): root.value for n, root in values if kind(n) in ("x", "y")}
    found: Mapping[str, list[str]] = {
        label: [
            n
            for n, value in evidence.values.items()
            if kind(n) == label and not is_held_out(n) and _is_like(value, now[label])
        ]
        for label in ("x", "y")
    }
    pairs = [
        (x, y)
        for x in found["x"]
        for y in found["y"]
        if decoration(x) == decoration(y)
        if max(_common(evidence.values[x], evidence.values[y]), default=1) > 1
    ]
    yield from sorted(pairs, key=lambda pair: ("train" not in decoration(pair[0]), pair))


def _is_like(value: Any, one: Any) -> bool:
    if not isinstance(value, np.ndarray) or not is_number(value) or value.ndim != np.ndim(one):
        return False
    return sum(a != b for a, b in zip(value.shape, np.shape(one), strict=True)) == 1


def _common(x: Any, y: Any) -> set[int]:
    """Sizes that X and Y share along one axis: the number of examples is one of them."""
    if np.size(y) == 1:
        return {1}
    return {a for a, b in zip(np.shape(x), np.shape(y), strict=False) if a == b}
