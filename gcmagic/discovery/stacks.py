"""A stack of layers in a training loop: ``for layer in reversed(layers): g = layer.backward(g)``.

No function returns gradients there and no object has a backward pass of the whole network: the
statements of one step do, from the forward loop to the backward loop. Gradients lie in the layers,
or each layer moves its own weights.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import adapters
from ..adapters.calling import RESULT, Outcome, Reading, children
from ..adapters.names import BACKWARD, is_cost_variable, kind, role_score
from ..errors import BindingError
from ..problem import Problem
from ..sandbox import users_own
from .evidence import Evidence, is_number
from .inline import Body, posed
from .lookup import Hints, Root, look_up
from .scopes import Line, function_scope, is_builtin, is_update, own_body, statements
from .source import definition, parse_cell, updated_names
from .trial import run
from .wiring import Wiring, is_callable_name

Resolve = Callable[[str], Root | None]


@dataclass(frozen=True, slots=True)
class _Step:
    """The statements of a training step up to its backward loop, and who knows their names."""

    where: str
    lines: tuple[Line, ...]
    loop: ast.For
    loops: tuple[int, ...]
    resolve: Resolve
    source: str = ""


def stack_problem(evidence: Evidence, hints: Hints, *, alone: bool = False) -> Problem | None:
    """The Problem of a training loop over layers, None where there is no such loop.

    With `alone` only the cells are looked at, and no function.

    Raises
    ------
    BindingError
        Where there is one, and its gradients or its cost cannot be told.
    """
    errors: list[BindingError] = []
    functions = () if alone else _in_functions(evidence, hints)
    for step in (*functions, *_in_cells(evidence)):
        try:
            return _problem(step, evidence, hints)
        except BindingError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return None


def _in_functions(evidence: Evidence, hints: Hints) -> Iterator[_Step]:
    for name in evidence.callables():
        code = getattr(evidence.raw(name), "__code__", None)
        # from the compiled code: reading the source of every function would take too long
        if code is None or not any(role_score(n, BACKWARD) for n in code.co_names):
            continue
        function = evidence.read(name)
        body = own_body(function, function.owner) if function is not None else []
        found = _step_of(body) if function is not None else None
        if function is None or found is None:
            continue
        scope = function_scope(function, lambda _: True, function.owner)
        wiring = Wiring(evidence, hints, scope)

        def resolve(name: str, wiring: Wiring = wiring) -> Root | None:
            return look_up(name, evidence, hints, wiring.scope)

        yield _Step(name, *found, resolve)


def _in_cells(evidence: Evidence) -> Iterator[_Step]:
    def resolve(name: str) -> Root | None:
        value = evidence.values.get(name)
        return None if value is None else Root(value, name)

    for source in reversed(evidence.cells):
        tree = parse_cell(source) if ".backward" in source or "_backward" in source else None
        found = _step_of(tree.body) if tree is not None else None
        if found is not None:
            yield _Step("the cell", *found, resolve, source)


def _step_of(
    body: Sequence[ast.stmt],
) -> tuple[tuple[Line, ...], ast.For, tuple[int, ...]] | None:
    """The statements at the level of the backward loop, those around it where they bind names."""
    lines = statements(body, _holds_loop)
    at = next((k for k, line in enumerate(lines) if _is_loop(line.statement)), None)
    if at is None:
        return None
    loops = lines[at].loops
    kept: list[Line] = []
    for k, line in enumerate(lines):
        around = line.loops == loops[: len(line.loops)] and k < at
        behind = line.loops == loops and k > at and any(map(is_cost_variable, line.binds))
        if k == at or ((around or behind) and not is_update(line) and not _shows(line)):
            kept.append(line)
    loop = lines[at].statement
    if not isinstance(loop, ast.For) or not any(is_cost_variable(n) for k in kept for n in k.binds):
        return None  # the backward pass of a network, and no step of its training
    return tuple(kept), loop, loops


def _holds_loop(statement: ast.stmt) -> bool:
    return not _is_loop(statement) and any(map(_is_loop, ast.walk(statement)))


def _is_loop(node: ast.AST) -> bool:
    """``for layer in …: grad = layer.backward(grad)``."""
    return isinstance(node, ast.For) and _backward_call(node) is not None


def _backward_call(loop: ast.For) -> ast.Call | None:
    names = _names(loop.target)
    for statement in loop.body:
        for node in ast.walk(statement):
            owner = getattr(getattr(node, "func", None), "value", None)
            called = role_score(getattr(getattr(node, "func", None), "attr", ""), BACKWARD)
            known = isinstance(owner, ast.Name) and owner.id in names
            if isinstance(node, ast.Call) and known and called:
                return node
    return None


def _shows(line: Line) -> bool:
    if isinstance(line.statement, ast.If):
        return True  # if epoch % 10 == 0: print(…)
    called = {name.rpartition(".")[2] for name in line.called}
    return isinstance(line.statement, ast.Expr) and bool(called & {"print", "append", "plot"})


def _problem(step: _Step, evidence: Evidence, hints: Hints) -> Problem:
    roots: dict[str, Root] = {}
    kept = _needed(step, evidence, roots)
    texts = [_text(line) for line in kept]
    layers = list(_instances([root.value for root in roots.values()]))
    rate = _rate(step.loop, roots, layers) or hints.rate
    moved = frozenset().union(*(_updated(layer, evidence) for layer in layers))
    before = {name: root.value for name, root in roots.items()}
    ends = sorted(_names(step.loop) & frozenset().union(*(line.binds for line in kept)))
    lines = [*texts, f"{RESULT} = ({', '.join(ends)},)"]

    def look(values: dict[str, Any], after: dict[str, Any]) -> Reading | None:
        wanted = hints.params
        return adapters.read(
            Outcome(None, (), values, after, rate, wanted, before=before, updated=moved)
        )

    reading = run(lines, evidence, roots, look)
    if reading is None or isinstance(reading, str):
        why = f": {reading}" if reading else ""
        raise BindingError(f"no gradient of the layers can be read from {step.where}{why}")
    inner = Body(tuple(kept), ())
    call = _backward_call(step.loop)
    shown = f"{ast.unparse(call)} of each layer" if call else ""
    return posed(
        inner, texts, lines, reading, roots, evidence, hints, step.where, shown, step.source
    )


def _needed(step: _Step, evidence: Evidence, roots: dict[str, Root]) -> list[Line]:
    """The lines that the backward loop and the cost need, and the values that they start from."""
    kept: list[Line] = []
    needed: set[str] = set()
    for line in reversed(step.lines):
        last = line.statement is step.loop
        cost = any(map(is_cost_variable, line.binds))
        acts = line.owners & needed or line.mutates & needed
        if not (last or cost or line.binds & needed or acts) or _is_done(step, line, evidence):
            continue
        kept.append(line)
        needed |= set(line.loads)
    kept.reverse()
    bound: set[str] = set()
    for line in kept:
        items = _names(line.statement.target) if isinstance(line.statement, ast.For) else set()
        for name in line.loads:
            if name in bound | items or name in roots or is_builtin(name):
                continue
            root = None if is_callable_name(name, evidence) else step.resolve(name)
            if root is not None:
                roots[name] = root
        bound |= line.binds
    return kept


def _is_done(step: _Step, line: Line, evidence: Evidence) -> bool:
    """True where the notebook holds what the line binds: loop variables, a rate, the layers."""
    values = [evidence.values.get(name) for name in line.binds]
    if not step.source or any(value is None for value in values):
        return False
    return line.loops != step.loops or line.header or all(any(_instances([v])) for v in values)


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _text(line: Line) -> str:
    if isinstance(line.statement, ast.AugAssign) and any(map(is_cost_variable, line.binds)):
        # `error += loss(y, out)` adds up over examples: of this one it is the loss
        return f"{ast.unparse(line.statement.target)} = {ast.unparse(line.statement.value)}"
    if not line.header or not isinstance(line.statement, ast.For):
        return line.text
    # one step of the loops around: their last items, which a cell leaves behind as well
    last = f"[*{ast.unparse(line.statement.iter)}][-1]"
    return f"{ast.unparse(line.statement.target)} = {last}"


def _instances(values: Sequence[Any], depth: int = 0) -> Iterator[Any]:
    for value in values:
        if users_own(type(value)):
            yield value
        if depth < 4:
            yield from _instances([item for _, item in children(value)], depth + 1)


def _updated(layer: Any, evidence: Evidence) -> frozenset[str]:
    methods = [name for name in dir(type(layer)) if role_score(name, BACKWARD)]
    trees = [definition(getattr(type(layer), name), evidence.cells) for name in methods]
    return frozenset().union(*map(updated_names, trees))


def _rate(loop: ast.For, roots: Mapping[str, Root], layers: Sequence[Any]) -> float | None:
    """The learning rate that the loop passes on, or that a layer keeps."""
    call = _backward_call(loop)
    given = [*call.args[1:], *(word.value for word in call.keywords)] if call else []
    for node in given:
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            return node.value
        name = node.id if isinstance(node, ast.Name) else ""
        if name in roots and kind(name) == "rate" and is_number(roots[name].value):
            return float(roots[name].value)
    for layer in layers:
        for name, value in getattr(layer, "__dict__", {}).items():
            if kind(name) == "rate" and is_number(value):
                return float(value)
    return None
