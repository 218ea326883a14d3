"""The forward pass as text: what is computed from what, and what each statement was worth."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .running import Ran
from .scope import quiet_value
from .units import unit_of_code


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """A statement of the forward pass.

    Attributes
    ----------
    target
        What it binds, as something that is read; None for what is returned.
    value
        The expression.
    ran
        The function that it stands in, as it ran.
    whole
        Whether the target is this expression and nothing else.
    result
        What was returned, where there is no target.
    """

    target: ast.expr | None
    value: ast.expr
    ran: Ran
    whole: bool = True
    result: Any = None
    _known: dict[ast.expr, Any] = field(default_factory=dict)

    def worth(self, node: ast.expr) -> Any:
        """What an expression was worth at the end of the call; None where nobody knows."""
        if node not in self._known:
            self._known[node] = self._worth(node)
        return self._known[node]

    def _worth(self, node: ast.expr) -> Any:
        if node is self.value and self.target is not None and self.whole:
            node = self.target  # the user's own functions are not called for it
        if node is self.value and self.target is None:
            return _number(self.result)
        variables = dict(self.ran.variables)
        return _number(quiet_value(node, ast.unparse(node), self.ran.outer, variables))


def _number(value: Any) -> Any:
    """The value where it is a number, or an array of them, else None."""
    return value if isinstance(value, (np.ndarray, np.generic, int, float)) else None


def computed(ran: Sequence[Ran]) -> list[Computed]:
    """The statements of functions that ran for the cost."""
    return [one for part in ran for one in _of(part)]


def _of(ran: Ran) -> Iterator[Computed]:
    unit = unit_of_code(ran)
    for node in ast.walk(unit.node) if unit is not None else ():
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)):
                yield Computed(_read(target), node.value, ran)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
            yield Computed(_read(node.target), node.value, ran, whole=False)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            results = ran.result if isinstance(ran.result, tuple) else ()
            for part, result in zip(node.value.elts, results, strict=False):
                if not isinstance(part, ast.Name):
                    yield Computed(None, part, ran, result=result)
        elif isinstance(node, ast.Return) and node.value is not None:
            yield Computed(None, node.value, ran, result=ran.result)


def _read(target: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(target), mode="eval").body
