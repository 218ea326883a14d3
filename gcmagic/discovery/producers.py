"""Which function gives the gradients that the user named with ``--grads``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from ..adapters.names import BACKWARD, is_maker, role_score
from ..errors import BindingError
from .candidates import backward_candidates
from .evidence import Evidence, inner
from .source import Function, call_name, expression_name, parse_cell


def producers(evidence: Evidence, grads: Sequence[str]) -> list[Function]:
    """Functions that return something of that name, whose result is called so, or that store it.

    Of several the ones with a name that says backward.
    """
    trees = [ast.parse(text, mode="eval").body for text in grads]
    wanted = {expression_name(tree) for tree in trees} - {None}
    wanted |= {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    called = {name for name, targets in _assignments(evidence) if wanted & targets}
    found: list[Function] = []
    for name in evidence.callables():
        short = name.rpartition(".")[2]
        if is_maker(short):
            continue
        code = getattr(inner(evidence.raw(name)), "__code__", None)
        names = {*code.co_varnames, *code.co_names, *_texts(code)} if code is not None else set()
        if name in called or (names & wanted and _gives(evidence, name, wanted)):
            function = evidence.read(name)
            if function is not None:
                found.append(function)
    strong = [f for f in found if f.name in called or role_score(f.short, BACKWARD)]
    return strong or found or _by_owner(evidence, wanted)


def nothing_named(grads: Sequence[str]) -> BindingError:
    """No function and no statement makes what `--grads` names."""
    return BindingError(
        f"--grads {','.join(grads)}: no function here returns or stores that, and no call's result "
        "has that name; needed: names of what backward returns, or of attributes that it sets, "
        "layer.dW"
    )


def _gives(evidence: Evidence, name: str, wanted: set[str | None]) -> bool:
    function = evidence.read(name)
    if function is None:
        return False
    stored = {
        node.attr
        for node in (ast.walk(function.node) if function.node else ())
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    return bool(wanted & ({*function.returns} | stored | _keys(function)))


def _texts(code: Any) -> Iterator[str]:
    """Texts in compiled code; the keys of a dict that is written out are one tuple of them."""
    for constant in code.co_consts:
        for text in constant if isinstance(constant, tuple) else (constant,):
            if isinstance(text, str):
                yield text


def _keys(function: Function) -> set[str | None]:
    """Keys of dicts that a function makes: ``{"dW1": ...}`` and ``grads["dW1"] = ...``."""
    found: list[ast.expr | None] = []
    for node in ast.walk(function.node) if function.node else ():
        if isinstance(node, ast.Dict):
            found += node.keys
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            found.append(node.slice)
        elif isinstance(node, ast.Call) and call_name(node) == "dict":
            found += [ast.Constant(keyword.arg) for keyword in node.keywords]
    texts = (node.value for node in found if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str)}


def _by_owner(evidence: Evidence, wanted: set[str | None]) -> list[Function]:
    # `--grads net.layers[0].dW`: whatever is the backward pass, net is part of it
    return backward_candidates(evidence) if wanted & set(evidence.instances) else []


def _assignments(evidence: Evidence) -> Iterator[tuple[str, set[str | None]]]:
    trees: list[ast.AST] = [t for t in map(parse_cell, evidence.cells) if t is not None]
    trees += [f.node for f in map(evidence.read, evidence.callables()) if f and f.node]
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                target = node.targets[0]
                items = target.elts if isinstance(target, ast.Tuple) else [target]
                yield call_name(node.value), {expression_name(item) for item in items}
