"""Call sites: where the user's own code calls forward, cost and backward together."""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..adapters.names import NOT_A_PASS, gradient_stems, kind, words
from .source import Function, call_name, names_loaded, parse_cell

_BUILTINS = frozenset(dir(builtins))
_MUTATORS = frozenset({"append", "extend", "insert", "update", "pop", "clear", "add", "fill"})


@dataclass(frozen=True, slots=True)
class Line:
    """One statement of a scope, and what it reads, binds and changes."""

    statement: ast.stmt
    loads: tuple[str, ...]
    binds: frozenset[str]
    mutates: frozenset[str]
    calls: tuple[tuple[str, ast.Call], ...]
    loops: tuple[int, ...]
    tests: tuple[tuple[str, bool], ...]
    header: bool = False
    cell: int = -1

    @property
    def called(self) -> tuple[str, ...]:
        """Names of what it calls."""
        return tuple(name for name, _ in self.calls)

    @property
    def owners(self) -> frozenset[str]:
        """First names of what it calls: ``model`` in ``model.forward(X)``."""
        return frozenset(name.partition(".")[0] for name in self.called)

    @property
    def text(self) -> str:
        """The statement as source."""
        return ast.unparse(self.statement)


@dataclass(frozen=True, slots=True)
class Scope:
    """A function's body or the cells run so far, as a list of statements."""

    name: str
    lines: tuple[Line, ...]
    function: Function | None = None

    def calls_of(self, wanted: Callable[[str], bool]) -> list[tuple[int, str, ast.Call]]:
        """``(line, name, call)`` of the calls whose name is wanted, in the order written."""
        return [
            (index, name, call)
            for index, line in enumerate(self.lines)
            if not line.header
            for name, call in line.calls
            if wanted(name)
        ]


def cell_scope(cells: Sequence[str], wanted: Callable[[str], bool]) -> Scope:
    """All cells, oldest first, as one scope."""
    lines: list[Line] = []
    for number, source in enumerate(cells):
        tree = parse_cell(source)
        if tree is not None:
            lines += _flatten(tree.body, _with_calls(wanted), (), (), number)
    return Scope("the cells", tuple(lines))


def function_scope(function: Function, wanted: Callable[[str], bool], self_name: str = "") -> Scope:
    """The body of a function; `self_name` stands for its ``self``."""
    body = own_body(function, self_name)
    return Scope(function.name, tuple(_flatten(body, _with_calls(wanted), (), ())), function)


def own_body(function: Function, self_name: str = "") -> list[ast.stmt]:
    """The statements of a function, `self_name` in the place of its ``self``."""
    node = function.node
    if not isinstance(node, ast.FunctionDef):
        return []
    if self_name and node.args.args:
        first = node.args.args[0].arg
        node = _Rename({first: self_name}).visit(ast.parse(ast.unparse(node)).body[0])
    return node.body


def statements(body: Sequence[ast.stmt], descend: Callable[[ast.stmt], bool]) -> tuple[Line, ...]:
    """Statements as lines; loops and branches are opened where `descend` says so."""
    return tuple(_flatten(body, descend, (), ()))


def _with_calls(wanted: Callable[[str], bool]) -> Callable[[ast.stmt], bool]:
    return lambda statement: any(wanted(name) for name, _ in _calls(statement))


def is_update(line: Line) -> bool:
    """True where a statement moves the parameters: ``W -= lr * dW``, ``p = update(p, grads)``."""
    statement = line.statement
    if isinstance(statement, ast.AugAssign):
        moves = any(kind(n) == "rate" or gradient_stems(n) for n in names_loaded(statement.value))
        return isinstance(statement.op, ast.Sub) and moves
    if any(set(words(name)) & NOT_A_PASS for name in line.called):
        return True
    value = getattr(statement, "value", None)
    return (
        isinstance(statement, ast.Assign)
        and isinstance(value, ast.BinOp)
        and isinstance(value.op, (ast.Sub, ast.Add))
        and bool(line.binds & set(names_loaded(value.left)))
    )


def outside_lambda(statement: ast.stmt, site: ast.Call) -> ast.Call:
    """A call inside a lambda, with what the lambda is called with for its arguments.

    ``check(lambda v: loss(model, v, data), vectors)`` calls ``loss(model, vectors, data)``, as far
    as one can tell: what stands behind the lambda is what it is a function of.
    """
    for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
        for k, function in enumerate(call.args):
            if not isinstance(function, ast.Lambda) or site not in ast.walk(function):
                continue
            names = [argument.arg for argument in function.args.args]
            behind = [a.id for a in call.args[k + 1 :] if isinstance(a, ast.Name)][: len(names)]
            if len(behind) == len(names):
                renamed = _Rename(dict(zip(names, behind, strict=True)))
                return renamed.visit(ast.parse(ast.unparse(site), mode="eval").body)
    return site


def is_builtin(name: str) -> bool:
    """True for names that Python itself provides."""
    return name in _BUILTINS


class _Rename(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self.names:
            return node
        replacement = ast.parse(self.names[node.id], mode="eval").body
        for part in ast.walk(replacement):
            if isinstance(part, (ast.Name, ast.Attribute)) and part is replacement:
                part.ctx = node.ctx
        return ast.copy_location(replacement, node)


def _flatten(
    body: Sequence[ast.stmt],
    descend: Callable[[ast.stmt], bool],
    loops: tuple[int, ...],
    tests: tuple[tuple[str, bool], ...],
    cell: int = -1,
) -> Iterator[Line]:
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            continue
        blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        if not any(blocks) or not descend(statement):
            yield _line(statement, loops, tests, cell)
        elif isinstance(statement, ast.If):
            test = ast.unparse(statement.test)
            yield from _flatten(statement.body, descend, loops, (*tests, (test, True)), cell)
            yield from _flatten(statement.orelse, descend, loops, (*tests, (test, False)), cell)
        else:
            inner = loops
            if isinstance(statement, (ast.For, ast.While)):
                inner = (*loops, statement.lineno)
            if isinstance(statement, ast.For):
                header = ast.For(statement.target, statement.iter, [ast.Pass()], [])
                yield _line(ast.copy_location(header, statement), inner, tests, cell, header=True)
            for block in blocks:
                yield from _flatten(block, descend, inner, tests, cell)


def _calls(statement: ast.AST, nodes: Sequence[ast.AST] = ()) -> list[tuple[str, ast.Call]]:
    found = [node for node in nodes or ast.walk(statement) if isinstance(node, ast.Call)]
    return [(call_name(node), node) for node in found if call_name(node)]


@functools.lru_cache(maxsize=4096)  # every search goes through the same cells
def _line(
    statement: ast.stmt,
    loops: tuple[int, ...],
    tests: tuple[tuple[str, bool], ...],
    cell: int,
    header: bool = False,
) -> Line:
    binds: set[str] = set()
    mutates: set[str] = set()
    nodes = list(ast.walk(statement))
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            binds.add(node.id)
        elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            mutates |= {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and node.func.attr in _MUTATORS:
                mutates.add(owner.id)
    loads = names_loaded(statement, nodes)
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        loads.append(statement.target.id)
    return Line(
        statement, tuple(loads), frozenset(binds), frozenset(mutates),
        tuple(_calls(statement, nodes)), loops, tests, header, cell,
    )  # fmt: skip
