"""Whole statements: accumulate or assign, leave out, exchange with the next, write elsewhere."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any

from ..nodes import at, loaded, name
from ..sites import Edit
from .look import Look, target_of


def edits(look: Look) -> Iterator[Edit]:
    """Edits of a statement as a whole."""
    if look.site.header:
        return
    statement = look.site.statement
    yield from _accumulation(look, statement)
    yield from _scattered(look, statement)
    yield from _left_out(look, statement)
    if look.limit < 2:
        return
    yield from _targets(look, statement)
    body, index = look.site.body, look.site.index
    if index + 1 < len(body) and body[index + 1] is not look.site.unit.keeper:
        after = body[index + 1]
        if not isinstance(after, ast.Return) and not isinstance(statement, ast.Return):
            yield look.put(2, "order", lambda: (after, statement), span=2)
    if look.limit < 3:
        return
    for later in range(index + 2, min(index + 6, len(body))):
        last = body[later]
        if isinstance(last, ast.Return) or last is look.site.unit.keeper:
            break
        between = tuple(body[index + 1 : later + 1])
        moved = (*between, statement)
        yield look.put(3, "order", lambda moved=moved: moved, span=len(moved))
        back = (last, *body[index:later])
        yield look.put(3, "order", lambda back=back: back, span=len(back))


def _accumulation(look: Look, statement: ast.stmt) -> Iterator[Edit]:
    if isinstance(statement, ast.AugAssign):
        assign = at(ast.Assign([statement.target], statement.value))
        yield look.put(1, "accumulate", lambda: assign)
        for old, new in (
            (ast.Add, ast.Sub),
            (ast.Sub, ast.Add),
            (ast.Mult, ast.Div),
            (ast.Div, ast.Mult),
        ):
            if isinstance(statement.op, old):
                made = at(ast.AugAssign(statement.target, new(), statement.value))
                yield look.put(1, "flip", lambda made=made: made)
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, (ast.Name, ast.Subscript, ast.Attribute)):
            for operator, level in ((ast.Add, 1), (ast.Sub, 3), (ast.Mult, 3)):
                made = at(ast.AugAssign(target, operator(), statement.value))
                yield look.put(level, "accumulate", lambda made=made: made)


def _scattered(look: Look, statement: ast.stmt) -> Iterator[Edit]:
    """``dE[i] += x`` adds once where an index occurs twice; np.add.at adds each time."""
    target: Any = None
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, (ast.Add, ast.Sub)):
        target = statement.target
    elif isinstance(statement, ast.Assign):
        target = statement.targets[0]
    if isinstance(target, ast.Subscript):
        array, index = target.value, target.slice
        value = statement.value  # pyright: ignore[reportAttributeAccessIssue]
        for key in ("add", "subtract"):
            function = at(
                ast.Attribute(at(ast.Attribute(name("np"), key, ast.Load())), "at", ast.Load())
            )
            made = at(ast.Expr(at(ast.Call(function, [loaded(array), index, value], []))))
            yield look.put(1 if key == "add" else 3, "scatter", lambda made=made: made)


def _left_out(look: Look, statement: ast.stmt) -> Iterator[Edit]:
    if isinstance(statement, (ast.AugAssign, ast.Expr)):
        yield look.put(1, "leave out", lambda: ())
    elif isinstance(statement, ast.Assign):
        yield look.put(2, "leave out", lambda: ())


def _targets(look: Look, statement: ast.stmt) -> Iterator[Edit]:
    """The value put under another name of its shape that the function assigns as well."""
    if look.target is None:
        return
    here = look.scope.value(look.target)
    shape = look.scope.shape(look.target)
    if shape is None or isinstance(here, int):
        return
    seen = set()
    for site in look.every:
        other = target_of(site)
        if other is None:
            continue
        label = ast.unparse(other)
        if label in seen or label == ast.unparse(look.target):
            continue
        seen.add(label)
        if look.scope.shape(other) == shape:
            target: Any = copy.copy(other)
            target.ctx = ast.Store()
            made: Any = copy.copy(statement)
            if isinstance(made, ast.Assign):
                made.targets = [target]
            else:
                made.target = target
            yield look.put(2, "target", lambda made=made: made)
