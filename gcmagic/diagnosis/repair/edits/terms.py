"""Terms that are missing: a path through the network, a regulariser."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..nodes import attribute, binary, number, numpy_call
from ..scope import Atom
from ..sites import Edit
from .factors import broadcasts, expected_shape, is_gradient
from .look import Look


def edits(look: Look) -> Iterator[Edit]:
    """A term of the right shape added to the value of a statement, or to an array within it."""
    unused = look.scope.unread
    target = look.scope.text(look.target) if look.target is not None else ""
    for spot in look.values:
        if isinstance(spot.node, ast.Constant):
            continue
        shape = expected_shape(look, spot.node)
        if shape is None:
            continue
        for level, term in _terms(look, shape, unused):
            if level > look.limit or (isinstance(term, ast.Name) and term.id == target):
                continue
            yield look.exchange(level, "term", spot, binary(spot.node, ast.Add, term))
            yield look.exchange(level + 1, "term", spot, binary(spot.node, ast.Sub, term))
    top = {id(spot.node) for spot in look.values}
    for spot in look.spots if look.limit >= 2 else ():
        node = spot.node
        if id(node) in top or not isinstance(node, (ast.Name, ast.Subscript, ast.Attribute)):
            continue
        if isinstance(getattr(node, "ctx", None), ast.Store):
            continue
        if isinstance(spot.parent, (ast.Subscript, ast.Attribute)) and not spot.is_receiver:
            continue
        shape = look.scope.shape(node)
        for atom in look.scope.arrays:
            dead = atom.label in unused
            near = shape and (atom.shape == shape or (dead and broadcasts(atom.shape, shape)))
            factor = isinstance(spot.parent, ast.BinOp) and isinstance(spot.parent.op, ast.Mult)
            if not near or atom.label == look.scope.text(node):
                continue
            if factor and not dead and not is_gradient(atom):  # dy * h for dy * (h - x)
                yield look.exchange(3, "term", spot, binary(node, ast.Sub, atom.node))
            if dead or is_gradient(atom):
                level = 2 if dead else 3
                yield look.exchange(level, "term", spot, binary(node, ast.Add, atom.node))
                if dead:
                    yield look.exchange(level, "term", spot, binary(node, ast.Sub, atom.node))
                    for _, product in _products(look, atom, shape or ()):
                        for sign in (ast.Sub, ast.Add):
                            yield look.exchange(3, "term", spot, binary(node, sign, product))


def _matrix_products(look: Look, shape: tuple[int, ...]) -> Iterator[ast.expr]:
    """A path through the network that is gone: ``G.T @ H``, ``H.T @ G``, ``G @ W.T``."""
    if len(shape) != 2:
        return
    matrices = [atom for atom in look.scope.arrays if len(atom.shape) == 2]
    for g in filter(is_gradient, matrices):
        for other in matrices:
            if is_gradient(other):
                continue
            for first, second in ((g, other), (other, g)):
                fits = (first.shape[1], second.shape[1]) == shape
                if fits and first.shape[0] == second.shape[0]:
                    yield binary(attribute(first.node, "T"), ast.MatMult, second.node)
            if g.shape[1] == other.shape[1] and (g.shape[0], other.shape[0]) == shape:
                yield binary(g.node, ast.MatMult, attribute(other.node, "T"))


def _products(look: Look, dead: Atom, shape: tuple[int, ...]) -> Iterator[tuple[int, ast.expr]]:
    """What was computed and never used, times an array; and a mean of that."""
    for other in look.scope.arrays:
        if other.shape != shape or other.label == dead.label or is_gradient(other):
            continue
        product = binary(other.node, ast.Mult, dead.node)
        yield 2, product
        for count in look.scope.counts:
            if abs(count.value) > 1:
                scale = binary(number(2), ast.Div, count.node)
                scaled = binary(scale, ast.Mult, other.node)
                yield 3, binary(scaled, ast.Mult, dead.node)


def _terms(look: Look, shape: tuple[int, ...], unused: set[str]) -> Iterator[tuple[int, ast.expr]]:
    if look.limit < 2:  # the arrays that nothing reads are all that there is of level 1
        unread = (atom for atom in look.scope.arrays if atom.label in unused)
        yield from ((1, atom.node) for atom in unread if atom.shape == shape)
        return
    scales = [*look.scope.floats, *(a for a in look.scope.counts if abs(a.value) > 1)]
    counts = [a for a in look.scope.counts if abs(a.value) > 1]
    yield from ((3, term) for term in _matrix_products(look, shape))
    for atom in look.scope.arrays:
        same = atom.shape == shape
        if not same and not broadcasts(atom.shape, shape):
            continue
        if same:
            yield (1 if atom.label in unused else 2), atom.node
        else:
            yield (2 if atom.label in unused else 3), atom.node
        if atom.label in unused:
            yield from _products(look, atom, shape)
        if not same:
            for count in counts:
                level = 2 if atom.label in unused else 3
                yield level, binary(atom.node, ast.Div, count.node)
            continue
        for scale in scales:
            product = binary(scale.node, ast.Mult, atom.node)
            if scale.is_float:
                level = 2 if not is_gradient(atom) else 3
                yield level, product
                yield level + 1, binary(number(2), ast.Mult, product)
                for count in counts:
                    yield (
                        level,
                        binary(binary(scale.node, ast.Div, count.node), ast.Mult, atom.node),
                    )
                yield 3, binary(scale.node, ast.Mult, numpy_call("sign", atom.node))
            else:
                yield 3, binary(atom.node, ast.Div, scale.node)
        yield 3, binary(number(2), ast.Mult, atom.node)
        if is_gradient(atom) and len(shape) >= 1:
            for axis in range(len(shape)):
                kept = numpy_call("sum", atom.node, axis=number(axis), keepdims=number(True))
                yield 4, kept
