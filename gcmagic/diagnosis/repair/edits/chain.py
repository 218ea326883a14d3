"""What the chain rule makes of the forward pass: a path that is missing, or a line made anew."""

from __future__ import annotations

import ast
import contextlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..forward import Computed, computed
from ..nodes import STORE, at, binary, numpy_call, shape_of
from ..scope import Atom, Scope, Written
from ..sites import Edit
from ..slopes import ONE, Slope, Through
from .factors import broadcasts, is_gradient
from .look import Look

# expressions of one function, at most
MOST, PIECES = 400, 40
# the entries of what holds gradients, whatever their names are
GRADIENTS = re.compile(r"(self\.)?_?(grad|delta|g$|d)\w*\[")
# numbers of an array that tell it from others
TELLING = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A gradient that reaches an array of the forward pass: through which, and its text.

    Attributes
    ----------
    upstream, array
        The label of the gradient that comes in, empty for the cost itself; the array's word.
    shape, node
        The array's shape, and the expression.
    whole
        The same in the array's own shape, where the expression is to be broadcast.
    level
        How likely that gradient is the one of what the statement makes.
    """

    upstream: str
    array: str
    shape: tuple[int, ...]
    node: ast.expr
    whole: ast.expr
    level: int


def edits(look: Look) -> Iterator[Edit]:
    """A path added to a gradient, a gradient put in its place, a statement for one put behind."""
    if look.site.header or look.limit < 2:
        return
    target, value = look.target, look.value
    statement = look.site.statement
    paths = _paths(look.scope)
    if not paths:
        return
    for spot in look.values:
        shape = look.scope.shape(spot.node)
        if shape is None and value is spot and target is not None:
            shape = look.scope.shape(target)
        word = _word(look.scope.text(target)) if target is not None else ""
        for path in paths:
            if not shape or path.shape != shape or isinstance(spot.node, ast.Constant):
                continue
            level = path.level - (word == path.array)
            yield look.exchange(level, "path", spot, binary(spot.node, ast.Add, path.node))
            if word == path.array:
                yield look.exchange(level, "path", spot, path.whole)
        for level, new in _with_pieces(look, spot.node, shape):
            yield look.exchange(level, "factor", spot, new)
    if target is None:
        return
    here = look.scope.text(target)
    for path in paths:
        if path.upstream != here:
            continue
        for atom in _gradients(look.scope):
            if atom.shape != path.shape or atom.label == here:
                continue
            level = path.level - (_word(atom.label) == path.array)
            stored = _stored(atom)
            for made in (
                at(ast.AugAssign(stored, ast.Add(), path.node)),
                at(ast.Assign([stored], path.whole)),
            ):
                yield look.put(level, "path", lambda made=made: (statement, made))


def _stored(atom: Atom) -> Any:
    made: Any = ast.parse(atom.label, mode="eval").body
    made.ctx = STORE
    return at(made)


def _word(label: str) -> str:
    """What it is the gradient of: ``W1`` of ``grads["dW1"]``, ``dW1`` and ``grads["W1"]``."""
    words = re.findall(r"[A-Za-z_]\w*", label)
    words = [word for word in words if word not in ("self", "T", "t", "l", "i")] or [label]
    return re.sub(r"^(d_?|grad_?|g_)(?=\w)", "", words[-1])


def _paths(scope: Scope) -> list[Path]:
    if scope.paths is None:
        scope.paths = list(itertools.islice(_found(scope), MOST))
    return scope.paths


def _whole(found: Slope, array: ast.expr | None, shape: tuple[int, ...]) -> ast.expr:
    if found.shape == shape or array is None:
        return found.node
    return binary(found.node, ast.Mult, numpy_call("ones_like", array))


def _statements(written: Written) -> list[Computed]:
    if not written.read:
        written.read.extend(computed(written.cost))
    return written.read


def _gradients(scope: Scope) -> list[Atom]:
    """Arrays whose name says so; ``dspread`` where there is a ``spread``, too."""
    known = {atom.key for atom in scope.atoms}
    return [
        atom
        for atom in scope.arrays
        if is_gradient(atom)
        or (atom.key[0] == "d" and atom.key[1:] in known)
        or GRADIENTS.match(atom.label)
    ]


def _found(scope: Scope) -> Iterator[Path]:
    gradients = _gradients(scope)
    names = _Names(scope)
    seen: set[str] = set()
    for one in _statements(scope.written):
        if one.ran.code is scope.unit.ran.code and one.target is not None:
            word = ast.unparse(one.target)
            if any(word == atom.label for atom in gradients):
                continue
        whole = one.worth(one.target if one.target is not None else one.value)
        if isinstance(whole, (float, np.floating)) or (shape_of(whole) == () and whole is not None):
            ups: list[tuple[int, str, Slope]] = [(3, "", Slope(ONE, ()))]
        elif isinstance(whole, np.ndarray):
            word = _word(ast.unparse(one.target)) if one.target is not None else ""
            ups = [
                (3 if _word(atom.label) == word else 4, atom.label, Slope(atom.node, atom.shape))
                for atom in gradients
                if atom.shape == whole.shape
            ]
        else:
            continue
        through = Through(one.worth, lambda node, one=one: names.said(node, one))
        for level, label, slope in ups:
            for leaf, found in _leaves(through, one.value, slope):
                array = through.said(leaf)
                text = f"{ast.unparse(leaf)}:{ast.unparse(found.node)}"
                if found.node is slope.node and not label:
                    continue
                if text not in seen:
                    seen.add(text)
                    shape = shape_of(one.worth(leaf))
                    word = _word(ast.unparse(leaf))
                    yield Path(label, word, shape, found.node, _whole(found, array, shape), level)


def _leaves(through: Through, node: ast.expr, slope: Slope) -> Iterator[tuple[ast.expr, Slope]]:
    with contextlib.suppress(ValueError, TypeError, IndexError, AttributeError):
        # the forward pass may do what no rule has foreseen: then it has no slope
        yield from through.leaves(node, slope)


def _with_pieces(
    look: Look, node: ast.expr, shape: tuple[int, ...] | None
) -> Iterator[tuple[int, ast.expr]]:
    """Times and divided by what the forward pass writes out: ``count[:, None]``, ``z ** 2``."""
    if look.limit < 3 or not shape or isinstance(node, ast.Constant):
        return
    for piece, size in _pieces(look.scope):
        if size == shape or broadcasts(size, shape):
            yield 3, binary(node, ast.Mult, piece)
            yield 3, binary(node, ast.Div, piece)


def _pieces(scope: Scope) -> list[tuple[ast.expr, tuple[int, ...]]]:
    """Expressions of the forward pass that this function can write and has no name for."""
    if scope.pieces is None:
        found: dict[str, tuple[ast.expr, tuple[int, ...]]] = {}
        names = _Names(scope)
        for one in _statements(scope.written):
            for node in ast.walk(one.value):
                if not isinstance(node, (ast.BinOp, ast.Call, ast.Subscript)):
                    continue
                value = one.worth(node)
                if (
                    not isinstance(value, np.ndarray)
                    or not value.ndim
                    or _key(value) in names.values
                ):
                    continue
                said = names.said(node, one)
                if said is not None:
                    found.setdefault(ast.unparse(said), (said, value.shape))
        scope.pieces = list(found.values())[:PIECES]
    return scope.pieces


class _Names:
    """What a function calls the arrays of the forward pass: by their values, else by names."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.labels = {atom.label: atom for atom in scope.atoms}
        self.values: dict[tuple, ast.expr] = {}
        for atom in scope.arrays:
            self.values.setdefault(_key(atom.value), atom.node)

    def said(self, node: ast.expr, one: Computed) -> ast.expr | None:
        """An expression of the forward pass as this function can write it; None where it cannot."""
        if isinstance(node, ast.Constant):
            return node
        value = one.worth(node)
        if isinstance(value, np.ndarray) and value.ndim:
            known = self.values.get(_key(value))
            if known is not None:
                return known
        if isinstance(node, (ast.Name, ast.Attribute)) and getattr(node, "attr", "") != "T":
            label = ast.unparse(node)
            atom = self.labels.get(label)
            if atom is not None and atom.shape == shape_of(value):
                return node
            return node if label in ("np",) or label in self.scope.outer else None
        if isinstance(node, ast.Subscript) and ast.unparse(node) in self.labels:
            return node
        made = _Said(self, one).rebuilt(node)
        return made


