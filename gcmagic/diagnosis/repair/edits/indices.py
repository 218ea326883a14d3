"""Constants, indices, slices and ranges: one off, doubled, the other way round."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..nodes import Spot, at, binary, call, name, number, numpy_call
from ..sites import Edit
from .look import Look


def edits(look: Look) -> Iterator[Edit]:
    """Edits of the numbers of one statement."""
    for spot in look.spots:
        node, parent = spot.node, spot.parent
        if isinstance(node, ast.Constant) and not isinstance(parent, ast.UnaryOp):
            for level, value in _constants(node.value, _is_place(spot)):
                yield look.exchange(level, "constant", spot, number(value))
            if isinstance(node.value, str) and isinstance(parent, (ast.Call, ast.Compare)):
                for word in look.scope.words:
                    if word != node.value:
                        yield look.exchange(1, "word", spot, number(word))
            if _is_number(node.value) and not _is_place(spot) and look.limit >= 2:
                for value in look.scope.numbers:
                    yield look.exchange(2, "constant", spot, number(value))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            value: Any = node.operand.value
            if isinstance(node.op, ast.USub) and _is_number(value):
                for level, new in _constants(-value, _is_place(spot)):
                    yield look.exchange(level, "constant", spot, number(new))
        elif isinstance(node, ast.Slice):
            for new in _one_each(look, spot):
                yield look.exchange(3, "index", spot, new)
            for level, new in _slices(node):
                yield look.exchange(level, "slice", spot, new)
        elif _is_place(spot) and _is_count(look, node):
            yield look.exchange(1, "index", spot, binary(node, ast.Add, number(1)))
            yield look.exchange(1, "index", spot, binary(node, ast.Sub, number(1)))
        whole = isinstance(parent, ast.Subscript) and spot.field == "slice"
        if whole and isinstance(node, ast.Tuple) and len(node.elts) == 2:
            new = at(ast.Tuple(node.elts[::-1], ast.Load()))
            yield look.exchange(1, "index", spot, new)
    if look.site.header == "iter":
        yield from _loops(look)
    if look.site.header == "test":
        test = look.spots[0]
        yield look.exchange(1, "condition", test, at(ast.UnaryOp(ast.Not(), test.node)))
        if not isinstance(look.site.statement, ast.While):  # it would not end
            yield look.exchange(2, "condition", test, number(True))
        yield look.exchange(2, "condition", test, number(False))


def _constants(value: Any, place: bool) -> Iterator[tuple[int, Any]]:
    if isinstance(value, bool):
        yield 1, not value
    elif _is_number(value):
        near = (value + 1, value - 1, -value)
        far = () if place else (2 * value, value / 2, 0.5, 1, 2, 0, 4, 3, 1 / value if value else 1)
        seen = {value}
        for level, group in (
            (1, near),
            (2, far),
            (3, (value + 2, value - 2, 10 * value, value / 10)),
        ):
            for new in group:
                if new not in seen and abs(new) < 1e9:
                    seen.add(new)
                    whole = isinstance(new, float) and new.is_integer() and isinstance(value, int)
                    yield level, int(new) if whole else new


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_place(spot: Spot) -> bool:
    """True for an index, a bound of a slice or of a range."""
    for field, parent in zip(
        reversed([f for f, _ in spot.path]), reversed(spot.parents), strict=False
    ):
        if isinstance(parent, (ast.Slice,)):
            return True
        if isinstance(parent, ast.Subscript):
            return field == "slice"
        if isinstance(parent, ast.Call):
            return (
                isinstance(parent.func, ast.Name) and parent.func.id == "range" and field == "args"
            )
        if not isinstance(parent, (ast.Tuple, ast.BinOp)):
            return False
    return False


def _is_count(look: Look, node: ast.expr) -> bool:
    if not isinstance(node, (ast.Name, ast.Attribute, ast.BinOp, ast.Subscript, ast.Call)):
        return False
    value = look.scope.value(node)
    return isinstance(value, int) or getattr(getattr(value, "dtype", None), "kind", "") == "i"


def _slices(node: ast.Slice) -> Iterator[tuple[int, ast.expr]]:
    for key in ("lower", "upper", "step"):
        if getattr(node, key) is not None:
            yield 1, _slice(node, **{key: None})
    if node.lower is None:
        yield 1, _slice(node, lower=number(1))
    if node.upper is None:
        yield 1, _slice(node, upper=number(-1))
    if node.step is None:
        yield 2, _slice(node, step=number(-1))
        yield 3, _slice(node, step=number(2))


def _one_each(look: Look, spot: Spot) -> Iterator[ast.expr]:
    """``p[:, y]`` takes all rows for each of y; ``p[np.arange(N), y]`` takes one."""
    whole = spot.node.lower is None and spot.node.upper is None
    if not whole or not isinstance(spot.parent, ast.Tuple):
        return
    for other in spot.parent.elts:
        value = look.scope.value(other) if not isinstance(other, ast.Slice) else None
        if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind == "i":
            for atom in look.scope.counts:
                if atom.value == value.size:
                    yield numpy_call("arange", atom.node)
            yield numpy_call("arange", call(name("len"), other))


def _slice(node: ast.Slice, **changed: Any) -> ast.expr:
    parts = {"lower": node.lower, "upper": node.upper, "step": node.step, **changed}
    return at(ast.Slice(**parts))


def _loops(look: Look) -> Iterator[Edit]:
    spot = look.spots[0]
    if not (isinstance(spot.node, ast.Call) and getattr(spot.node.func, "id", "") == "reversed"):
        yield look.exchange(
            1, "direction", spot, call(name("reversed"), call(name("list"), spot.node))
        )
    whole = call(name("list"), spot.node)
    for part in (at(ast.Slice(number(1))), at(ast.Slice(None, number(-1)))):
        yield look.exchange(2, "range", spot, at(ast.Subscript(whole, part, ast.Load())))
