"""Sites: the statements of a unit, each a place that edits may change."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .nodes import at
from .units import Unit

SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A statement, or the header of a loop or a branch.

    Attributes
    ----------
    unit
        The function that it belongs to.
    body, index
        Its place: ``body[index]``.
    header
        The field of the header that is edited, ``"iter"`` or ``"test"``; empty for a statement.
    depth
        In how many loops it stands.
    """

    unit: Unit
    body: list[ast.stmt]
    index: int
    header: str = ""
    depth: int = 0

    @property
    def statement(self) -> Any:
        """The statement."""
        return self.body[self.index]

    @property
    def returns(self) -> bool:
        """True for a ``return``."""
        return isinstance(self.statement, ast.Return)

    @property
    def line(self) -> int:
        """Its line in the source of the unit, from 1."""
        return self.statement.lineno


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """One small change at a site.

    Attributes
    ----------
    site
        Where.
    level
        How far it goes; the cheapest are tried first.
    kind
        What it does, in a word.
    make
        Makes the statements that stand there then, or the expression of the header.
    span
        How many statements they replace.
    """

    site: Site
    level: int
    kind: str
    make: Callable[[], Any]
    span: int = 1

    @property
    def new(self) -> tuple[Any, ...]:
        """What stands there then."""
        made = self.make()
        return made if isinstance(made, tuple) else (made,)


def sites(unit: Unit) -> list[Site]:
    """The sites of a unit, in the order of its text."""
    return list(_within(unit, unit.node.body, 0))


def _within(unit: Unit, body: list[ast.stmt], depth: int) -> Iterator[Site]:
    for index, statement in enumerate(body):
        if unit.is_fixed(statement) or _says_nothing(statement):
            continue
        if isinstance(statement, SIMPLE):
            yield Site(unit, body, index, depth=depth)
        if isinstance(statement, ast.For):
            yield Site(unit, body, index, "iter", depth)
        elif isinstance(statement, (ast.If, ast.While)):
            yield Site(unit, body, index, "test", depth)
        inner = depth + isinstance(statement, (ast.For, ast.While))
        for field in ("body", "orelse", "finalbody"):
            part = getattr(statement, field, None)
            if isinstance(part, list):
                yield from _within(unit, part, inner)


def _says_nothing(statement: ast.stmt) -> bool:
    # a docstring, an ellipsis, a print
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id == "print"
    return isinstance(value, ast.Constant)


@dataclass(slots=True, eq=False)  # code that holds it has to have a hash
class Switch:
    """Which of the variants in a piece of code runs; 0 is the code as it was."""

    now: int = 0


_SENTINEL = "gcmagic's switch"


def variants(unit: Unit, edits: Sequence[Edit], switch: Switch) -> Any:
    """Code in which ``switch.now = k`` chooses edit k, counted from 1.

    Compiling the whole function for every edit would take longer than running it. Edits that
    replace more than one statement come alone or with others of the same site.

    Raises
    ------
    SyntaxError, ValueError, TypeError
        Where an edit has made something that is no function.
    """
    groups: dict[tuple[int, int, str], list[tuple[int, Edit]]] = {}
    for k, edit in enumerate(edits, 1):
        site = edit.site
        groups.setdefault((id(site.body), site.index, site.header), []).append((k, edit))
    undo: list[Callable[[], None]] = []
    try:
        # from the end of a body on, so that the places before it stay what they are
        for _, group in sorted(groups.items(), key=lambda item: -item[0][1]):
            _place(group, undo)
        return with_switch(unit.compiled(), switch)
    finally:
        for back in reversed(undo):
            back()


def _place(group: list[tuple[int, Edit]], undo: list[Callable[[], None]]) -> None:
    site, span = group[0][1].site, group[0][1].span
    if site.header:
        statement, field = site.statement, site.header
        old = chain = getattr(statement, field)
        for k, edit in group:
            chain = at(ast.IfExp(is_on(k), edit.new[0], chain))
        setattr(statement, field, chain)
        undo.append(lambda: setattr(statement, field, old))
        return
    body, whole = site.body, list(site.body)
    kept = body[site.index : site.index + span]
    for k, edit in group:
        kept = [at(ast.If(is_on(k), list(edit.new) or [at(ast.Pass())], kept))]
    body[site.index : site.index + span] = kept
    undo.append(lambda: body.__setitem__(slice(None), whole))


def is_on(k: int) -> ast.expr:
    """The question whether change k is the one that is on."""
    switch = at(ast.Attribute(at(ast.Constant(_SENTINEL)), "now", ast.Load()))
    return at(ast.Compare(switch, [ast.Eq()], [at(ast.Constant(k))]))


def with_switch(code: Any, switch: Switch) -> Any:
    """The code with the switch itself where its name stands."""
    constants = tuple(
        switch
        if constant == _SENTINEL
        else with_switch(constant, switch)
        if isinstance(constant, type(code))
        else constant
        for constant in code.co_consts
    )
    return code.replace(co_consts=constants)
