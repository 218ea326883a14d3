"""The chain rule through one expression: what an upstream gradient becomes at each of its leaves.

The rules are those of any textbook on reverse differentiation; shapes are those of one run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .nodes import at, attribute, binary, call, negative, number, numpy_call, shape_of

Shape = tuple[int, ...]
ONE = number(1)


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """A gradient on its way: its text and its shape."""

    node: ast.expr
    shape: Shape

    def times(self, node: ast.expr, shape: Shape) -> Slope | None:
        """Times an array; None where the shapes do not fit."""
        found = node if self.node is ONE else binary(self.node, ast.Mult, node)
        return _fitting(found, self.shape, shape)

    def over(self, node: ast.expr, shape: Shape) -> Slope | None:
        """Divided by an array."""
        return _fitting(binary(self.node, ast.Div, node), self.shape, shape)


def _fitting(node: ast.expr, *shapes: Shape) -> Slope | None:
    try:
        return Slope(node, np.broadcast_shapes(*shapes))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Through:
    """Goes through expressions.

    Attributes
    ----------
    worth
        What an expression was worth in the forward pass.
    said
        The same expression in the names of the backward pass; None where it has none.
    """

    worth: Callable[[ast.expr], Any]
    said: Callable[[ast.expr], ast.expr | None]

    def leaves(self, node: ast.expr, slope: Slope) -> Iterator[tuple[ast.expr, Slope]]:
        """Every name in an expression, with what the gradient is there."""
        place = node.slice if isinstance(node, ast.Subscript) else None
        named = isinstance(node, (ast.Name, ast.Attribute)) and getattr(node, "attr", "") != "T"
        if named or isinstance(place, (ast.Constant, ast.Name)):
            yield from self._leaf(node, slope)
        else:
            for inner, step in self._steps(node, slope):
                value = None if isinstance(inner, ast.Constant) else self.worth(inner)
                step = summed_to(step, shape_of(value)) if step and value is not None else None
                if step is not None:
                    yield from self.leaves(inner, step)

    def _leaf(self, node: ast.expr, slope: Slope) -> Iterator[tuple[ast.expr, Slope]]:
        value = self.worth(node)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            summed = summed_to(slope, value.shape)
            if summed is not None:
                yield node, summed

    def _steps(self, node: ast.expr, g: Slope) -> Iterator[tuple[ast.expr, Slope | None]]:
        if isinstance(node, ast.BinOp):
            yield from self._binary(node, g)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield node.operand, Slope(negative(g.node), g.shape)
        elif isinstance(node, ast.Attribute):  # .T
            yield node.value, Slope(attribute(g.node, "T"), g.shape[::-1])
        elif isinstance(node, ast.Call):
            yield from self._call(node, g)

    def _binary(self, node: ast.BinOp, g: Slope) -> Iterator[tuple[ast.expr, Slope | None]]:
        left, right = node.left, node.right
        kind = type(node.op)
        if kind in (ast.Add, ast.Sub):
            yield left, g
            yield right, g if kind is ast.Add else Slope(negative(g.node), g.shape)
            return
        a, b = self.said(left), self.said(right)
        x, y = shape_of(self.worth(left)), shape_of(self.worth(right))
        if kind is ast.Mult:
            if b is not None:
                yield left, g.times(b, y)
            if a is not None:
                yield right, g.times(a, x)
        elif kind is ast.Div and b is not None:
            yield left, g.over(b, y)
            whole = self.said(node)
            if whole is not None:
                step = g.times(negative(whole), np.broadcast_shapes(x, y))
                yield right, step and step.over(b, y)
        elif kind is ast.Pow and a is not None and isinstance(right, ast.Constant):
            n: Any = right.value
            lower = a if n == 2 else binary(a, ast.Pow, number(n - 1))
            yield left, g.times(binary(number(n), ast.Mult, lower), x)
        elif kind is ast.MatMult:
            yield from _product(left, right, a, b, x, y, g)

    def _call(self, node: ast.Call, g: Slope) -> Iterator[tuple[ast.expr, Slope | None]]:
        function, args = node.func, node.args
        word = function.attr if isinstance(function, ast.Attribute) else ""
        owner = function.value if isinstance(function, ast.Attribute) else None
        if owner is not None and getattr(owner, "id", "") not in ("np", "numpy"):
            args = [owner, *args]  # x.sum(axis=0)
        if not args:
            return
        u, said = args[0], self.said(args[0])
        shape = shape_of(self.worth(u))
        if word in ("sum", "mean"):
            yield u, self._reduced(node, args, u, shape, g, word == "mean")
        elif word in ("dot", "matmul") and len(args) == 2:
            x, y = shape_of(self.worth(u)), shape_of(self.worth(args[1]))
            yield from _product(u, args[1], said, self.said(args[1]), x, y, g)
        elif word == "where" and len(args) == 3:
            if said is not None:
                zero = number(0)
                yield args[1], _fitting(numpy_call("where", said, g.node, zero), g.shape, shape)
                yield args[2], _fitting(numpy_call("where", said, zero, g.node), g.shape, shape)
        elif word in ("maximum", "minimum") and len(args) == 2:
            for one, other in ((u, args[1]), (args[1], u)):
                a, b = self.said(one), self.said(other)
                if a is not None and b is not None and not isinstance(one, ast.Constant):
                    operator = ast.Gt() if word == "maximum" else ast.Lt()
                    mask = at(ast.Compare(a, [operator], [b]))
                    yield one, g.times(mask, shape_of(self.worth(one)))
        elif len(args) == 1:
            slope = self._slope(node, word, said)
            if slope is not None:
                yield u, g.times(slope, shape)

    def _slope(self, node: ast.Call, word: str, u: ast.expr | None) -> ast.expr | None:
        """The derivative of a function of one array at it."""
        y = self.said(node)
        if word in ("exp", "tanh", "sqrt") and y is not None:
            if word == "exp":
                return y
            if word == "sqrt":
                return binary(number(0.5), ast.Div, y)
            return binary(ONE, ast.Sub, binary(y, ast.Pow, number(2)))
        if u is None:
            return None
        if word in SLOPES:
            return SLOPES[word](u)
        if not isinstance(node.func, ast.Name):
            return None
        value, inner = self.worth(node), self.worth(node.args[0])
        if (
            value is not None
            and inner is not None
            and y is not None
            and shape_of(value) == shape_of(inner)
        ):
            with np.errstate(all="ignore"):  # the user's own sigmoid
                if np.allclose(value, 1 / (1 + np.exp(-np.asarray(inner, float))), atol=1e-12):
                    return binary(y, ast.Mult, binary(ONE, ast.Sub, y))
                if np.array_equal(value, np.maximum(inner, 0)):
                    return at(ast.Compare(u, [ast.Gt()], [number(0)]))
        return None

    def _reduced(
        self, node: ast.Call, args: list[ast.expr], u: ast.expr, shape: Shape, g: Slope, mean: bool
    ) -> Slope | None:
        keywords = {k.arg: k.value for k in node.keywords}
        where = keywords.get("axis", args[1] if len(args) > 1 else None)
        axis = self.worth(where) if where is not None else None
        if isinstance(axis, int):
            axis %= len(shape) or 1
            if g.shape and len(g.shape) < len(shape):
                kept = (*shape[:axis], 1, *shape[axis + 1 :])
                index: list[ast.expr] = [at(ast.Slice()) for _ in shape]
                index[axis] = number(None)
                place = at(ast.Tuple(index, ast.Load())) if axis else number(None)
                g = Slope(at(ast.Subscript(g.node, place, ast.Load())), kept)
        elif where is not None:
            return None
        if _fitting(g.node, g.shape, shape) is None or not mean:
            return g if not mean else None
        said = self.said(u)
        if said is None:
            return None
        count: ast.expr = attribute(said, "size")
        if axis is not None:
            count = at(ast.Subscript(attribute(said, "shape"), number(axis), ast.Load()))
        return g.over(count, ())


SLOPES: dict[str, Callable[[ast.expr], ast.expr]] = {
    "log": lambda u: binary(ONE, ast.Div, u),
    "log1p": lambda u: binary(ONE, ast.Div, binary(ONE, ast.Add, u)),
    "square": lambda u: binary(number(2), ast.Mult, u),
    "abs": lambda u: numpy_call("sign", u),
    "sin": lambda u: numpy_call("cos", u),
    "cos": lambda u: negative(numpy_call("sin", u)),
}


def _product(
    left: ast.expr,
    right: ast.expr,
    a: ast.expr | None,
    b: ast.expr | None,
    x: Shape,
    y: Shape,
    g: Slope,
) -> Iterator[tuple[ast.expr, Slope | None]]:
    """A matrix product; g stands in the place of the product."""
    if len(g.shape) != max(len(x), len(y)) - (len(y) == 1):
        return
    if len(x) == 2 and len(y) == 1:
        if b is not None:
            yield left, Slope(numpy_call("outer", g.node, b), x)
        if a is not None:
            yield right, Slope(binary(attribute(a, "T"), ast.MatMult, g.node), y)
    elif len(x) >= 2 and len(y) >= 2:
        if b is not None:
            shape = (*g.shape[:-1], y[-2])
            yield left, Slope(binary(g.node, ast.MatMult, _turned(b, len(y))), shape)
        if a is not None:
            shape = (*g.shape[:-2], x[-1], g.shape[-1])
            yield right, Slope(binary(_turned(a, len(x)), ast.MatMult, g.node), shape)


def _turned(node: ast.expr, axes: int) -> ast.expr:
    if axes == 2:
        return attribute(node, "T")
    return call(attribute(node, "swapaxes"), number(-1), number(-2))


def summed_to(slope: Slope, shape: Shape) -> Slope | None:
    """A gradient summed over the axes along which the array was repeated."""
    node, now = slope.node, slope.shape
    if len(now) < len(shape):
        found = _fitting(node, now, shape)
        return slope if found is not None and found.shape == shape else None
    for _ in range(len(now) - len(shape)):
        node, now = numpy_call("sum", node, axis=number(0)), now[1:]
    for k, (old, new) in enumerate(zip(now, shape, strict=True)):
        if old != new and new == 1:
            node = numpy_call("sum", node, axis=number(k), keepdims=number(True))
        elif old not in (new, 1):
            return None
    return Slope(node, tuple(min(pair) for pair in zip(now, shape, strict=True)))
