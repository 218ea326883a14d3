"""What the source of a function says: its arguments, what it returns, what it calls."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..adapters.names import gradient_stems
from ..sandbox import global_names

Definition: TypeAlias = ast.FunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Function:
    """A function or bound method of the user.

    Attributes
    ----------
    name
        What the user writes to call it, ``net.loss``.
    value
        The function.
    arguments
        Names of its arguments, without ``self``.
    required
        Those of them that have no default.
    owner
        The name of the instance whose method it is.
    find
        Finds its definition, None where there is no source: that takes longer than all the rest.
    """

    name: str
    value: Callable[..., Any]
    arguments: tuple[str, ...]
    required: tuple[str, ...]
    defaults: dict[str, Any]
    owner: str = ""
    find: Callable[[], Definition | None] = lambda: None

    @property
    def node(self) -> Definition | None:
        """Its definition, read when first asked for."""
        return self.find()

    @property
    def short(self) -> str:
        """The name without its owner."""
        return self.name.rpartition(".")[2]

    @property
    def said(self) -> str:
        """The name as the user writes it: an object that is called is ``net``."""
        return self.name.removesuffix(".__call__")

    @property
    def code(self) -> Any:
        """The code object, None for callables without one."""
        return getattr(getattr(self.value, "__func__", self.value), "__code__", None)

    @property
    def returns(self) -> tuple[str | None, ...]:
        """Names of what it returns, one an element of the tuple; empty where there is no source."""
        return return_names(self.node)

    @property
    def returns_plainly(self) -> tuple[bool, ...]:
        """True for each element of `returns` that is a name and no expression over names."""
        return tuple(_is_plain(item) for item in _return_items(self.node))

    @property
    def returns_bundles(self) -> tuple[bool, ...]:
        """True for each element of `returns` that is a tuple, list or dict written out."""
        kinds = (ast.Tuple, ast.List, ast.Dict)
        return tuple(isinstance(item, kinds) for item in _return_items(self.node))

    @property
    def returns_tuple(self) -> bool:
        """True where a tuple is written behind ``return``."""
        return any(isinstance(node.value, ast.Tuple) for node in own_returns(self.node))

    @property
    def calls(self) -> frozenset[str]:
        """Names (also of attributes) that the body uses, read from the compiled code."""
        return _names(self.code) if self.code is not None else frozenset()


def read_function(name: str, value: Any, cells: Sequence[str], owner: str = "") -> Function | None:
    """The facts about a callable; None where it has no signature."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return None
    fixed = [
        p for p in signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    return Function(
        name,
        value,
        tuple(p.name for p in fixed),
        tuple(p.name for p in fixed if p.default is p.empty),
        {p.name: p.default for p in fixed if p.default is not p.empty},
        owner,
        functools.cache(lambda: definition(value, cells)),
    )


def definition(value: Any, cells: Sequence[str]) -> Definition | None:
    """The definition of a function: its source file, else the latest cell that defines it."""
    function = inspect.unwrap(getattr(value, "__func__", value))
    name = getattr(function, "__name__", "")
    found = _at_its_line(function, name)
    if found is not None:
        return found
    try:
        tree = _parsed(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, IndexError):
        tree = None
    for source in [] if tree else reversed(cells):
        if f"def {name}" in source:
            tree = parse_cell(source)
            if tree and any(_defines(node, name) for node in ast.walk(tree)):
                break
            tree = None
    for node in ast.walk(tree) if tree else ():
        if _defines(node, name) or (name == "<lambda>" and isinstance(node, ast.Lambda)):
            return node  # pyright: ignore[reportReturnType]
    return None


def _at_its_line(function: Any, name: str) -> Definition | None:
    """The definition at the line that the compiled code names, its whole cell or file parsed once.

    `inspect.getsource` cuts every function out of it by its tokens, which takes ten times as long.
    """
    try:
        lines, start = inspect.findsource(function)
        return _definitions("".join(lines)).get((name, start + 1))
    except (OSError, TypeError, SyntaxError, IndexError, ValueError):
        return None


@functools.lru_cache(maxsize=1024)
def _definitions(text: str) -> dict[tuple[str, int], ast.FunctionDef]:
    """Functions of a text by name and first line, that of the first decorator where there is."""
    return {
        (node.name, min([node.lineno, *(d.lineno for d in node.decorator_list)])): node
        for node in ast.walk(_parsed(text))
        if isinstance(node, ast.FunctionDef)
    }


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@functools.lru_cache(maxsize=1024)
def parse_cell(source: str) -> ast.Module | None:
    """A cell as a tree, without its magics; None where it does not parse."""
    lines = [
        "" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.splitlines()
    ]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:
        return None


@functools.lru_cache(maxsize=4096)
def own_returns(node: ast.AST | None) -> tuple[ast.Return, ...]:
    """The return statements of a function, not those of functions inside it."""
    if isinstance(node, ast.Lambda):
        return (ast.Return(node.body),)
    return tuple(n for n in _own(node) if isinstance(n, ast.Return) and n.value) if node else ()


def return_names(node: ast.AST | None) -> tuple[str | None, ...]:
    """Names in the return statement that names most."""
    return tuple(expression_name(item) for item in _return_items(node))


@functools.lru_cache(maxsize=4096)
def _return_items(node: ast.AST | None) -> tuple[ast.expr | None, ...]:
    best: list[ast.expr | None] = []
    most = -1
    for statement in own_returns(node):
        value = statement.value
        if isinstance(value, ast.Name) and node is not None:
            value = _tuple_behind(node, value) or value
        items = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
        if len(items) >= most:
            best, most = list(items), len(items)
    return tuple(best)


def _is_plain(node: ast.AST | None) -> bool:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return isinstance(node, ast.Name)


def expression_name(node: ast.AST | None) -> str | None:
    """The name that an expression carries: ``dW1``, ``self.dW1``, ``grads["dW1"]``, ``dW1.T``."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return node.slice.value
        return expression_name(node.value)
    if isinstance(node, ast.Attribute):
        return expression_name(node.value) if node.attr == "T" else node.attr
    if node is None:
        return None
    nodes = list(ast.walk(node))
    # decode(h) is no gradient; dW1(X) and dJ_dW1() are
    calls = [n for n in nodes if isinstance(n, ast.Call) and _WORD.fullmatch(call_name(n))]
    called = {id(n.func) for n in calls}
    loaded = [n.id for n in nodes if isinstance(n, ast.Name) and id(n) not in called]
    names = {name for name in loaded if gradient_stems(name)}
    return names.pop() if len(names) == 1 else None


_WORD = re.compile(r"d[a-z]{2,}")


def names_loaded(node: ast.AST, nodes: Sequence[ast.AST] = ()) -> list[str]:
    """Names that a piece of code reads, each once, in order of appearance."""
    nodes = nodes or list(ast.walk(node))
    found = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    found.sort(key=lambda n: (n.lineno, n.col_offset))
    return list(dict.fromkeys(n.id for n in found))


def global_reads(function: Function) -> frozenset[str]:
    """Names that the function reads from its globals."""
    return global_names(function.code)[0] if function.code is not None else frozenset()


def updated_names(node: ast.AST | None) -> frozenset[str]:
    """Names that a function updates: ``W1`` in ``self.W1 -= …`` and ``W1 = W1 - lr * dW1``.

    ``W1`` and ``W2`` also in ``for p, g in zip([W1, W2], grads): p -= lr * g``.
    """
    found: set[str] = set()
    loops: list[ast.For] = []
    for part in ast.walk(node) if node is not None else ():
        target: ast.AST | None = None
        if isinstance(part, ast.For):
            loops.append(part)
        elif isinstance(part, ast.AugAssign) and isinstance(part.op, (ast.Sub, ast.Add)):
            target = part.target
        elif isinstance(part, ast.Assign) and isinstance(part.value, ast.BinOp):
            wanted = ast.unparse(part.targets[0])
            terms = (ast.unparse(n) for n in ast.walk(part.value) if isinstance(n, ast.expr))
            if isinstance(part.value.op, (ast.Sub, ast.Add)) and wanted in terms:
                target = part.targets[0]
        while isinstance(target, ast.Subscript):
            target = target.value
        name = expression_name(target)
        if name and not gradient_stems(name):
            found.add(name)
    for loop in loops:
        found |= {name for item in _walked(loop, found) for name in _listed(item)}
    return frozenset(found)


def _walked(loop: ast.For, names: set[str]) -> list[ast.expr]:
    """What a loop takes the items from that it binds to some of the names."""
    targets = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
    zipped = isinstance(loop.iter, ast.Call) and call_name(loop.iter) == "zip"
    sources = loop.iter.args if isinstance(loop.iter, ast.Call) and zipped else [loop.iter]
    if len(sources) != len(targets):
        return []
    pairs = zip(targets, sources, strict=True)
    return [source for target, source in pairs if expression_name(target) in names]


def _listed(node: ast.expr) -> list[str]:
    """``W1`` and ``b1`` of ``[W1, self.b1]``, ``params`` of ``params``."""
    items = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    return [name for name in map(expression_name, items) if name]


def call_name(node: ast.Call) -> str:
    """What is called: ``f``, ``net.loss``; empty for anything computed."""
    try:
        text = ast.unparse(node.func)
    except (ValueError, RecursionError):
        return ""
    return text if text.replace(".", "").isidentifier() else ""


def _tuple_behind(function: ast.AST, name: ast.Name) -> ast.expr | None:
    # `grads = (dW1, db1)` before `return grads`
    for node in _own(function):
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Tuple, ast.List)):
            target = node.targets[0]
            if isinstance(target, ast.Name) and target.id == name.id and node.value.elts:
                return node.value
    return None


def _own(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield child
            yield from _own(child)


def _defines(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


def _names(code: Any) -> frozenset[str]:
    found = set(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            found |= _names(constant)
    return frozenset(found)
