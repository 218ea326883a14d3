"""Calls as the user would write them: the notebook's values for the arguments, no names of ours."""

from __future__ import annotations

import ast
import re

import numpy as np

from ..adapters.calling import COST, RESULT
from .evidence import is_number
from .modes import is_mode, modes_in
from .source import Function
from .wiring import Wiring


def cost_shown(text: str, wiring: Wiring) -> str:
    """The call of a cost, with that of forward in the place of an output that has no name."""
    source = forward_shown(wiring)
    cost = shown(text, wiring)
    if not source:
        return cost
    several = len(wiring.forward_outputs) > 1
    for place, name in enumerate(wiring.forward_outputs):
        if re.fullmatch(r"output_\d+", name):
            said = f"{source}[{place}]" if several else source
            cost = re.sub(rf"\b{name}\b", lambda _, said=said: said, cost)
    return cost


def forward_shown(wiring: Wiring) -> str:
    """The call of the forward pass, empty where the program has none."""
    if wiring.forward is None:
        return ""
    followed = wiring.followed(wiring.forward.name)
    if followed is not None:
        return shown(followed[0], wiring)
    for line in wiring.added:
        head, _, call = line.partition(" = ")
        if call.startswith(f"{wiring.forward.name}(") and head not in (RESULT, COST):
            return shown(call, wiring, wiring.forward)
    return ""


def shown(text: str, wiring: Wiring, function: Function | None = None) -> str:
    """A call with the values that its arguments stand for, defaults that matter included."""
    prefix, _, rest = text.rpartition(" value of ")
    try:
        node = ast.parse(rest, mode="eval").body
    except SyntaxError:
        return text
    if not isinstance(node, ast.Call):
        return text
    function = function or wiring.evidence.read(ast.unparse(node.func))
    parts = [_argument(None, arg, wiring) for arg in node.args]
    parts += [_argument(keyword.arg, keyword.value, wiring) for keyword in node.keywords]
    given = {keyword.arg for keyword in node.keywords}
    if function is not None and not node.args:
        parts += [
            f"{name}={value!r}"
            for name, value in function.defaults.items()
            if name not in given
            if (is_number(value) and np.ndim(value) == 0) or is_mode(name, value)
        ]
    name = ast.unparse(node.func).removesuffix(".__call__")
    call = f"{name}({', '.join(parts)})"
    return f"{prefix} value of {call}" if prefix else call


def _argument(name: str | None, node: ast.expr, wiring: Wiring) -> str:
    text = ast.unparse(node)
    if isinstance(node, ast.Name) and node.id in wiring.roots:
        root = wiring.roots[node.id]
        modes = modes_in(root.value)
        return f"{root.text} with {modes}" if modes else root.text
    if isinstance(node, ast.Constant) and name:
        return f"{name}={text}"
    return text
