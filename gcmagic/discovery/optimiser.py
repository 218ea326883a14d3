"""Backward passes that hold an optimiser: momentum, Adam, a counter of steps.

(before - after) / rate is then no gradient. Where the gradients have names of their own, backward
is run without the statements of the optimiser and its gradients are taken there.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..adapters.names import BACKWARD, gradient_stems, is_decoy, is_maker, role_score
from ..sandbox import global_names
from .evidence import Evidence, inner
from .reached import reached
from .source import Function, definition, expression_name, updated_names
from .stored import attributes

CUT = "__cut__"


@dataclass(frozen=True, slots=True)
class Cut:
    """Backward without its optimiser, and the names of the gradients that it then returns."""

    function: Callable[..., Any]
    names: tuple[str, ...]


def state_of(evidence: Evidence, backward: Function) -> tuple[str, ...]:
    """Names that backward updates for the updates of others, ``vW1``, ``m``, ``t``.

    What forward or the cost reads is a parameter and no state.
    """
    used = _read_elsewhere(evidence, backward)
    if not used:
        return ()
    found: set[str] = set()
    for value in reached(evidence, backward):
        node = definition(value, evidence.cells)
        if isinstance(node, ast.FunctionDef):
            found |= (_feeding(node) & updated_names(node)) - used
    return tuple(sorted(found))


def _read_elsewhere(evidence: Evidence, backward: Function) -> set[str]:
    """Names that passes of the network read, whatever they are called; updates are none."""
    used: set[str] = set()
    for name in evidence.callables():
        short = name.rpartition(".")[2]
        if name == backward.name or is_decoy(short) or is_maker(short):
            continue
        method = evidence.read(name) if "." in name and not role_score(short, BACKWARD) else None
        values = reached(evidence, method) if method is not None else [evidence.raw(name)]
        for value in values if not role_score(short, BACKWARD) else ():
            code = getattr(inner(value), "__code__", None)
            if code is not None:
                used |= attributes(code)[0] | global_names(code)[0]
    return used


def without_optimiser(backward: Function, state: tuple[str, ...]) -> Cut | None:
    """Backward up to its optimiser; None where its gradients have no names, or are used after."""
    node, code = backward.node, backward.code
    if not isinstance(node, ast.FunctionDef) or code is None or code.co_freevars:
        return None
    moved = updated_names(node)
    kept: list[ast.stmt] = []
    dropped: list[ast.stmt] = []
    for statement in node.body:
        names = _mentioned(statement)
        if names & set(state) or _updates(statement) & moved:
            dropped.append(statement)
        elif dropped and names & (moved - set(state)):
            return None  # it reads parameters that have been moved: that may be the bug
        elif not isinstance(statement, ast.Return):
            kept.append(statement)
    bound = {name for s in kept for name in _stores(s)}
    wanted = [n for s in dropped for n in _loads(s) if n in bound and gradient_stems(n)]
    names = tuple(dict.fromkeys(wanted))
    if not names:
        return None
    result = ast.Return(ast.Tuple([ast.Name(n, ast.Load()) for n in names], ast.Load()))
    module = ast.parse(f"def {CUT}(): pass")
    cut = module.body[0]
    assert isinstance(cut, ast.FunctionDef)
    cut.args, cut.body = node.args, [*kept, result]
    ast.fix_missing_locations(module)
    # made from its code: to run the `def` would evaluate defaults and annotations once more
    whole = compile(module, "<gcmagic>", "exec").co_consts
    (code,) = (c for c in whole if isinstance(c, types.CodeType) and c.co_name == CUT)
    own = inner(backward.value)
    function = types.FunctionType(code, own.__globals__, CUT, own.__defaults__)
    function.__kwdefaults__ = own.__kwdefaults__
    return Cut(function, names)


def cut_call(text: str, backward: Function) -> str:
    """The call of the cut in the place of the call of backward."""
    rest = text.removeprefix(f"{backward.name}(")
    return f"{CUT}({backward.owner}{', ' if backward.owner and rest != ')' else ''}{rest}"


def _feeding(node: ast.FunctionDef) -> set[str]:
    """Names that the update of something else depends on, through local names too."""
    reads: dict[str, set[str]] = {}
    for part in ast.walk(node):
        target = None
        if isinstance(part, ast.Assign):
            target = part.targets[0]
        elif isinstance(part, ast.AugAssign):
            target = part.target
        name = expression_name(_base(target)) if target is not None else None
        if name and isinstance(part, (ast.Assign, ast.AugAssign)):
            reads.setdefault(name, set()).update(_mentioned(part.value))
    found: set[str] = set()
    for name in updated_names(node):
        pending, seen = set(reads.get(name, ())), {name}
        while pending:
            current = pending.pop()
            if current not in seen:
                seen.add(current)
                pending |= reads.get(current, set())
        found |= seen - {name}
    return found


def _base(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def _mentioned(node: ast.AST) -> set[str]:
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return names | {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}


def _updates(statement: ast.stmt) -> frozenset[str]:
    return updated_names(ast.Module([statement], []))


def _loads(statement: ast.stmt) -> list[str]:
    found = [n for n in ast.walk(statement) if isinstance(n, ast.Name)]
    return [n.id for n in found if isinstance(n.ctx, ast.Load)]


def _stores(statement: ast.stmt) -> list[str]:
    found = [n for n in ast.walk(statement) if isinstance(n, ast.Name)]
    return [n.id for n in found if isinstance(n.ctx, ast.Store)]
