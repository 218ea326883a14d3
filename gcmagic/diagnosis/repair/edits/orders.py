"""Things in the wrong place: keys of a dict, elements of a tuple, variables that are unpacked."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator

from ..nodes import at
from ..sites import Edit
from .look import Look


def edits(look: Look) -> Iterator[Edit]:
    """Two of the things that a statement lists, exchanged."""
    for spot in look.spots:
        node = spot.node
        if isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        if isinstance(node, ast.Dict) and 2 <= len(node.values) <= 24:
            for values in _exchanged(node.values):
                yield look.exchange(1, "order", spot, at(ast.Dict(node.keys, values)))
        elif isinstance(node, (ast.Tuple, ast.List)) and 2 <= len(node.elts) <= 24:
            for elements in _exchanged(node.elts):
                kind = type(node)
                yield look.exchange(1, "order", spot, at(kind(elements, ast.Load())))
    statement = look.site.statement
    if isinstance(statement, ast.Assign) and not look.site.header:
        target = statement.targets[0]
        if isinstance(target, ast.Tuple) and len(target.elts) <= 12:
            for elements in _exchanged(target.elts):
                made = copy.copy(statement)
                made.targets = [at(ast.Tuple(elements, ast.Store()))]
                yield look.put(2, "order", lambda made=made: made)


def _exchanged(items: list) -> Iterator[list]:
    for i, j in itertools.combinations(range(len(items)), 2):
        new = list(items)
        new[i], new[j] = new[j], new[i]
        yield new
