"""A pass that is written out over several cells: forward in one, gradients in the next."""

from __future__ import annotations

import ast

import numpy as np

from ..adapters.names import gradient_stems, is_cost_variable, is_held_out, kind
from .evidence import Evidence, is_number
from .scopes import Line, statements
from .source import names_loaded, parse_cell


def step_across(evidence: Evidence) -> tuple[list[ast.stmt], str]:
    """The statements of the cells that lead from parameters to cost and gradients.

    They count where the latest cell with gradients has an array ``dX`` of the shape of an array
    ``X`` of the notebook, and makes it from what the cost is made from too: with all that they
    need, back to the parameters and the data.

    Returns
    -------
    tuple
        The statements in the order in which they ran, and the source of that cell; none of them
        where nothing was found.
    """
    cells = [(text, parse_cell(text)) for text in evidence.cells]
    lines: list[Line] = []
    ends: list[int] = []
    for _, tree in cells:
        lines += statements(tree.body if tree else [], lambda _: False)
        ends.append(len(lines))
    for number in reversed(range(len(cells))):
        start = ends[number - 1] if number else 0
        pairs = _gradients(lines[start : ends[number]], evidence)
        if not pairs:
            continue
        flow = _Flow(lines, frozenset(pairs.values()))
        taken = set().union(*(flow.behind(name, ends[number]) for name in pairs))
        costs = (
            flow.behind(name, ends[number])
            for line in reversed(lines[: ends[number]])
            for name in sorted(line.binds)
            if is_cost_variable(name) and not is_held_out(name)
        )
        cost = next(filter(None, costs), set())
        if not taken & cost:  # no forward pass that both take: dx = np.gradient(x), say
            continue
        return [lines[k].statement for k in sorted(taken | cost)], cells[number][0]
    return [], ""


def _gradients(lines: list[Line], evidence: Evidence) -> dict[str, str]:
    """Names of gradients that statements bind, and of the parameters that they are of."""
    found: dict[str, str] = {}
    values = evidence.values
    for name in dict.fromkeys(name for line in lines for name in sorted(line.binds)):
        for stem in gradient_stems(name):
            array, parameter = values.get(name), values.get(stem)
            if not (isinstance(array, np.ndarray) and isinstance(parameter, np.ndarray)):
                continue
            bound = any(stem in line.binds for line in lines)
            alike = is_number(array) and array.shape == parameter.shape and array.size > 1
            if alike and parameter.dtype.kind == "f" and not bound and kind(stem) not in ("x", "y"):
                found[name] = stem
    made = {stem for stem in found.values() if _is_made(stem, evidence)}
    return {name: stem for name, stem in found.items() if stem not in made}


def _is_made(name: str, evidence: Evidence) -> bool:
    """True for what a cell computes from other arrays: ``dh`` beside ``h`` is no gradient of it."""
    latest: ast.Assign | None = None
    for text in evidence.cells:
        tree = parse_cell(text)
        for node in tree.body if tree else ():
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                # W1 = W1 - lr * dW1 makes nothing anew
                latest = latest if name in names_loaded(node.value) else node
    loads = names_loaded(latest.value) if latest is not None else []
    return any(isinstance(evidence.values.get(load), np.ndarray) for load in loads)


class _Flow:
    """What each name is made from, as far back as the parameters."""

    def __init__(self, lines: list[Line], params: frozenset[str]) -> None:
        self.lines, self.params = lines, params
        self._known: dict[tuple[str, int], set[int]] = {}

    def behind(self, name: str, before: int) -> set[int]:
        """The statements that make `name`, empty where no parameter is among what they need."""
        if name in self.params:
            return set()
        if (name, before) in self._known:
            return self._known[name, before]
        self._known[name, before] = set()  # what is made from itself
        writers: list[int] = []
        for k in reversed(range(before)):
            line = self.lines[k]
            if name in line.binds | line.mutates:
                writers.append(k)
                if name in line.binds and name not in line.loads:
                    break
        found: set[int] = set()
        moved = False
        for k in writers:
            for load in self.lines[k].loads:
                if load == name:
                    continue
                more = self.behind(load, k)
                moved = moved or bool(more) or load in self.params
                found |= more
        self._known[name, before] = found | {*writers} if moved else set()
        return self._known[name, before]
