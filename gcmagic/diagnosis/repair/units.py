"""A unit: one of the user's functions with its source, and how to put other code into it."""

from __future__ import annotations

import ast
import contextlib
import dis
import inspect
import linecache
import re
import textwrap
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .running import Ran

_FUTURE = 0x1FF0000  # the bits of co_flags that stand for `from __future__ import`
_OUTER = "__outer__"

Node = ast.FunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A function that ran, and that can be edited.

    Attributes
    ----------
    name
        What the user calls it, ``Dense.backward``.
    source
        Its text, from ``def`` or its decorators on, without the indent.
    tree
        The module that `source` parses to; edits change it in place and put it back.
    node
        The definition in `tree`; for a lambda a function with its body.
    module
        `node` as it is compiled.
    keeper
        A statement of ours among the user's, where one is needed.
    ran
        The code, who holds it, and its variables.
    place
        Which of the definitions of that name in `source` it is: lambdas may share a line.
    """

    name: str
    source: str
    tree: ast.Module
    node: ast.FunctionDef
    module: ast.Module
    keeper: ast.stmt | None
    ran: Ran
    place: int

    @property
    def body(self) -> list[ast.stmt]:
        """The statements."""
        return [statement for statement in self.node.body if statement is not self.keeper]

    def is_fixed(self, statement: ast.stmt) -> bool:
        """True for a statement that is left as it is."""
        return statement is self.keeper

    def reparsed(self, source: str) -> Unit | None:
        """The unit with another text."""
        return parsed(source, self.ran, place=self.place)

    def compiled(self) -> types.CodeType:
        """The code of the definition as it is now.

        Raises
        ------
        SyntaxError, ValueError, TypeError
            Where an edit has made something that is no function.
        """
        return code_in(self.module, self.ran.code)

    @contextlib.contextmanager
    def running(self, code: types.CodeType) -> Iterator[None]:
        """The user's function with other code, which is taken out again whatever happens."""
        before = [function.__code__ for function in self.ran.functions]
        try:
            for function in self.ran.functions:
                function.__code__ = code
            yield
        finally:
            for function, old in zip(self.ran.functions, before, strict=True):
                function.__code__ = old


def unit_of(ran: Ran) -> Unit | None:
    """The unit of what ran, None where it has no source that fits the code."""
    return unit_of_code(ran) if ran.functions else None


def unit_of_code(ran: Ran) -> Unit | None:
    """The same, to be read alone: no function has to hold the code."""
    try:
        return parsed(textwrap.dedent(_source(ran.code)), ran)
    except (OSError, TypeError, IndexError):
        return None


def _source(code: types.CodeType) -> str:
    """The lines of a function; `inspect` asks every module there is for those of a notebook."""
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename) if code.co_name != "<lambda>" else []
    if not lines:
        return inspect.getsource(code)
    return "".join(inspect.getblock(lines[code.co_firstlineno - 1 :]))


