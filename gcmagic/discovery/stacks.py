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
from ..adapters.calling import RESULT, Outcome, Reading
from ..adapters.names import BACKWARD, is_cost_variable, role_score
from ..errors import BindingError
from ..problem import Problem
from .evidence import Evidence
from .inline import Body, only_shows, posed, shown_costs
from .layers import instances, is_rate, own_rates, updated
from .lookup import Hints, Root, look_up, notebooks_own
from .scopes import Line, Scope, function_scope, is_builtin, is_update, own_body, statements
from .source import parse_cell
from .stale import without_earlier
from .still import unmoved
from .trial import names_in, run
from .wiring import is_callable_name

Resolve = Callable[[str], Root | None]
MOST_STEPS = 1000


@dataclass(frozen=True, slots=True)
class _Step:
    """The statements of a training step up to its backward loop, and who knows their names."""

    where: str
    lines: tuple[Line, ...]
    shown: tuple[Line, ...]
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
    for step in (*functions, *_in_cells(evidence, hints)):
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

        def resolve(name: str, scope: Scope = scope) -> Root | None:
            return look_up(name, evidence, hints, scope)

        yield _Step(name, *found, resolve)


def _in_cells(evidence: Evidence, hints: Hints) -> Iterator[_Step]:
    resolve = notebooks_own(evidence, hints)
    for source in reversed(evidence.cells):
        tree = parse_cell(source) if ".backward" in source or "_backward" in source else None
        found = _step_of(tree.body) if tree is not None else None
        if found is not None:
            yield _Step("the cell", *found, resolve, source)


def _step_of(
    body: Sequence[ast.stmt],
) -> tuple[tuple[Line, ...], tuple[Line, ...], ast.For, tuple[int, ...]] | None:
    """The statements at the level of the backward loop, those around it where they bind names."""
    lines = statements(body, _holds_loop)
    at = next((k for k, line in enumerate(lines) if _is_loop(line.statement)), None)
    if at is None:
        return None
    at = _last_of_chain(lines, at)
    loops = lines[at].loops
    kept: list[Line] = []
    for k, line in enumerate(lines):
        around = line.loops == loops[: len(line.loops)] and k < at
        behind = line.loops == loops and k > at and any(map(is_cost_variable, line.binds))
        if k == at or ((around or behind) and not is_update(line) and not _shows(line)):
            kept.append(line)
    shown = tuple(line for line in lines if line.loops == loops and _shows(line))
    costs = shown_costs(shown) or any(is_cost_variable(n) for line in kept for n in line.binds)
    loop = lines[at].statement
    if not isinstance(loop, ast.For) or not costs:
        return None  # the backward pass of a network, and no step of its training
    return tuple(kept), shown, loop, loops


def _last_of_chain(lines: Sequence[Line], at: int) -> int:
    """The last of several loops where each hands its gradient to the next, with no new start."""
    handed = set(lines[at].binds) - _targets(lines[at])
    for k in range(at + 1, len(lines)):
        line = lines[k]
        if line.loops != lines[at].loops:
            break
        if _is_loop(line.statement) and handed & set(line.loads):
            at = k
            handed = set(line.binds) - _targets(line)
        elif handed & line.binds:
            break
    return at


def _targets(line: Line) -> set[str]:
    return _names(line.statement.target) if isinstance(line.statement, ast.For) else set()


def _holds_loop(statement: ast.stmt) -> bool:
    return not _is_loop(statement) and any(map(_is_loop, ast.walk(statement)))


def _is_loop(node: ast.AST) -> bool:
    """``for layer in …: grad = layer.backward(grad)``."""
    return isinstance(node, ast.For) and _backward_call(node) is not None


