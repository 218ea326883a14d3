"""Factors that are missing: 1/m, keep_prob, a mask, the derivative of an activation."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator

import numpy as np

from ..nodes import at, binary, call, name, number, numpy_call
from ..scope import Atom
from ..sites import Edit
from .calls import functions
from .look import Look

DERIVATIVE = re.compile(r"deriv|prime|grad|backward|^d_|_d$|^d[a-z]+$")


def edits(look: Look) -> Iterator[Edit]:
    """Factors for the value of a statement, and for the arrays and brackets within it."""
    top = list(look.values)
    for spot in top:
        if isinstance(spot.node, ast.Constant):
            continue
        shape = expected_shape(look, spot.node)
        for level, new in scaled_by_counts(look, spot.node):
            yield look.exchange(level, "scale", spot, new)
        if look.limit < 2:
            continue
        for level, factor in factors_of(look, shape):
            yield look.exchange(level, "factor", spot, binary(spot.node, ast.Mult, factor))
        for level, divisor in _divisors(look, shape):
            yield look.exchange(level, "factor", spot, binary(spot.node, ast.Div, divisor))
    whole = look.scope.shape(look.target) if look.target is not None else None
    whole = whole or ()
    for spot in look.spots if look.limit >= 2 else ():
        node = spot.node
        if spot in top or not isinstance(
            node, (ast.Name, ast.Subscript, ast.Attribute, ast.BinOp, ast.Call)
        ):
            continue
        if isinstance(getattr(node, "ctx", None), ast.Store) or not _counts(look, node):
            continue
        if isinstance(spot.parent, (ast.Attribute, ast.Subscript)) and not (
            _is_transposed(spot.parent) or spot.is_receiver
        ):
            continue
        shape = expected_shape(look, node)
        for level, new in scaled_by_counts(look, node):
            yield look.exchange(level + 2, "scale", spot, new)
        if shape is not None:
            for level, factor in factors_of(look, shape):
                yield look.exchange(level + 1, "factor", spot, binary(node, ast.Mult, factor))
            for atom in look.scope.arrays:
                if (
                    atom.shape == whole
                    and shape != whole
                    and (not shape or broadcasts(shape, whole))
                ):
                    yield look.exchange(3, "factor", spot, binary(node, ast.Mult, atom.node))


def _is_transposed(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "T"


def _counts(look: Look, node: ast.expr) -> bool:
    value = look.scope.value(node)
    if isinstance(node, (ast.BinOp, ast.Call)) and value is None:
        return isinstance(node, ast.BinOp)
    return isinstance(value, (float, np.floating)) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "fb"
    )


def expected_shape(look: Look, node: ast.expr) -> tuple[int, ...] | None:
    """The shape of an expression, that of what it is assigned to where it has none."""
    shape = look.scope.shape(node)
    if shape is None and look.target is not None:
        shape = look.scope.shape(look.target)
    return shape


def scaled_by_counts(look: Look, node: ast.expr) -> Iterator[tuple[int, ast.expr]]:
    """Times and divided by the counts and the numbers that there are, and by 2."""
    for atom in look.scope.counts:
        if abs(atom.value) > 1:
            level = 1 if len(atom.key) <= 2 or "batch" in atom.key else 2
            yield level, binary(node, ast.Div, atom.node)
            yield level, binary(node, ast.Mult, atom.node)
            yield 3, binary(node, ast.Div, numpy_call("sqrt", atom.node))
    for atom in look.scope.floats:
        if atom.value not in (0.0, 1.0):
            yield 2, binary(node, ast.Div, atom.node)
            yield 2, binary(node, ast.Mult, atom.node)
            yield 3, binary(node, ast.Mult, binary(number(1), ast.Sub, atom.node))
            yield 3, binary(node, ast.Div, binary(number(1), ast.Sub, atom.node))
    yield 2, binary(number(2), ast.Mult, node)
    yield 2, binary(node, ast.Div, number(2))
    for key, axis in _lengths(look):
        yield 2, binary(node, ast.Div, _length(key, axis))
        yield 3, binary(node, ast.Mult, _length(key, axis))


def _lengths(look: Look) -> Iterator[tuple[str, int]]:
    """``X.shape[1]``: one array for each length that no count of the user's already has."""
    seen = {int(atom.value) for atom in look.scope.counts}
    for atom in look.scope.arrays:
        if atom.label.isidentifier() and len(atom.shape) <= 4:
            for axis, length in enumerate(atom.shape):
                if length > 1 and length not in seen:
                    seen.add(length)
                    yield atom.label, axis


def _length(key: str, axis: int) -> ast.expr:
    shape = at(ast.Attribute(name(key), "shape", ast.Load()))
    return at(ast.Subscript(shape, number(axis), ast.Load()))


def factors_of(look: Look, shape: tuple[int, ...] | None) -> Iterator[tuple[int, ast.expr]]:
    """Arrays of this shape, and the derivatives of activations at them."""
    if not shape:
        return
    target = look.scope.text(look.target) if look.target is not None else ""
    slopes = [key for key in functions(look.scope, 1) if DERIVATIVE.search(key)]
    for atom in look.scope.arrays:
        node = atom.node
        if atom.label == target or not atom.shape:
            continue
        if atom.shape != shape:
            if broadcasts(atom.shape, shape):
                yield 2, node
            continue
        yield 2, node
        if atom.value.dtype.kind == "b":
            continue
        if is_gradient(atom):
            continue  # no activation has its derivative there
        one = number(1)
        yield 2, binary(one, ast.Sub, binary(node, ast.Pow, number(2)))
        yield 2, binary(node, ast.Mult, binary(one, ast.Sub, node))
        yield 2, at(ast.Compare(node, [ast.Gt()], [number(0)]))
        yield 2, binary(one, ast.Sub, node)
        for key in slopes:
            yield 2, call(name(key), node)
        yield 3, numpy_call("sign", node)
        yield 3, binary(one, ast.Sub, binary(numpy_call("tanh", node), ast.Pow, number(2)))
        yield 3, binary(number(2), ast.Mult, node)
        yield 3, numpy_call("exp", node)
        for slope in [*(a.node for a in look.scope.floats if 0 < a.value < 1), number(0.01)]:
            positive = at(ast.Compare(node, [ast.Gt()], [number(0)]))
            yield 3, numpy_call("where", positive, one, slope)


def _divisors(look: Look, shape: tuple[int, ...] | None) -> Iterator[tuple[int, ast.expr]]:
    """Arrays that fit below: a standard deviation, a norm."""
    for atom in look.scope.arrays:
        fits = shape and atom.shape and (atom.shape == shape or broadcasts(atom.shape, shape))
        if fits and atom.value.dtype.kind == "f" and not is_gradient(atom):
            yield 2, atom.node


def is_gradient(atom: Atom) -> bool:
    """Whether its name is that of a gradient: dZ, dout, delta."""
    return _names_gradient(atom.key)


@functools.cache
def _names_gradient(key: str) -> bool:
    return bool(re.match(r"d[A-Z_]|d(out|x|y|z|a|h|l)|delta|grad", key))


def broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Whether the one spreads over the other and is no lone number."""
    try:
        return np.broadcast_shapes(small, large) == large and any(n > 1 for n in small)
    except ValueError:
        return False