class _Said(ast.NodeTransformer):
    def __init__(self, names: _Names, one: Computed) -> None:
        self.names, self.one, self.failed = names, one, False

    def rebuilt(self, node: ast.expr) -> ast.expr | None:
        copy = ast.parse(ast.unparse(node), mode="eval").body
        for field, part in ast.iter_fields(copy):
            if isinstance(part, ast.expr) and not (
                field == "func" and isinstance(part, (ast.Name, ast.Attribute))
            ):
                setattr(copy, field, self._part(part))
            elif isinstance(part, list):
                setattr(copy, field, [self._item(item) for item in part])
            elif isinstance(part, ast.Attribute) and not _is_numpy(part.value):
                part.value = self._part(part.value)
        return None if self.failed else copy

    def _item(self, item: ast.AST) -> ast.AST:
        if isinstance(item, ast.keyword):
            return item
        if isinstance(item, ast.Starred):  # no expression by itself
            item.value = self._part(item.value)
            return item
        return self._part(item) if isinstance(item, ast.expr) else item

    def _part(self, part: ast.expr) -> ast.expr:
        if isinstance(part, (ast.Slice, ast.Tuple)):
            return part
        found = self.names.said(part, self.one)
        if found is None:
            self.failed = True
            return part
        return found


def _is_numpy(node: ast.expr) -> bool:
    return getattr(node, "id", "") in ("np", "numpy")


def _key(value: np.ndarray) -> tuple:
    flat = value.reshape(-1)
    return value.shape, value.dtype.kind, flat[:: flat.size // TELLING + 1].tobytes()
