"""What the user calls things in backward, for sentences in the user's own names."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ..problem import Problem

_ERROR = re.compile(r"d[A-Za-z_]*\d*|.*delta.*|.*error.*|g(rad)?_?[a-z]*\d*", re.IGNORECASE)


def delta_of(problem: Problem | None, names: Sequence[str]) -> str:
    """The name of the error that the gradients of these arrays are all made from, or nothing.

    It is what the lines of all of them have in common: ``dZ2`` for ``dW2 = dZ2 @ A1.T`` and
    ``db2 = dZ2.sum(axis=1)``.
    """
    tree = _backward(problem) if problem is not None and len(names) > 1 else None
    if tree is None:
        return ""
    common: set[str] | None = None
    for name in names:
        used = _used(tree, {name, f"d{name}", f"d_{name}", f"grad_{name}"})
        if used is None:
            return ""
        common = used if common is None else common & used
    local = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    own = {f"d{name}" for name in names}
    found = sorted(n for n in (common or set()) & local if _ERROR.fullmatch(n) and n not in own)
    return found[0] if len(found) == 1 else ""


def _used(tree: ast.AST, targets: set[str]) -> set[str] | None:
    """Names on the right of the lines that make a gradient; None where there is no such line."""
    used: set[str] | None = None
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            made = {label for target in node.targets for label in _labels(target)}
        elif isinstance(node, ast.AugAssign):
            made = set(_labels(node.target))
        else:
            continue
        if made & targets:
            names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            used = names if used is None else used | names
    return used


def _labels(target: ast.expr) -> Iterator[str]:
    """What a line assigns to: ``dW2``, or the key of ``grads["dW2"]``, or ``self.dW2``."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        yield str(target.slice.value)
    elif isinstance(target, ast.Attribute):
        yield target.attr
    elif isinstance(target, (ast.Tuple, ast.List)):
        for item in target.elts:
            yield from _labels(item)


def _backward(problem: Problem) -> ast.AST | None:
    """The source of the backward pass, where there is one."""
    short = problem.gradient_name.rpartition(".")[2]
    for root in (*problem.roots, problem.grad):
        function: Any = root.func if isinstance(root, partial) else root
        if inspect.isroutine(function) and getattr(function, "__name__", "") in (short, "<lambda>"):
            try:
                return ast.parse(textwrap.dedent(inspect.getsource(function)))
            except (OSError, TypeError, SyntaxError):
                continue
        for name, value in root.items() if isinstance(root, dict) else ():
            method = getattr(type(value), short, None)
            if problem.gradient_name.startswith(f"{name}.") and inspect.isfunction(method):
                try:
                    return ast.parse(textwrap.dedent(inspect.getsource(method)))
                except (OSError, TypeError, SyntaxError):
                    continue
    return None