def _backward_call(loop: ast.For) -> ast.Call | None:
    names = _names(loop.target)
    # what is called for its effect alone is layer.zero_grad() or layer.apply_gradients(lr)
    assigned = [node.value for node in ast.walk(loop) if isinstance(node, ast.Assign)]
    for node in (node for value in assigned for node in ast.walk(value)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            plain = isinstance(owner, (ast.Name, ast.Subscript))  # layer or layers[i]
            if plain and _names(owner) & names and role_score(node.func.attr, BACKWARD):
                return node
    return None


def _shows(line: Line) -> bool:
    # `if epoch % 10 == 0: loss = …` is no part of every step
    return isinstance(line.statement, ast.If) or only_shows(line)


def _problem(step: _Step, evidence: Evidence, hints: Hints) -> Problem:
    roots: dict[str, Root] = {}
    kept = _needed(step, evidence, roots)
    texts = [_text(line) for line in kept]
    layers = list(instances([root.value for root in roots.values()]))
    passed = _passed_rate(step.loop, roots)
    rates = sorted({passed} if passed else own_rates(layers, evidence))
    rate = rates[0] if rates else hints.rate
    moved = frozenset().union(*(updated(layer, evidence) for layer in layers))
    before = {name: root.value for name, root in roots.items()}
    ends = sorted(_names(step.loop) & frozenset().union(*(line.binds for line in kept)))
    lines = [*texts, f"{RESULT} = [{', '.join(ends)}]"]

    def look(values: dict[str, Any], after: dict[str, Any]) -> Reading | None:
        wanted = hints.params
        return adapters.read(
            Outcome(None, (), values, after, rate, wanted, before=before, updated=moved)
        )

    reading = run(lines, evidence, roots, look)
    if reading is None or isinstance(reading, str):
        why = f": {reading}" if reading else ""
        raise BindingError(f"no gradient of the layers can be read from {step.where}{why}")
    if not reading.fused:
        fresh = without_earlier(reading, lines, evidence, roots, whole=False)
        if fresh is None:
            raise BindingError(f"{step.where} leaves the gradients of the layers as they were")
        reading = fresh
    if reading.fused and len(rates) > 1:
        several = ", ".join(f"{rate:g}" for rate in rates)
        raise BindingError(
            f"the layers move at several learning rates, {several}; needed: one; give all layers "
            "the same for the check"
        )
    body = Body(tuple(kept), (), step.shown)
    call = _backward_call(step.loop)
    shown = f"{ast.unparse(call)} of each layer" if call else ""
    problem = posed(
        body, texts, lines, reading, roots, evidence, hints, step.where, shown, step.source
    )
    still = unmoved(problem)
    if len(still) == len(reading.slots):
        raise BindingError(f"the cost in {step.where} does not depend on {' '.join(still)}")
    if reading.fused and still:
        raise BindingError(
            f"{step.where} moves {' '.join(still)}, which the cost does not depend on: state of an "
            "optimiser, such as momentum, so that a step is not the rate times the gradient; "
            "needed: gradients with names of their own; keep them as self.dW beside self.W"
        )
    return problem


def _needed(step: _Step, evidence: Evidence, roots: dict[str, Root]) -> list[Line]:
    """The lines that the backward loop and the cost need, and the values that they start from."""
    kept: list[Line] = []
    needed: set[str] = names_in(shown_costs(step.shown))
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
        for name in line.loads:
            if name in bound | _targets(line) or name in roots or is_builtin(name):
                continue
            root = None if is_callable_name(name, evidence) else step.resolve(name)
            if root is not None:
                roots[name] = _repeatable(name, root)
        bound |= line.binds
    for name in names_in(shown_costs(step.shown)) - bound - set(roots):
        root = None if is_callable_name(name, evidence) else step.resolve(name)
        if root is not None:
            roots[name] = root
    return kept


def _repeatable(name: str, root: Root) -> Root:
    if isinstance(root.value, Iterator):
        raise BindingError(
            f"{name} is a {type(root.value).__name__}, which a check would use up; needed: data "
            f"that can be read again; write {name} = list({name}) before the training"
        )
    return root


def _is_done(step: _Step, line: Line, evidence: Evidence) -> bool:
    """True where the notebook holds what the line binds: loop variables, a rate, the layers."""
    values = [evidence.values.get(name) for name in line.binds]
    if not step.source or any(value is None for value in values):
        return False
    return line.loops != step.loops or line.header or all(any(instances([v])) for v in values)


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _text(line: Line) -> str:
    if isinstance(line.statement, ast.AugAssign) and any(map(is_cost_variable, line.binds)):
        # `error += loss(y, out)` adds up over examples: of this one it is the loss
        return f"{ast.unparse(line.statement.target)} = {ast.unparse(line.statement.value)}"
    if not line.header or not isinstance(line.statement, ast.For):
        return line.text
    # one step of the loops around: their last items, which a cell leaves behind as well; of so
    # many at most, for a loader of batches may go on for ever
    items = f"zip(range({MOST_STEPS}), {ast.unparse(line.statement.iter)})"
    return f"{ast.unparse(line.statement.target)} = [item for _, item in {items}][-1]"


def _passed_rate(loop: ast.For, roots: Mapping[str, Root]) -> float | None:
    """The learning rate that the loop hands to each layer."""
    call = _backward_call(loop)
    given = [*call.args[1:], *(word.value for word in call.keywords)] if call else []
    for node in given:
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            return node.value
        name = node.id if isinstance(node, ast.Name) else ""
        if name in roots and is_rate(name, roots[name].value):
            return float(roots[name].value)
    return None
