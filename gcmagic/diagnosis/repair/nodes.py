"""Making syntax trees: small constructors, and a statement with one node of it exchanged."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

LOAD, STORE = ast.Load(), ast.Store()


def at(node: Any) -> Any:
    """The node with a place in the source, which the compiler asks for."""
    node.lineno, node.col_offset = 1, 0
    return node


def name(text: str) -> ast.expr:
    """A name that is read."""
    return at(ast.Name(text, LOAD))


def number(value: Any) -> ast.expr:
    """A constant; a negative number as a minus sign before one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        return at(ast.UnaryOp(ast.USub(), at(ast.Constant(-value))))
    return at(ast.Constant(value))


def binary(left: ast.expr, operator: type[ast.operator], right: ast.expr) -> ast.expr:
    """``left * right``, or another operator."""
    return at(ast.BinOp(left, operator(), right))


def negative(value: ast.expr) -> ast.expr:
    """``-value``."""
    return at(ast.UnaryOp(ast.USub(), value))


def attribute(value: ast.expr, key: str) -> ast.expr:
    """``value.key``."""
    return at(ast.Attribute(value, key, LOAD))


def call(function: ast.expr, *args: ast.expr, **keywords: ast.expr) -> ast.expr:
    """``function(*args, **keywords)``."""
    named = [at(ast.keyword(key, value)) for key, value in keywords.items()]
    return at(ast.Call(function, list(args), named))


def parse(text: str) -> ast.expr:
    """An expression from its text."""
    return ast.parse(text, mode="eval").body


def numpy_call(key: str, *args: ast.expr, **keywords: ast.expr) -> ast.expr:
    """``np.key(...)``."""
    return call(attribute(name("np"), key), *args, **keywords)


def loaded(node: ast.expr) -> ast.expr:
    """What stands left of an assignment, as something that is read."""
    if isinstance(getattr(node, "ctx", None), ast.Store):
        node = copy.copy(node)
        node.ctx = LOAD  # pyright: ignore[reportAttributeAccessIssue]
    return node


Path = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """An expression within a statement, and the way to it."""

    root: ast.AST
    path: Path
    node: Any
    parents: tuple[ast.AST, ...]

    @property
    def parent(self) -> ast.AST:
        """The node that holds it."""
        return self.parents[-1]

    @property
    def field(self) -> str:
        """The field of the parent that holds it."""
        return self.path[-1][0] if self.path else ""

    @property
    def is_receiver(self) -> bool:
        """True for ``x`` in ``x.sum()``."""
        if len(self.parents) < 2 or not isinstance(self.parent, ast.Attribute):
            return False
        above = self.parents[-2]
        return isinstance(above, ast.Call) and above.func is self.parent

    def exchanged(self, new: Any) -> Any:
        """The root with `new` in this place; whatever is not on the way there is shared."""
        return exchanged(self.root, self.path, new)


def exchanged(root: Any, path: Path, new: Any) -> Any:
    """`root` with `new` at the end of `path`."""
    if not path:
        return new
    (field, index), *rest = path
    made = copy.copy(root)
    old = getattr(root, field)
    if index is None:
        setattr(made, field, exchanged(old, tuple(rest), new))
    else:
        items = list(old)
        items[index] = exchanged(old[index], tuple(rest), new)
        setattr(made, field, items)
    return made


def spots(root: ast.AST, fields: tuple[str, ...] | None = None) -> Iterator[Spot]:
    """The expressions below `root`, from the outside in; operators and contexts left out."""
    yield from _below(root, root, (), (), fields)


def _below(
    root: ast.AST,
    node: ast.AST,
    path: Path,
    parents: tuple[ast.AST, ...],
    fields: tuple[str, ...] | None,
) -> Iterator[Spot]:
    for field in fields or node._fields:
        value = getattr(node, field, None)
        items = enumerate(value) if isinstance(value, list) else ((None, value),)
        for index, item in items:
            if isinstance(item, (ast.expr, ast.keyword, ast.comprehension)):
                way = (*path, (field, index))
                above = (*parents, node)
                if isinstance(item, ast.expr):
                    yield Spot(root, way, item, above)
                yield from _below(root, item, way, above, None)


def text(node: ast.AST) -> str:
    """The source of a node."""
    return ast.unparse(node)


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a value; a list of arrays that do not go together has its length."""
    try:
        return np.shape(value)
    except ValueError:
        return (len(value),)
