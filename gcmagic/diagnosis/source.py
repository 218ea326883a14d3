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


def delta_of(problem: Problem | None, names: Sequence[str], right: Sequence[str] = ()) -> str:
    """The name of the error that the gradients of these arrays are all made from, or nothing.

    It is what the lines of all of them have in common: ``dZ2`` for ``dW2 = dZ2 @ A1.T`` and
    ``db2 = dZ2.sum(axis=1)``; what the line of a `right` one takes is not at fault.
    """
    tree = _backward(problem) if problem is not None and len(names) > 1 else None
    if tree is None:
        return ""
    common: set[str] | None = None
    for name in names:
        used = _used(tree, _gradients(name))
        if used is None:
            return ""
        common = used if common is None else common & used
    for name in right:
        common = (common or set()) - (_used(tree, _gradients(name)) or set())
    local = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    own = {f"d{name}" for name in names}
    found = sorted(n for n in (common or set()) & local if _ERROR.fullmatch(n) and n not in own)
    return found[0] if len(found) == 1 else ""


def between(problem: Problem | None, wrong: Sequence[str], right: Sequence[str]) -> tuple[str, ...]:
    """Errors that every wrong gradient is made from, over other lines too, and no right one.

    Where dWm and dWe are wrong and dWv is right, with ``dh = dmu @ Wm.T + dlogvar @ Wv.T``, only
    dmu can be at fault: in the order of the source, or nothing where that order is not told by
    names alone.
    """
    tree = _backward(problem) if problem is not None else None
    if tree is None:
        return ()
    made_from = _flow(tree)
    found: set[str] | None = None
    for name in wrong:
        # a wrong gradient that all other wrong ones are made from may be the mistake itself
        behind = _behind(made_from, name) | _gradients(name) & set(made_from)
        found = behind if found is None else found & behind
    for name in right:
        behind = _behind(made_from, name)
        if not behind:  # made in a way that this does not follow
            return ()
        found = (found or set()) - behind
    found = (found or set()) - {*wrong, *right}
    # d alone is a width more often than an error
    return tuple(n for n in made_from if n in found and len(n) > 1 and _ERROR.fullmatch(n))


def _gradients(name: str) -> set[str]:
    return {name, f"d{name}", f"d_{name}", f"grad_{name}"}


def _behind(made_from: dict[str, set[str]], name: str) -> set[str]:
    """All that the gradient of an array is made from, over as many lines as it takes."""
    reached: set[str] = set()
    left = [label for label in _gradients(name) if label in made_from]
    while left:
        for source in made_from.get(left.pop(), ()):
            if source not in reached:
                reached.add(source)
                left.append(source)
    return reached


def _flow(tree: ast.AST) -> dict[str, set[str]]:
    """Which names each name is made from, in the order in which the source first makes them."""
    made_from: dict[str, set[str]] = {}
    places = [n for n in ast.walk(tree) if isinstance(n, (ast.Assign, ast.AugAssign, ast.Expr))]
    for node in sorted(places, key=lambda n: n.lineno):
        into: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            into = node.targets
        elif isinstance(node, ast.AugAssign):
            into = [node.target]
        elif isinstance(node.value, ast.Call) and node.value.args:  # np.add.at(dE, words, dx)
            into = node.value.args[:1]
        names = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
        for target in into:
            for label in _labels(target, whole=True):
                made_from.setdefault(label, set()).update(names)
    return made_from


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


def _labels(target: ast.expr, whole: bool = False) -> Iterator[str]:
    """What a line assigns to: ``dW2``, or the key of ``grads["dW2"]``, or ``self.dW2``.

    With `whole`, also the array that some rows or columns are written into.
    """
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        yield str(target.slice.value)
    elif isinstance(target, ast.Subscript) and whole:
        yield from _labels(target.value, whole)
    elif isinstance(target, ast.Attribute):
        yield target.attr
    elif isinstance(target, (ast.Tuple, ast.List)):
        for item in target.elts:
            yield from _labels(item, whole)


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
