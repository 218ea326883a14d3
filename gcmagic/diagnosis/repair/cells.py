"""The body of a cell as a unit: gradients that are computed by statements and not by a function."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
from collections.abc import Iterator
from types import CodeType
from typing import Any

from ...problem import Problem
from .running import Ran
from .units import Unit

Way = tuple[tuple[str, int], ...]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Cell(Unit):
    """The statements of one training step; `node` is a function that has them as its body.

    Attributes
    ----------
    program
        The gradient as discovery runs it: ``lines``, and ``running(code)``.
    ways
        For each statement the way to it in the text; None for one that is not the user's.
    fixed
        Statements that are not edited, since the cost runs them too or they are ours.
    """

    program: Any
    ways: tuple[Way | None, ...]
    fixed: frozenset[int]

    def is_fixed(self, statement: ast.stmt) -> bool:
        """True for a statement that is left as it is."""
        return id(statement) in self.fixed

    def compiled(self) -> CodeType:
        """The code of the statements as they are now."""
        return compile(self.module, "<gcmagic>", "exec")

    @contextlib.contextmanager
    def running(self, code: CodeType) -> Iterator[None]:
        """The program with other code for a while."""
        with self.program.running(code):
            yield

    def reparsed(self, source: str) -> Unit | None:
        """The cell with another text of the same build."""
        try:
            tree = ast.parse(_plain(source))
            found = [way and _at(tree, way) for way in self.ways]
        except (SyntaxError, IndexError, AttributeError, TypeError):
            return None
        body = [new or old for new, old in zip(found, self.node.body, strict=True)]
        fixed = {id(b) for b, old in zip(body, self.node.body, strict=True) if self.is_fixed(old)}
        return _cell(source, tree, body, self.ran, self.program, self.ways, frozenset(fixed))


def cell_of(problem: Problem) -> Cell | None:
    """The cell that a problem is about; None where its gradient comes from functions."""
    lines, run = getattr(problem.grad, "lines", ()), getattr(problem.grad, "running", None)
    if not problem.source or not lines or run is None:
        return None
    try:
        tree = ast.parse(_plain(problem.source))
    except SyntaxError:
        return None
    known: dict[str, tuple[ast.stmt, Way]] = {}
    for statement, way in _statements(tree, ()):
        known.setdefault(ast.unparse(statement), (statement, way))
    also = set(getattr(problem.fun, "lines", ()))
    body, ways, fixed = [], [], set()
    for line in lines:
        statement, way = known.get(line, (ast.parse(line).body[0], None))
        body.append(statement)
        ways.append(way)
        if way is None or line in also:
            fixed.add(id(statement))
    scope = dataclasses.replace(problem.grad, read=dict, rate=0.0)(problem.copied())  # pyright: ignore
    outer = {"__builtins__": __builtins__}
    ran = Ran(problem.grad.code, (), {k: v for k, v in scope.items() if k[:2] != "__"}, outer)  # pyright: ignore
    return _cell(problem.source, tree, body, ran, problem.grad, tuple(ways), frozenset(fixed))


def _cell(
    source: str, tree: ast.Module, body: list[Any], ran: Ran, program: Any, ways: Any, fixed: Any
) -> Cell:
    made = ast.parse("def cell(): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.body = body
    module = ast.Module(made.body, [])
    return Cell("the cell", source, tree, made, module, None, ran, 0, program, ways, fixed)


def _statements(node: ast.AST, way: Way) -> Iterator[tuple[ast.stmt, Way]]:
    for field in ("body", "orelse", "finalbody"):
        for k, statement in enumerate(getattr(node, field, ())):
            if isinstance(statement, ast.stmt):
                yield statement, (*way, (field, k))
                yield from _statements(statement, (*way, (field, k)))


def _at(tree: ast.AST, way: Way) -> Any:
    for field, k in way:
        tree = getattr(tree, field)[k]
    return tree


def _plain(source: str) -> str:
    """The text without magics, every line in its place."""
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.split("\n")
    )
