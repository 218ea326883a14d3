"""An edit that stands for a while, so that others can be tried beside it."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from types import CodeType

from .nodes import at
from .sites import Edit


def apart(first: Edit, second: Edit) -> bool:
    """Whether two edits change different statements."""
    a, b = first.site, second.site
    if a.body is not b.body:
        return True
    return not (
        a.index <= b.index < a.index + first.span or b.index <= a.index < b.index + second.span
    )


@contextlib.contextmanager
def edited(edit: Edit) -> Iterator[None]:
    """The syntax tree with an edit in it for a while; all other statements keep their places."""
    site = edit.site
    if site.header:
        old = getattr(site.statement, site.header)
        statement = site.statement
        setattr(statement, site.header, edit.new[0])
        try:
            yield
        finally:
            setattr(statement, site.header, old)
        return
    new = list(edit.new) or [at(ast.Pass())]
    inner = new if len(new) == edit.span else [at(ast.If(at(ast.Constant(True)), new, []))]
    inner += [at(ast.Pass()) for _ in range(edit.span - len(inner))]
    kept = list(site.body)
    site.body[site.index : site.index + edit.span] = inner
    try:
        yield
    finally:
        site.body[:] = kept


def compiled(edit: Edit) -> CodeType | None:
    """The code of the user's function with an edit; None where it cannot be compiled."""
    with edited(edit):
        try:
            return edit.site.unit.compiled()
        except (SyntaxError, ValueError, TypeError, RecursionError):
            return None


@contextlib.contextmanager
def standing(edit: Edit | None, code: CodeType | None) -> Iterator[None]:
    """The user's function with an edit and its code for a while; as it is where there is none."""
    if edit is None or code is None:
        yield
        return
    with edited(edit), edit.site.unit.running(code):
        yield
