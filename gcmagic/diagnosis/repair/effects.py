"""Which arrays a statement has an effect on: scale what it binds, and see what moves.

The slice of the data flow is measured, so it goes through helpers, methods, lists and dicts.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .nodes import at, binary, loaded, number, spots
from .sites import Site, Switch, is_on, with_switch
from .target import Target
from .trial import Trial
from .units import Unit

SCALE, SHIFT = 1.37, 0.013


def effects(
    unit: Unit,
    sites: Sequence[Site],
    trial: Trial,
    target: Target,
    base: np.ndarray,
    wrong: frozenset[str],
) -> dict[int, frozenset[str] | None]:
    """For each site, by its place in the list, the arrays that it has an effect on.

    None where that cannot be told.
    """
    switch = Switch()
    placed: list[tuple[list[ast.stmt], int, list[ast.stmt]]] = []
    asked: list[int] = []
    for k, site in enumerate(sites):
        for probe, where in _probes(site):
            asked.append(k)
            placed.append((site.body, site.index + where, at(ast.If(is_on(len(asked)), probe, []))))
    found: dict[int, frozenset[str] | None] = dict.fromkeys(range(len(sites)))
    code = _with_probes(unit, placed, switch)
    if code is None:
        return found
    with unit.running(code):
        for choice, k in enumerate(asked, 1):
            switch.now = choice
            moved = target.moved(trial.gradient(target.theta), base)
            if isinstance(sites[k].statement, ast.Return):
                # of what is returned that part counts which is wrong
                if moved is not None and moved <= wrong:
                    found[k] = (found[k] or frozenset()) | moved
            else:
                found[k] = moved
    return found


def _probes(site: Site) -> Iterator[tuple[list[ast.stmt], int]]:
    """Statements behind the site that scale what it has bound; before it, what it returns."""
    statement = site.statement
    if site.header:
        return
    if isinstance(statement, ast.Return):
        yield from (([probe], 0) for probe in _returned(statement))
        return
    targets: list[Any] = []
    if isinstance(statement, ast.Assign):
        targets = list(statement.targets)
    elif isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        targets = [statement.target]
    flat = [part for target in targets for part in getattr(target, "elts", [target])]
    made: list[ast.stmt] = []
    for part in flat:
        while isinstance(part, ast.Subscript) and _calls(part.slice):
            part = part.value  # p[np.arange(N), y] -= 1: all of p
        if _calls(part) or isinstance(part, ast.Starred):
            return
        # the shift shows what is zero, a mask that is cleared for one
        scaled = binary(loaded(part), ast.Mult, number(SCALE))
        scaled = binary(scaled, ast.Add, number(SHIFT))
        one = at(ast.Assign([_stored(part)], scaled))
        made.append(one if len(flat) == 1 else _if_possible(one))
    if made:
        yield made, 1


def _calls(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def _stored(node: Any) -> Any:
    made = copy.copy(node)
    made.ctx = ast.Store()
    return made


def _returned(statement: ast.Return) -> Iterator[ast.stmt]:
    """The return with one of its elements scaled."""
    for spot in spots(statement):
        deep = isinstance(statement.value, (ast.Tuple, ast.Dict))
        if len(spot.path) == 1 + deep and spot.field not in ("keys", "ctx"):
            yield spot.exchanged(binary(spot.node, ast.Mult, number(SCALE)))


def _if_possible(statement: ast.stmt) -> ast.stmt:
    # of `W, b, cache = ...` the cache cannot be scaled, the others can
    handler = at(ast.ExceptHandler(None, None, [at(ast.Pass())]))
    return at(ast.Try([statement], [handler], [], []))


def _with_probes(unit: Unit, placed: list[Any], switch: Switch) -> Any:
    undo: list[tuple[list[ast.stmt], list[ast.stmt]]] = []
    for body in {id(body): body for body, _, _ in placed}.values():
        undo.append((body, list(body)))
    try:
        for body, index, probe in sorted(placed, key=lambda p: -p[1]):
            body.insert(index, probe)
        return with_switch(unit.compiled(), switch)
    except (SyntaxError, ValueError, TypeError):
        return None
    finally:
        for body, saved in undo:
            body[:] = saved
