"""Calls: the axis of a sum, another function of the same kind, arguments in another order."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Iterator
from typing import Any

from ....sandbox import users_own
from ..nodes import Spot, at, attribute, binary, call, name, number, numpy_call
from ..scope import Scope
from ..sites import Edit
from .look import Look
from .operators import products

KIN = (
    ("sum", "mean"), ("mean", "sum"), ("max", "min"), ("maximum", "minimum"), ("dot", "multiply"),
    ("multiply", "dot"), ("zeros_like", "ones_like"), ("ones_like", "zeros_like"),
    ("zeros", "ones"), ("ones", "zeros"), ("sin", "cos"), ("cos", "sin"), ("argmax", "argmin"),
    ("var", "std"), ("std", "var"), ("exp", "log"), ("log", "exp"), ("minimum", "maximum"),
    ("sqrt", "square"), ("square", "sqrt"), ("add", "subtract"), ("subtract", "add"),
    ("multiply", "divide"), ("divide", "multiply"), ("tanh", "exp"),
)  # fmt: skip
REDUCTIONS = frozenset({"sum", "mean", "max", "min", "var", "std", "prod", "cumsum", "argmax"})
PRODUCTS = frozenset({"dot", "matmul"})


def edits(look: Look) -> Iterator[Edit]:
    """Edits of the calls of one statement."""
    for spot in look.spots:
        if isinstance(spot.node, ast.Call):
            for level, kind, new in _of(spot.node, look.scope):
                yield look.exchange(level, kind, spot, new)
        elif isinstance(spot.node, ast.Subscript) and look.limit >= 3:
            whole = look.scope.shape(spot.node.value)
            for key in (
                ("sum", "mean") if whole and isinstance(spot.node.slice, ast.Constant) else ()
            ):
                new = numpy_call(key, spot.node.value, axis=number(0))
                yield look.exchange(3, "sum", spot, new)
    for spot in look.values:
        yield from _sums(look, spot)


def _of(node: ast.Call, scope: Scope) -> Iterator[tuple[int, str, ast.expr]]:
    function = node.func
    word = function.attr if isinstance(function, ast.Attribute) else ""
    owner = function.value if isinstance(function, ast.Attribute) else None
    module = isinstance(owner, ast.Name) and owner.id in ("np", "numpy")
    for old, new in KIN:
        if word == old and isinstance(function, ast.Attribute):
            yield (
                1,
                "function",
                at(ast.Call(attribute(function.value, new), node.args, node.keywords)),
            )
    if word in REDUCTIONS:
        yield from _axis(node, module)
        inner = node.args[0] if module and node.args else None
        inner = inner or (function.value if isinstance(function, ast.Attribute) else None)
        if inner is not None:
            yield 1, "drop", inner
            yield from _several_axes(node, module, scope.shape(inner) or ())
    if word in PRODUCTS and isinstance(function, ast.Attribute):
        if module and len(node.args) == 2:
            pair, make = node.args, lambda a, b: at(ast.Call(function, [a, b], node.keywords))
        elif not module and len(node.args) == 1:
            pair = [function.value, node.args[0]]
            make = lambda a, b: at(ast.Call(attribute(a, word), [b], node.keywords))  # noqa: E731
        else:
            pair, make = [], None
        if make is not None:
            yield from ((1, "transpose", new) for new in products(pair[0], pair[1], make))
            yield 2, "operator", binary(pair[0], ast.Mult, pair[1])
    elif not node.keywords or module or word:
        yield from _arguments(node, module, word)
    yield from _users(node, scope)
    if isinstance(function, ast.Name) and function.id == "range":
        yield 1, "direction", call(name("reversed"), node)
        if len(node.args) >= 2:
            yield 1, "range", call(function, *node.args[:-1])
            yield 1, "range", call(function, *node.args[1:])
        else:
            yield 1, "range", call(function, number(1), *node.args)
    if isinstance(function, ast.Name) and function.id in ("reversed", "list", "tuple"):
        yield from ((1, "direction", argument) for argument in node.args)


def _arguments(node: ast.Call, module: bool, word: str) -> Iterator[tuple[int, str, ast.expr]]:
    """Two arguments exchanged; one instead of the call; axes in another order."""
    args = node.args
    if len(args) <= 6:
        for i, j in itertools.combinations(range(len(args)), 2):
            new = list(args)
            new[i], new[j] = new[j], new[i]
            level = 1 if module else 2
            yield level, "arguments", at(ast.Call(node.func, new, node.keywords))
    if module and len(args) <= 2 and word not in REDUCTIONS:
        yield from ((2, "drop", argument) for argument in args)
    if not module and len(args) == 1 and not word:
        yield 2, "drop", args[0]
    numbers = [a.value for a in args if isinstance(a, ast.Constant)]
    if word == "transpose":
        axes: Any = None
        if module and len(args) == 2 and isinstance(args[1], (ast.Tuple, ast.List)):
            axes = [a.value for a in args[1].elts if isinstance(a, ast.Constant)]
        for order in (
            itertools.permutations(axes or numbers) if 2 <= len(axes or numbers) <= 4 else ()
        ):
            new = [number(k) for k in order]
            if axes:
                new = [args[0], at(ast.Tuple(new, ast.Load()))]
            yield 2, "transpose", at(ast.Call(node.func, new, node.keywords))
    if word == "einsum" and args and isinstance(args[0], ast.Constant):
        yield from ((2, "einsum", at(ast.Call(node.func, [number(s), *args[1:]], node.keywords)))
                    for s in _subscripts(str(args[0].value)))  # fmt: skip
    if word == "reshape":
        order = at(ast.keyword("order", number("F")))
        yield 4, "order", at(ast.Call(node.func, args, [*node.keywords, order]))


def _subscripts(text: str) -> Iterator[str]:
    """The letters of an einsum with two of one term exchanged."""
    terms, arrow, out = text.replace(" ", "").partition("->")
    parts = [*terms.split(","), *([out] if arrow else [])]
    for k, part in enumerate(parts):
        for i, j in itertools.combinations(range(len(part)), 2):
            new = list(part)
            new[i], new[j] = new[j], new[i]
            changed = [*parts[:k], "".join(new), *parts[k + 1 :]]
            yield ",".join(changed[:-1]) + "->" + changed[-1] if arrow else ",".join(changed)


def _axis(node: ast.Call, module: bool) -> Iterator[tuple[int, str, ast.expr]]:
    """Another axis, or ``keepdims`` the other way."""
    keywords = {k.arg: k.value for k in node.keywords if k.arg}
    old = keywords.get("axis")
    place = 1 if module else 0
    positional = len(node.args) > place
    if positional:
        old = node.args[place]
    for axis in (0, 1, -1, 2, -2, None):
        if isinstance(old, ast.Constant) and old.value == axis:
            continue
        if positional:
            args = [*node.args[:place], number(axis), *node.args[place + 1 :]]
            yield 1, "axis", at(ast.Call(node.func, args, node.keywords))
        elif axis is not None or old is not None:
            new = [k for k in node.keywords if k.arg != "axis"]
            added = [at(ast.keyword("axis", number(axis)))] if axis is not None else []
            yield 1, "axis", at(ast.Call(node.func, node.args, [*added, *new]))
            if "keepdims" not in keywords and axis is not None:
                kept = at(ast.keyword("keepdims", number(True)))
                yield 2, "axis", at(ast.Call(node.func, node.args, [*added, kept, *new]))
    if "keepdims" in keywords:
        new = [k for k in node.keywords if k.arg != "keepdims"]
        yield 1, "keepdims", at(ast.Call(node.func, node.args, new))
        yield 2, "keepdims", at(ast.Call(node.func, node.args, [k for k in new if k.arg != "axis"]))
    else:
        kept = at(ast.keyword("keepdims", number(True)))
        yield 1, "keepdims", at(ast.Call(node.func, node.args, [*node.keywords, kept]))


def _several_axes(
    node: ast.Call, module: bool, shape: tuple[int, ...]
) -> Iterator[tuple[int, str, ast.expr]]:
    """Several axes together, of an array that has more than two: all but one first."""
    place = 1 if module else 0
    others = [k for k in node.keywords if k.arg not in ("axis", "keepdims")]
    kept = at(ast.keyword("keepdims", number(True)))
    for axes in several(len(shape)):
        axis = at(ast.keyword("axis", at(ast.Tuple([number(k) for k in axes], ast.Load()))))
        level = 1 if len(axes) == len(shape) - 1 else 2
        for more in ((), (kept,)):
            new = at(ast.Call(node.func, node.args[:place], [axis, *more, *others]))
            yield level + bool(more), "axis", new


def several(count: int) -> Iterator[tuple[int, ...]]:
    """Choices of two axes and more out of so many, never all; none of those above four."""
    for size in range(count - 1, 1, -1) if count <= 4 else ():
        yield from itertools.combinations(range(count), size)


def _sums(look: Look, spot: Spot) -> Iterator[Edit]:
    """A sum or a mean over an axis that is missing."""
    shape = look.scope.shape(spot.node)
    if shape is None and not isinstance(spot.node, (ast.Name, ast.BinOp, ast.Call)):
        return
    axes: list[Any] = [number(k) for k in (range(len(shape)) if shape is not None else range(2))]
    for some in several(len(shape or ())):
        axes.append(at(ast.Tuple([number(k) for k in some], ast.Load())))
    for axis in axes:
        for keep in (False, True):
            kept = {"keepdims": number(True)} if keep else {}
            new = numpy_call("sum", spot.node, axis=axis, **kept)
            yield look.exchange(2, "sum", spot, new)
            new = numpy_call("mean", spot.node, axis=axis, **kept)
            yield look.exchange(3, "sum", spot, new)


def _users(node: ast.Call, scope: Scope) -> Iterator[tuple[int, str, ast.expr]]:
    """Another function of the user's that takes as many arguments."""
    if not isinstance(node.func, ast.Name):
        return
    ours = scope.value(node.func)
    if not users_own(ours):
        return
    for key in functions(scope, len(node.args) + len(node.keywords)):
        if key != node.func.id:
            yield 2, "function", at(ast.Call(name(key), node.args, node.keywords))


def functions(scope: Scope, count: int) -> list[str]:
    """Names of the user's plain functions that take so many arguments."""
    found = []
    for key, value in {**scope.outer, **scope.local}.items():
        code = getattr(value, "__code__", None)
        if code is None or not users_own(value) or not inspect.isfunction(value):
            continue
        least = code.co_argcount - len(value.__defaults__ or ())
        if least <= count <= code.co_argcount and value not in scope.unit.ran.functions:
            found.append(key)
    return found[:20]
