"""The learning rate of an update that backward makes itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..adapters.names import gradient_stems, kind
from .evidence import is_number
from .reached import updates_of
from .source import Function, expression_name, global_reads
from .wiring import Wiring


def learning_rate(backward: Function, wiring: Wiring) -> float | None:
    """The rate: an argument, its default, an attribute, a global, a number in the update itself.

    What the user said counts where none of these is there; ``self.W1 += X.T.dot(delta)`` without
    a rate in sight means that it is one. None where nothing is updated.
    """
    values = {name: root.value for name, root in wiring.roots.items()}
    owner = wiring.roots.get(backward.owner)
    attributes = vars(owner.value) if owner and hasattr(owner.value, "__dict__") else {}
    read = {n: wiring.evidence.values.get(n) for n in sorted(global_reads(backward))}
    for known in (values, backward.defaults, attributes, read):
        for name, value in known.items():
            if value is not None and kind(name) == "rate" and is_number(value):
                return float(np.asarray(value).reshape(-1)[0])
    updates = list(_updates(backward.node))
    scope = {**read, **backward.defaults, **values}
    if owner is not None and isinstance(backward.node, ast.FunctionDef) and backward.node.args.args:
        scope[backward.node.args.args[0].arg] = owner.value
    for update in updates:
        for node in ast.walk(update):
            if isinstance(node, (ast.Attribute, ast.Subscript)):
                if kind(expression_name(node) or "") != "rate":
                    continue
                value = _held(node, scope)
                if is_number(value) and np.size(value) == 1:
                    return float(value)
    numbers = {number for update in updates for number in _factors(update)}
    if len(numbers) == 1:
        return numbers.pop()
    if wiring.hints.rate is not None:
        return wiring.hints.rate
    return 1.0 if updates_of(wiring.evidence, backward) else None


def _updates(node: ast.AST | None) -> Iterator[ast.expr]:
    """What is taken from a parameter: ``0.1 * dW`` in ``W -= 0.1 * dW``."""
    for part in ast.walk(node) if node is not None else ():
        if isinstance(part, ast.AugAssign) and isinstance(part.op, (ast.Sub, ast.Add)):
            yield part.value
        elif isinstance(part, ast.Assign) and isinstance(part.value, ast.BinOp):
            same = ast.unparse(part.targets[0]) == ast.unparse(part.value.left)
            if same and isinstance(part.value.op, (ast.Sub, ast.Add)):
                yield part.value.right


def _held(node: ast.expr, scope: Mapping[str, Any]) -> Any:
    try:
        if isinstance(node, ast.Name):
            return scope.get(node.id)
        if isinstance(node, ast.Attribute):  # no property is run
            owner = _held(node.value, scope)
            return {**vars(type(owner)), **vars(owner)}.get(node.attr)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            return _held(node.value, scope)[node.slice.value]
    except (TypeError, KeyError, IndexError):
        return None
    return None


def _factors(update: ast.expr) -> Iterator[float]:
    """A number below one that a gradient is multiplied by; 0.5 of a product is no rate."""
    if isinstance(update, ast.BinOp) and isinstance(update.op, ast.Mult):
        for number, other in ((update.left, update.right), (update.right, update.left)):
            if isinstance(number, ast.Constant) and isinstance(number.value, float):
                name = expression_name(other) if not isinstance(other, ast.BinOp) else None
                if 0 < number.value < 1 and name and (gradient_stems(name) or "delta" in name):
                    yield number.value
