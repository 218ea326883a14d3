"""I: no function at all; forward, gradients and update stand in a loop or a cell."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import adapters
from ..adapters.calling import (
    COST,
    RESULT,
    Outcome,
    Reading,
    all_leaves,
    is_cost_like,
    is_real,
)
from ..adapters.names import COST as COST_WORDS
from ..adapters.names import (
    gradient_stems,
    is_cost_variable,
    is_held_out,
    kind,
    match_name,
    role_score,
)
from ..adapters.program import Program, build, slice_lines
from ..errors import BindingError
from ..problem import Problem
from .evidence import Evidence, is_number
from .lookup import Hints, Root, places
from .scopes import Line, is_builtin, is_update, statements
from .source import Function, call_name, expression_name, names_loaded
from .trial import cost_in, names_in, run, space_of
from .unchecked import left_out, notes_of
from .unfit import passed_over
from .wiring import is_callable_name

CONTAINERS = frozenset({"grads", "gradients", "grad", "gradient"})


@dataclass(frozen=True, slots=True)
class Body:
    """The statements of one step of training, and the update behind them."""

    lines: tuple[Line, ...]
    updates: tuple[Line, ...]
    shown: tuple[Line, ...] = ()  # what is only printed or collected

    @property
    def bound(self) -> frozenset[str]:
        """Names that a step binds or changes."""
        return frozenset().union(*(line.binds | line.mutates for line in self.lines))


def inline_problem(
    statements_: Sequence[ast.stmt],
    where: str,
    evidence: Evidence,
    hints: Hints,
    resolve: Callable[[str], Root | None],
    source: str = "",
) -> Problem:
    """The Problem that some statements pose; `where` says what messages call them.

    Raises
    ------
    BindingError
        Where there is no gradient beside its parameter, or no cost.
    """
    body = training_step(statements_)
    roots = _roots(body, evidence, resolve)
    parameters = _parameters(body, roots, hints)
    if not parameters:
        raise BindingError(
            f"{where} holds no gradient beside its parameter; needed: names such as dW1 beside "
            "W1, or an update such as W1 -= lr * dW1; or define functions forward and backward"
        )
    lines = [line.text for line in _moving(body, set(parameters))]
    grads = list(hints.grads) or _gradients(body, roots, parameters)
    gradient_lines = [*lines, f"{RESULT} = ({', '.join(grads)},)"] if grads else []
    reading = _read(gradient_lines, grads, evidence, roots, where, hints) if grads else None
    if reading is None:
        gradient_lines, reading = _from_update(
            body, lines, evidence, roots, parameters, where, hints
        )
    return posed(
        body,
        lines,
        gradient_lines,
        reading,
        roots,
        evidence,
        hints,
        where,
        ", ".join(grads) or "its update",
        source,
    )


def posed(
    body: Body,
    lines: list[str],
    gradient_lines: list[str],
    reading: Reading,
    roots: dict[str, Root],
    evidence: Evidence,
    hints: Hints,
    where: str,
    shown: str,
    source: str = "",
) -> Problem:
    """The Problem of a step whose gradients are read: its cost is looked for in the same lines."""
    cost_lines, text = _cost(body, lines, evidence, roots, hints, where, shown)
    every = [*gradient_lines, *cost_lines]
    used = {name: root for name, root in roots.items() if name in names_in(every)}
    for said in hints.data:
        if said not in {root.text for root in used.values()}:
            raise BindingError(
                f"--data {said} is nothing that {where} starts from; needed: X first, then Y, in "
                "the place of data that its statements read"
            )
    space = space_of(every, evidence, used)
    fixed = frozenset(space)
    names = " ".join(slot.leaf.name for slot in reading.slots)
    values = {name: root.value for name, root in used.items()}

    def problem(found: Reading) -> Problem:
        return build(
            Program(slice_lines(cost_lines, COST, fixed), space),
            Program(slice_lines(gradient_lines, RESULT, fixed), space),
            found,
            values,
            how=f"{where} → {shown}; parameters: {names}; cost: {text}",
            cost_name=text if text.isidentifier() else "the cost",
            gradient_name=where,
            source=source,
        )

    left, still = left_out(reading, values, hints.params, problem, evidence)
    for leaf in left:
        if leaf.name in hints.params or leaf.key in hints.params:
            raise BindingError(f"--params {leaf.name}: {where} holds no gradient for it")
    whole = problem(reading)
    over = passed_over(values, reading.beyond)
    said = (f"{why}: not checked" for why in over.values())
    notes = (*whole.notes, *notes_of(left, still, where, reading.odd), *said)
    return replace(whole, notes=notes, unchecked=(*(leaf.name for leaf in left), *over))


def inline_functions(evidence: Evidence, hints: Hints) -> list[Function]:
    """Functions that hold a whole training loop, gradients and update in it."""
    names = [hints.forward] if hints.forward else evidence.callables()
    found = []
    for name in names:
        code = getattr(evidence.raw(name), "__code__", None)
        variables = (*code.co_varnames, *code.co_names) if code is not None else ()
        if any(gradient_stems(v) or "delta" in v or kind(v) == "rate" for v in variables):
            function = evidence.read(name)
            node = function.node if function is not None else None
            if isinstance(node, ast.FunctionDef) and training_step(node.body).updates:
                found.append(function)
    return found


def training_step(body: Sequence[ast.stmt]) -> Body:
    """The innermost loop that updates, or the cell itself."""
    lines = [line for line in statements(body, _has_step) if not line.header]
    bound: set[str] = set()
    steps: list[Line] = []
    for line in lines:
        if _is_step(line.statement, bound):
            steps.append(line)
        elif isinstance(line.statement, (ast.Assign, ast.AnnAssign)) and line.loops:
            bound |= line.binds
    loops = steps[0].loops if steps else ()
    # `for key in params: params[key] -= …` is a loop around the update alone
    while loops and all(line in steps for line in lines if line.loops[: len(loops)] == loops):
        loops = loops[:-1]
    inside = [line for line in lines if line.loops == loops and line not in steps]
    shown = tuple(line for line in inside if only_shows(line))
    kept = tuple(line for line in inside if not is_update(line) and line not in shown)
    return Body(kept, tuple(line for line in steps if line.loops[: len(loops)] == loops), shown)


def _has_step(statement: ast.stmt) -> bool:
    # `for t in range(T): dW += …` is no update: what it changes is a gradient
    bound: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign):
            bound |= {n.id for n in node.targets if isinstance(n, ast.Name)}
    return any(
        isinstance(node, ast.stmt) and _is_step(node, bound - _targets_of(node))
        for node in ast.walk(statement)
    )


def _targets_of(node: ast.AST) -> set[str]:
    names = node.targets if isinstance(node, ast.Assign) else []
    return {name.id for name in names if isinstance(name, ast.Name)}


def _is_step(statement: ast.stmt, bound: set[str]) -> bool:
    """``W -= lr * dW``, ``W += x.T @ delta``, ``W = W - lr * dW``: of something not made here."""
    if isinstance(statement, ast.AugAssign):
        target = expression_name(statement.target) or ""
        base = statement.target
        while isinstance(base, (ast.Subscript, ast.Attribute)):
            base = base.value
        owner = base.id if isinstance(base, ast.Name) else ""
        value = names_loaded(statement.value)
        if owner in bound or gradient_stems(target) or is_cost_variable(target) or not value:
            return False
        rated = any(kind(n) == "rate" or gradient_stems(n) for n in value)
        if isinstance(statement.op, ast.Sub):
            return rated or owner == target
        products = (isinstance(n, ast.Call) or _is_product(n) for n in ast.walk(statement.value))
        return (
            isinstance(statement.op, ast.Add)
            and any(products)
            and (rated or any("delta" in n for n in value))
        )
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.BinOp):
        return False
    target = statement.targets[0]
    same = ast.unparse(target) == ast.unparse(statement.value.left)
    name = expression_name(target) or ""
    moves = isinstance(statement.value.op, (ast.Sub, ast.Add))
    return same and moves and not gradient_stems(name) and not is_cost_variable(name)


def _is_product(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, (ast.MatMult, ast.Mult))


def only_shows(line: Line) -> bool:
    """True for a statement that prints, collects or plots, and for one that does nothing."""
    value = getattr(line.statement, "value", None)
    if isinstance(line.statement, ast.If):
        return not line.binds
    return isinstance(line.statement, ast.Expr) and (
        not isinstance(value, ast.Call)
        or any(name.rpartition(".")[2] in ("print", "append", "plot") for name in line.called)
    )


def _roots(
    body: Body, evidence: Evidence, resolve: Callable[[str], Root | None]
) -> dict[str, Root]:
    found: dict[str, Root] = {}
    for line in (*body.lines, *body.updates):
        for name in line.loads:
            if name not in found and not is_builtin(name) and not is_callable_name(name, evidence):
                root = resolve(name)
                if root is not None:
                    found[name] = root
    return found


def _parameters(body: Body, roots: dict[str, Root], hints: Hints) -> dict[str, None]:
    if hints.params:
        firsts = [name for text in hints.params for name in sorted(names_in([text]))]
        return dict.fromkeys(name for name in firsts if name in roots)
    updated = [
        name for line in body.updates for name in (*line.binds, *line.mutates) if name in roots
    ]
    if not updated:  # no update: every dX that the cell computes beside an X that it reads
        stems = [stem for name in sorted(body.bound) for stem in gradient_stems(name)]
        stems += [name for text in hints.grads for name in gradient_stems(text)]
        free = [name for name in roots if name not in body.bound and kind(name) not in ("x", "y")]
        updated = [hit for stem in stems if (hit := match_name(stem, free)) is not None]
    order = list(roots)
    return dict.fromkeys(sorted(dict.fromkeys(updated), key=order.index))


def _moving(body: Body, moved: set[str]) -> list[Line]:
    """Statements that depend on the parameters, and those that start what they add up."""
    kept: set[int] = set()
    for index, line in enumerate(body.lines):
        if line.binds & moved and not set(line.loads) & moved:
            continue  # the cell makes the parameters
        if set(line.loads) & moved:
            kept.add(index)
            moved = moved | line.binds | line.mutates
    grown = True
    while grown:
        added = {
            k
            for index in kept
            for name in {*body.lines[index].loads, *body.lines[index].mutates}
            for k in range(index)
            if name in body.lines[k].binds and name in _bound_by(body, kept)
        }
        grown = not added <= kept
        kept |= added
    return [body.lines[index] for index in sorted(kept)]


def _bound_by(body: Body, kept: set[int]) -> set[str]:
    return {n for k in kept for n in body.lines[k].binds | body.lines[k].mutates}


def _gradients(body: Body, roots: dict[str, Root], parameters: dict[str, None]) -> list[str]:
    values = {name: roots[name].value for name in parameters}
    keys = [leaf.key for leaf in all_leaves(values)]
    found = [
        name
        for line in body.lines
        for name in sorted(line.binds | line.mutates, key=line.text.find)
        if name in CONTAINERS or any(match_name(s, keys) for s in gradient_stems(name))
        if name not in parameters
    ]
    return list(dict.fromkeys(found))


def _read(
    lines: list[str],
    grads: list[str],
    evidence: Evidence,
    roots: dict[str, Root],
    where: str,
    hints: Hints,
) -> Reading | None:
    used = {name: root for name, root in roots.items() if name in names_in(lines)}

    def look(values: dict[str, Any], after: dict[str, Any]) -> Reading | None:
        wanted = hints.params if hints.grads else ()
        return adapters.read(
            Outcome(
                after[RESULT],
                tuple(grads),
                values,
                after,
                wanted=wanted,
                grads=hints.grads,
                places=places(hints, used),
            )
        )

    reading = run(lines, evidence, used, look)
    if isinstance(reading, str) and reading.startswith("--grads"):
        raise BindingError(reading)
    if isinstance(reading, str):
        raise BindingError(f"the statements of {where} {reading}")
    return reading


def _from_update(
    body: Body,
    lines: list[str],
    evidence: Evidence,
    roots: dict[str, Root],
    parameters: dict[str, None],
    where: str,
    hints: Hints,
) -> tuple[list[str], Reading]:
    """The gradient as the update itself, divided by the learning rate that stands in it."""
    updates = [line for line in body.updates if (line.binds | line.mutates) & set(parameters)]
    rates = [n for line in updates for n in line.loads if kind(n) == "rate" and n in roots]
    rate = float(roots[rates[0]].value) if rates and is_number(roots[rates[0]].value) else None
    rate = rate or hints.rate or 1.0
    program = [*lines, *(line.text for line in updates), f"{RESULT} = None"]
    before = {name: root.value for name, root in roots.items() if name in names_in(program)}
    used = {name: root for name, root in roots.items() if name in before}

    def look(values: dict[str, Any], after: dict[str, Any]) -> Reading | None:
        moved = frozenset(parameters)
        return adapters.read(Outcome(None, (), before, after, rate, before=before, updated=moved))

    reading = run(program, evidence, used, look)
    if reading is None or isinstance(reading, str):
        why = f": {reading}" if reading else ""
        raise BindingError(f"no gradient of {' '.join(parameters)} can be read from {where}{why}")
    names = ", ".join(str(slot.leaf.path[0]) for slot in reading.slots)
    return [*program[:-1], f"{RESULT} = ({names},)"], reading


def _cost(
    body: Body,
    lines: list[str],
    evidence: Evidence,
    roots: dict[str, Root],
    hints: Hints,
    where: str,
    shown: str,
) -> tuple[list[str], str]:
    tried: list[str] = []
    errors: list[str] = []
    for text in _cost_texts(body, hints):
        program = [*lines, f"{COST} = {text}"]
        used = {name: root for name, root in roots.items() if name in names_in(program)}
        free = names_in([f"{COST} = {text}"]) - set(roots) - {COST}
        for name in free & set(evidence.values) - body.bound:
            used[name] = roots[name] = Root(evidence.values[name], name)
        value = run(program, evidence, used, lambda _, after: cost_in(after))
        if isinstance(value, str) or not is_cost_like(value):
            why = value if isinstance(value, str) else "it is not one number"
            tried.append(f"{text}: {why}")
            errors += [text] if is_real(value) and text.isidentifier() else []
            continue
        return program, text
    magic = "%%gradcheck" if where == "the cell" else "%gradcheck"
    if tried:
        # the error of the output, made from the labels: layers below get theirs from it
        top = [n for line in body.lines if any(kind(load) == "y" for load in line.loads)
               for n in line.binds]  # fmt: skip
        errors = [text for text in errors if text in top] or errors
        said = f"; where {errors[0]} is an error to be squared:" if errors else ""
        raise BindingError(
            f"no cost in {where} can be computed; tried {'; '.join(tried)}; needed: what is "
            f"minimised, as one number{said}",
            tuple(f'{magic} --cost "np.sum({text} ** 2) / 2"' for text in errors),
        )
    raise BindingError(
        f"{where} computes {shown} but no cost; say what is minimised:",
        (f'{magic} --cost "np.mean((y_hat - y) ** 2)"',),
    )


def _cost_texts(body: Body, hints: Hints) -> list[str]:
    if hints.cost:
        return [hints.cost]
    texts: list[str] = []
    for line in reversed(body.lines):
        statement = line.statement
        names = [n for n in line.binds if is_cost_variable(n) and not is_held_out(n)]
        if isinstance(statement, (ast.For, ast.While)) and names:
            texts += names
        elif isinstance(statement, ast.AugAssign) and names:
            texts.append(ast.unparse(statement.value))
        elif isinstance(statement, ast.Assign) and names:
            texts.append(names[0])
    return list(dict.fromkeys([*texts, *shown_costs(body.shown)]))


def shown_costs(lines: Sequence[Line]) -> list[str]:
    """Losses that are only printed or collected, none of them of held-out data."""
    texts: list[str] = []
    for line in lines:
        calls = [
            call for name, call in line.calls if name.rpartition(".")[2] in ("append", "print")
        ]
        for arg in (arg for call in calls for arg in call.args):
            called = call_name(arg) if isinstance(arg, ast.Call) else ""
            if any(map(is_held_out, names_loaded(arg))):
                continue
            if role_score(called.rpartition(".")[2], COST_WORDS) or _holds_cost(line):
                texts.append(ast.unparse(arg))
    return list(dict.fromkeys(texts))


def _holds_cost(line: Line) -> bool:
    """``losses.append(…)``."""
    owners = [name.partition(".")[0] for name in line.called if "." in name]
    return any(is_cost_variable(owner) and not is_held_out(owner) for owner in owners)
