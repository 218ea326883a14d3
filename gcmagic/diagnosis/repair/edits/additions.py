"""A statement that is gone: what was done to an array after it was computed, put behind it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from ..nodes import LOAD, STORE, at, binary, name, number
from ..sites import Edit
from .factors import factors_of, is_gradient, scaled_by_counts
from .look import Look


def edits(look: Look) -> Iterator[Edit]:
    """Statements behind this one that scale, mask or clear the array that it changes."""
    statement = look.site.statement
    if look.site.header:
        return
    yield from _carried(look)
    key = _changed(statement)
    if key is None:
        return
    shape = look.scope.shape(name(key))
    if not shape:
        return
    partial = not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name))
    if partial:  # else the value itself takes the factor
        for level, value in scaled_by_counts(look, name(key)):
            yield _behind(look, level, key, value)
        if look.limit >= 2:
            for level, factor in factors_of(look, shape):
                yield _behind(look, level, key, binary(name(key), ast.Mult, factor))
    if look.limit >= 3:
        for index in _margins(len(shape)):
            target = at(ast.Subscript(name(key), index, STORE))
            made = at(ast.Assign([target], number(0)))
            yield look.put(3, "clear", lambda made=made: (statement, made))


def _carried(look: Look) -> Iterator[Edit]:
    """At the end of a loop: what it hands on to the next step, scaled or computed anew."""
    site, scope = look.site, look.scope
    after = site.body[site.index + 1 :]
    if not site.depth or look.limit < 3 or not all(isinstance(s, ast.Pass) for s in after):
        return
    statement = site.statement
    inside = [node for part in site.body for node in ast.walk(part) if isinstance(node, ast.Name)]
    read = {node.id for node in inside if isinstance(node.ctx, ast.Load)}
    first: dict[str, str] = {}
    for other in look.every:  # bound before the loop, and so handed on
        key = _changed(other.statement) if not other.header else None
        if key is not None and other.depth < site.depth:
            first.setdefault(key, key)
    for atom in scope.arrays:
        if atom.label not in read or atom.label not in first or len(atom.shape) < 1:
            continue
        for other in scope.arrays:
            if other.label == atom.label:
                continue
            if other.shape == atom.shape and not is_gradient(other):
                value = binary(atom.node, ast.Mult, other.node)
                yield look.put(3, "carry", _then(statement, atom.label, value))
            if len(other.shape) == len(atom.shape) == 2 and is_gradient(other):
                for weights in scope.arrays:
                    swapped = weights.shape == (atom.shape[1], other.shape[1])
                    if swapped and other.shape[0] == atom.shape[0]:
                        turned = at(ast.Attribute(weights.node, "T", LOAD))
                        value = binary(other.node, ast.MatMult, turned)
                        yield look.put(3, "carry", _then(statement, atom.label, value))


def _then(statement: ast.stmt, key: str, value: ast.expr) -> Callable[[], tuple[ast.stmt, ...]]:
    made = at(ast.Assign([at(ast.Name(key, STORE))], value))
    return lambda: (statement, made)


def _behind(look: Look, level: int, key: str, value: ast.expr) -> Edit:
    statement = look.site.statement
    made = at(ast.Assign([at(ast.Name(key, STORE))], value))
    if isinstance(value, ast.BinOp) and getattr(value.left, "id", "") == key:
        made = at(ast.AugAssign(at(ast.Name(key, STORE)), value.op, value.right))
        if isinstance(value.right, ast.Compare):  # a mask is no number for in-place products
            made = at(ast.Assign([at(ast.Name(key, STORE))], value))
    return look.put(level, "scale", lambda: (statement, made))


def _changed(statement: ast.stmt) -> str | None:
    """The array that a statement changes or makes: ``dE`` in ``dE[i] += x``, too."""
    target: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AugAssign):
        target = statement.target
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func  # np.add.at(dE, i, x)
        if isinstance(function, ast.Attribute) and function.attr == "at" and statement.value.args:
            target = statement.value.args[0]
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else None


def _margins(axes: int) -> Iterator[ast.expr]:
    """The first and the last along each of two axes."""
    for k in (0, -1):
        yield number(k)
        if axes >= 2:
            every = at(ast.Slice())
            yield at(ast.Tuple([every, number(k)], LOAD))
