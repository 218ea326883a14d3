"""A statement that is gone: what was done to an array after it was computed, put behind it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..nodes import LOAD, STORE, at, binary, name, number
from ..sites import Edit
from .factors import _factors, _scaled
from .look import Look


def edits(look: Look) -> Iterator[Edit]:
    """Statements behind this one that scale, mask or clear the array that it changes."""
    statement = look.site.statement
    if look.site.header:
        return
    key = _changed(statement)
    if key is None:
        return
    shape = look.scope.shape(name(key))
    if not shape:
        return
    partial = not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name))
    if partial:  # else the value itself takes the factor
        for level, value in _scaled(look, name(key)):
            yield _behind(look, level, key, value)
        if look.limit >= 2:
            for level, factor in _factors(look, shape):
                yield _behind(look, level, key, binary(name(key), ast.Mult, factor))
    if look.limit >= 3:
        for index in _margins(len(shape)):
            target = at(ast.Subscript(name(key), index, STORE))
            made = at(ast.Assign([target], number(0)))
            yield look.put(3, "clear", lambda made=made: (statement, made))


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