def parsed(source: str, ran: Ran, place: int | None = None) -> Unit | None:
    """The unit of some source: the definition at a `place`, else the one whose code is what ran."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a lambda that is an argument, on a line of its own
        source = _lambda_in(source)
        tree = ast.parse(source)
    like = ran.code
    named = [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.FunctionDef) and node.name == like.co_name)
        or (isinstance(node, ast.Lambda) and like.co_name == "<lambda>")
    ]
    for k, node in enumerate(named):
        with contextlib.suppress(SyntaxError, ValueError, TypeError):
            if place is None and not _same(code_in(wrapped(node, like), like), like):
                continue
            if place is not None and k != place:
                continue
            name = like.co_qualname.rpartition("<locals>.")[2]
            function = _as_function(node)
            keeper = keep_free_variables(function, like)
            return Unit(name, source, tree, function, wrapped(function, like), keeper, ran, k)
    return None


def _lambda_in(source: str) -> str:
    """The first lambda in some text that is no whole statement; empty where there is none."""
    for found in re.finditer(r"\blambda\b", source):
        for end in range(len(source), found.end(), -1):
            try:
                made = ast.parse(source[found.start() : end], mode="eval").body
            except SyntaxError:
                continue
            if isinstance(made, ast.Lambda):
                return source[found.start() : end]
    return ""


def wrapped(node: Node, like: types.CodeType) -> ast.Module:
    """A module with the definition, where its free variables are those of `like`.

    The definition stands inside a function that has these variables, and inside a class where the
    name of one counts (``super()``, names with two underscores). It is compiled and never run.
    """
    inner: ast.stmt = ast.Expr(node) if isinstance(node, ast.Lambda) else _bare(node)
    body: list[ast.stmt] = [inner]
    owner = like.co_qualname.split(".")[-2:-1]
    if owner and owner[0] != "<locals>":
        made = ast.parse(f"class {owner[0]}: pass")
        made.body[0].body = body  # pyright: ignore[reportAttributeAccessIssue]
        body = [made.body[0]]
    names = [name for name in like.co_freevars if not (name == "__class__" and owner)]
    module = ast.parse(f"def {_OUTER}({', '.join(names)}): pass")
    module.body[0].body = body  # pyright: ignore[reportAttributeAccessIssue]
    return ast.fix_missing_locations(module)


def code_in(module: ast.Module, like: types.CodeType) -> types.CodeType:
    """The code of the definition in a wrapped module.

    Raises
    ------
    SyntaxError, ValueError, TypeError
        Where an edit has made something that is no function.
    """
    flags = like.co_flags & _FUTURE
    code = compile(module, like.co_filename, "exec", flags, dont_inherit=True)
    found = next(_nested(code, like.co_name), None)
    if found is None or found.co_freevars != like.co_freevars:
        raise ValueError("other free variables")
    return found


def _bare(node: ast.FunctionDef) -> ast.FunctionDef:
    """The same body without decorators, and with defaults that need no names."""
    old = node.args
    none = ast.Constant(None)
    args = ast.arguments(
        old.posonlyargs,
        old.args,
        old.vararg,
        old.kwonlyargs,
        [default and none for default in old.kw_defaults],
        old.kwarg,
        [none for _ in old.defaults],
    )
    bare = ast.parse("def f(): pass").body[0]
    assert isinstance(bare, ast.FunctionDef)
    bare.name, bare.args, bare.body = node.name, args, node.body
    return bare


def keep_free_variables(node: ast.FunctionDef, like: types.CodeType) -> ast.stmt | None:
    """Name the free variables in a statement that never runs, for edits that name them no more."""
    if like.co_freevars:
        names: list[ast.expr] = [ast.Name(name, ast.Load()) for name in like.co_freevars]
        keeper = ast.If(ast.Constant(False), [ast.Expr(ast.Tuple(names, ast.Load()))], [])
        node.body.append(ast.copy_location(keeper, node.body[-1]))
        return ast.fix_missing_locations(keeper)
    return None


def _nested(code: types.CodeType, name: str) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            if constant.co_name == name:
                yield constant
            yield from _nested(constant, name)


def _same(new: types.CodeType, old: types.CodeType) -> bool:
    """Whether the source is that of the code; a file that was edited since has another."""
    if _steps(new) == _steps(old):
        return True
    if "@pytest_ar" in (*old.co_names, *old.co_varnames):  # assert is rewritten there
        return set(new.co_names) <= {*old.co_names, "AssertionError"}
    return False


# a call of a module's function is compiled otherwise where the import stands beside it
_CALLING = frozenset({"RESUME", "PRECALL", "PUSH_NULL", "NOP", "CACHE", "COPY_FREE_VARS"})
_ALIKE = {"LOAD_METHOD": "LOAD_ATTR", "CALL_METHOD": "CALL"}


def _steps(code: types.CodeType) -> list[Any]:
    found: list[Any] = []
    for step in dis.get_instructions(code):
        if step.opname in _CALLING:
            continue
        value = step.argval
        if isinstance(value, types.CodeType):
            value = _steps(value)
        jump = step.opcode in dis.hasjrel or step.opcode in dis.hasjabs
        found.append((_ALIKE.get(step.opname, step.opname), None if jump else repr(value)))
    return found


def _as_function(node: Node) -> ast.FunctionDef:
    """A lambda as the function that returns its body, so that edits find statements."""
    if isinstance(node, ast.FunctionDef):
        return node
    back = ast.copy_location(ast.Return(node.body), node.body)
    made = ast.parse("def f(): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.name, made.args, made.body = "<lambda>", node.args, [back]
    return made
