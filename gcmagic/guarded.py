"""A cost that adds a small number inside its logs, beside a gradient of the logs alone.

``-np.mean(np.log(p + 1e-7))`` with ``dZ = p - t``: courses do it, and the gradient is right for the
cost that is meant. It is off by about 1e-7 / p from the one that is written, above the threshold.
"""

from __future__ import annotations

import ast
import contextlib
import types
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from .comparison import FAIL, PASS
from .findings import Finding
from .problem import Problem
from .report import Report

# what is added is called small up to here, and so is a difference that it may make
SMALL, BARELY = 1e-5, 1e-3
# what is left of it: log(0) stays a number, and nothing else changes
LEFT = "1e-300"
LOGS = frozenset({"log", "log2", "log10"})


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """A piece of the user's code and the same without the numbers in its logs.

    Attributes
    ----------
    name
        What the user calls it.
    shown
        The numbers, as the user writes them.
    functions
        Functions that hold the code; empty for statements of a cell.
    code
        The other code.
    """

    name: str
    shown: tuple[str, ...]
    functions: tuple[types.FunctionType, ...]
    code: types.CodeType


@dataclass(frozen=True, slots=True, eq=False)
class Unguarded:
    """The cost without the numbers in its logs."""

    fun: Any
    guards: tuple[Guard, ...]

    def __call__(self, params: Any) -> Any:
        """J at `params`."""
        with without(self.fun, self.guards):
            return self.fun(params)


def may_be_guarded(report: Report) -> bool:
    """Whether a failed check has arrays that are off by as little as such a number makes."""
    return any(
        block.verdict is FAIL and block.difference < BARELY
        for phase in report.phases
        for block in phase.blocks
    )


def guards_of(problem: Problem) -> tuple[Guard, ...]:
    """The pieces of code that the cost runs and that add a small number inside a log."""
    from .diagnosis.repair.running import functions_run
    from .diagnosis.repair.units import unit_of

    found: list[Guard] = []
    for ran in functions_run(lambda: problem.cost(problem.copied())).values():
        unit = unit_of(ran)
        names = {**ran.outer, **ran.variables}
        shown = _taken_out(unit.node, names) if unit is not None else ()
        if unit is not None and shown:
            found.append(Guard(unit.name, shown, ran.functions, unit.compiled()))
    lines, space = getattr(problem.fun, "lines", ()), getattr(problem.fun, "space", {})
    tree = ast.parse("\n".join(lines))
    shown = _taken_out(tree, space)
    if shown:
        found.append(Guard("the cost", shown, (), compile(tree, "<gcmagic>", "exec")))
    return tuple(found)


def adds_small(problem: Problem) -> bool:
    """Whether the gradient divides by a sum with such a number: ``-t / (p + 1e-7)``."""
    from .diagnosis.repair.running import code_run
    from .diagnosis.repair.units import unit_of_code

    for ran in code_run(lambda: problem.gradients(problem.copied())).values():
        unit = unit_of_code(ran)
        names = {**ran.outer, **ran.variables}
        nodes = ast.walk(unit.node) if unit is not None else ()
        below = (n.right for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div))
        terms = (getattr(*term) for node in below for term in _terms(node))
        if any(_is_small(term, names) for term in terms):
            return True
    return False


@contextlib.contextmanager
def without(fun: Any, guards: tuple[Guard, ...]) -> Iterator[None]:
    """The user's functions without the numbers in their logs; as they were afterwards."""
    with contextlib.ExitStack() as stack:
        for guard in guards:
            for function in guard.functions:
                stack.callback(setattr, function, "__code__", function.__code__)
                function.__code__ = guard.code
            if not guard.functions:
                stack.enter_context(fun.running(guard.code))
        yield


def explained(report: Report, again: Report, guards: tuple[Guard, ...]) -> Report:
    """The report of the check without the numbers, where they explain arrays called wrong.

    That is where at least one array is right without them that is called wrong with them, and none
    is wrong without them that was not.
    """
    before, after = _wrong(report), _wrong(again)
    mended = [name for name in before if name not in after]
    judged = {name: _verdicts(again, name) for name in mended}
    if not mended or set(after) - set(before) or any(v != {PASS} for v in judged.values()):
        return report
    shown = ", ".join(dict.fromkeys(text for guard in guards for text in guard.shown))
    names = ", ".join(dict.fromkeys(guard.name for guard in guards))
    said = Finding(
        "guarded-log",
        "",
        f"the cost was checked without the {shown} that {names} adds inside a log",
        f"with it {' '.join(mended)} would be off by a little above the threshold; without it the "
        "gradient is that of the cost",
        "Nothing: it is there to keep log(0) away, and the gradient is that of the log alone.",
    )
    first = again.phases[0]
    phases = (replace(first, findings=(*first.findings, said)), *again.phases[1:])
    # what a panel calls from now on is the cost that was checked
    problem = replace(again.problem, fun=Unguarded(again.problem.fun, guards))
    return replace(again, phases=phases, problem=problem)


def _wrong(report: Report) -> list[str]:
    blocks = (block for phase in report.phases for block in phase.blocks)
    return list(dict.fromkeys(block.name for block in blocks if block.verdict is FAIL))


def _verdicts(report: Report, name: str) -> set[Any]:
    return {b.verdict for phase in report.phases for b in phase.blocks if b.name == name}


def _taken_out(tree: ast.AST, names: dict[str, Any]) -> tuple[str, ...]:
    """Exchange the small numbers that are added inside logs, in place; what they were."""
    shown: list[str] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
        if (called.id if isinstance(called, ast.Name) else called) not in LOGS:
            continue
        for holder, field in _terms(node.args[0]):
            value = getattr(holder, field)
            if _is_small(value, names):
                shown.append(_text(value, names))
                small = ast.parse(LEFT, mode="eval").body
                setattr(holder, field, ast.copy_location(small, value))
    return tuple(shown)


def _terms(node: ast.expr) -> Iterator[tuple[ast.BinOp, str]]:
    """Where the terms of a sum stand that are added."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield node, "left"
        yield from _terms(node.left)
        if isinstance(node.op, ast.Add):
            yield node, "right"
            yield from _terms(node.right)


def _is_small(node: ast.expr, names: dict[str, Any]) -> bool:
    value: Any = node.value if isinstance(node, ast.Constant) else None
    if isinstance(node, (ast.Name, ast.Attribute)):
        try:
            value = eval(compile(ast.Expression(node), "<gcmagic>", "eval"), {**names})
        except Exception:
            return False
    return isinstance(value, float) and 0 < value <= SMALL


def _text(node: ast.expr, names: dict[str, Any]) -> str:
    text = ast.unparse(node)
    if isinstance(node, ast.Constant):
        return text.replace("e-0", "e-")
    value = eval(compile(ast.Expression(node), "<gcmagic>", "eval"), {**names})
    return f"{text} = {value!r}".replace("e-0", "e-")
