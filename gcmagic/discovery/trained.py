"""What the user's code trains: what it updates, and what it has a name for the gradient of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..adapters.names import gradient_stems
from .evidence import Evidence
from .source import updated_names


def is_trained(key: str, evidence: Evidence) -> bool:
    """Whether some cell, function or method updates ``U``, or names a ``dU``."""
    for tree in _trees(evidence):
        if key in {name.rpartition(".")[2] for name in updated_names(tree)}:
            return True
        if any(key in gradient_stems(name) for name in _names(tree)):
            return True
    return False


def _trees(evidence: Evidence) -> Iterator[ast.AST]:
    for cell in evidence.cells:
        try:
            yield ast.parse(cell)
        except (SyntaxError, ValueError):  # magics
            continue
    for name in evidence.callables():
        function = evidence.read(name)
        if function is not None and function.node is not None:
            yield function.node


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield node.value
