"""Names: another variable of the same shape, another count, another number."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..nodes import Spot, binary, negative, number
from ..scope import Atom
from ..sites import Edit
from .look import Look


def edits(look: Look) -> Iterator[Edit]:
    """Each atom of a statement in the place of another that is like it."""
    known = {atom.label: atom for atom in look.scope.atoms}
    for spot in look.spots:
        node = spot.node
        if isinstance(node, ast.Call) and look.limit >= 2 and _is_divisor(spot):
            yield from (look.exchange(2, "name", spot, atom.node) for atom in look.scope.counts)
        if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            continue
        if isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        parent = spot.parent
        deeper = isinstance(parent, ast.Attribute) and parent.attr not in ("T", "shape", "size")
        if deeper and not spot.is_receiver:
            continue
        if isinstance(spot.parent, ast.Call) and spot.field == "func":
            continue
        here = known.get(look.scope.text(node))
        if here is None:
            continue
        for other in look.scope.atoms:
            level = _likeness(here, other)
            if not level and look.site.depth and look.limit >= 3 and _indexed(here, other):
                level = 3  # in a loop shapes change from step to step
            if 0 < level <= look.limit:
                yield look.exchange(level, "name", spot, other.node)
        if here.is_float and look.limit >= 2 and isinstance(parent, (ast.Call, ast.UnaryOp)):
            # np.where(u > 0, tau, 1 - tau)
            yield look.exchange(2, "complement", spot, binary(number(1), ast.Sub, node))
            yield look.exchange(2, "complement", spot, binary(node, ast.Sub, number(1)))
            yield look.exchange(2, "sign", spot, negative(node))
        if look.limit >= 3 and here.is_array and isinstance(spot.parent, (ast.Call, ast.BinOp)):
            yield look.exchange(3, "constant", spot, number(1))
            yield look.exchange(3, "constant", spot, number(0))


def _likeness(here: Atom, other: Atom) -> int:
    """How near another atom is: 1, 2 or 3; 0 where it cannot stand in this place."""
    if other.label == here.label:
        return 0
    if here.is_array and other.is_array:
        if here.shape != other.shape:
            return 0
        return 1 if _same_family(here.key, other.key) else 2
    if here.is_count and other.is_count:
        return 2
    numbers = (here.is_float or here.is_count) and (other.is_float or other.is_count)
    if numbers:
        return 2
    alike = type(here.value) is type(other.value) and not (here.is_array or other.is_array)
    return 2 if alike else 0


def _indexed(here: Atom, other: Atom) -> bool:
    both = (here.node, other.node)
    if here.label == other.label or not (here.is_array and other.is_array):
        return False
    return all(
        isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant)
        for node in both
    )


def _is_divisor(spot: Spot) -> bool:
    return isinstance(spot.parent, ast.BinOp) and (
        isinstance(spot.parent.op, ast.Div) and spot.field == "right"
    )


def _same_family(a: str, b: str) -> bool:
    """W1 and W2, A1 and Z1, dgamma and gamma."""
    stem, index = _split(a)
    other, number = _split(b)
    return stem == other or (bool(index) and index == number)


def _split(word: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?)_?(\d*)", word)
    return (found[1], found[2]) if found else (word, "")
