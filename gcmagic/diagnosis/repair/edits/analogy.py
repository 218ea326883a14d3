"""Sibling analogy: ``dW2 = ...`` rebuilt from ``dW3 = ...`` with the indices moved along.

Layers, gates and steps are written alike; where one of them is right, it says what another should
be. Hardly any edits, and they cover most notebooks that write their layers out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from ..scope import Scope
from ..sites import Edit, Site
from .look import Look

_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)$")


def edits(look: Look) -> Iterator[Edit]:
    """The statement as each of its siblings would have it."""
    if look.site.header:
        return
    mine = _target_word(look.site)
    if mine is None:
        return
    here = look.scope.text(look.site.statement)
    for site in look.every:
        if site.header or site is look.site:
            continue
        other = _target_word(site)
        if other is None or other == mine:
            continue
        for rule in _rules(other, mine):
            made = _rebuilt(site.statement, rule, look.scope)
            if made is not None and ast.unparse(made) != here:
                yield look.put(0, "analogy", lambda made=made: made)
                break


def missing(look: Look) -> Iterator[Edit]:
    """What follows a sibling and does not follow this statement, put behind it."""
    mine = None if look.site.header else _target_word(look.site)
    if mine is None:
        return
    after = _next(look.site)
    texts = {look.scope.text(site.statement) for site in look.every if not site.header}
    for site in look.every:
        other = _target_word(site) if not site.header else None
        follower = _next(site)
        if other is None or other == mine or follower is None or follower is after:
            continue
        for rule in _rules(other, mine):
            made = _rebuilt(follower, rule, look.scope)
            if made is not None and ast.unparse(made) not in texts:
                statement = look.site.statement
                yield look.put(1, "analogy", lambda made=made, old=statement: (old, made))
                break


def _next(site: Site) -> ast.stmt | None:
    found = site.body[site.index + 1] if site.index + 1 < len(site.body) else None
    return found if isinstance(found, (ast.Assign, ast.AugAssign)) else None


def _target_word(site: Site) -> str | None:
    """The name that a statement assigns: ``dW1``, also in ``grads["dW1"]`` and ``self.dW1``."""
    statement = site.statement
    target: Any = None
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
    elif isinstance(statement, ast.AugAssign):
        target = statement.target
    if isinstance(target, ast.Tuple) and target.elts:
        target = target.elts[0]
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript):
        if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
            return target.slice.value
        return target.value.id if isinstance(target.value, ast.Name) else None
    return None


class _Rule:
    """How a word of one sibling becomes the word of another."""

    def __init__(self, old: str, new: str, shift: int | None) -> None:
        self.old, self.new, self.shift = old, new, shift

    def __call__(self, word: str) -> str:
        if self.shift is not None:
            found = _NUMBERED.fullmatch(word)
            if found is None:
                return word
            moved = int(found[2]) + self.shift
            return f"{found[1]}{moved}{found[3]}" if moved >= 0 else word
        if word == self.old:
            return self.new
        for form in (rf"(?<![a-zA-Z]){self.old}(?![a-zA-Z])", rf"{self.old}$", rf"^(d?){self.old}"):
            if re.search(form, word):
                put = rf"\g<1>{self.new}" if "(d?)" in form else self.new
                return re.sub(form, put, word, count=1)
        return word


def _rules(other: str, mine: str) -> Iterator[_Rule]:
    a, b = _NUMBERED.fullmatch(other), _NUMBERED.fullmatch(mine)
    if a and b and (a[1], a[3]) == (b[1], b[3]):
        yield _Rule("", "", int(b[2]) - int(a[2]))
        return
    start = 0
    while start < min(len(other), len(mine)) and other[start] == mine[start]:
        start += 1
    end = 0
    while end < min(len(other), len(mine)) - start and other[-1 - end] == mine[-1 - end]:
        end += 1
    old, new = other[start : len(other) - end], mine[start : len(mine) - end]
    if old and new and len(old) <= 5 and (start or end):
        yield _Rule(re.escape(old), new, None)


def _rebuilt(statement: ast.stmt, rule: _Rule, scope: Scope) -> ast.stmt | None:
    made = _Shift(rule, scope)
    result = made.visit(ast.parse(scope.text(statement)).body[0])
    return None if made.failed else result


class _Shift(ast.NodeTransformer):
    def __init__(self, rule: _Rule, scope: Scope) -> None:
        self.rule, self.scope, self.failed = rule, scope, False

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in ("np", "numpy", "self"):
            return node
        new = self.rule(node.id)
        if new != node.id:
            new = self._known(new, self.scope.identifiers | set(self.scope.outer))
            if new is None and isinstance(node.ctx, ast.Load):
                # what has no counterpart is shared: X, m; and A0 is the data
                new = self._data(node) or (node.id if self.rule.shift is None else None)
            if new is None:
                self.failed = True
                return node
        return ast.copy_location(ast.Name(new, node.ctx), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        new = self.rule(node.attr)
        if new != node.attr and isinstance(node.value, ast.Name) and node.value.id == "self":
            node.attr = new
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):
            return ast.copy_location(ast.Constant(self.rule(node.value)), node)
        return node

    def _known(self, word: str, words: Any) -> str | None:
        return word if word in words else None

    def _data(self, node: ast.Name) -> str | None:
        found = _NUMBERED.fullmatch(self.rule(node.id))
        if found is None or int(found[2]) != 0:
            return None
        return next((key for key in ("X", "x", "inputs", "A0") if key in self.scope.identifiers
                     or key in self.scope.outer), None)  # fmt: skip
