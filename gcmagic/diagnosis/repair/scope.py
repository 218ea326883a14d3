"""What a unit can name at the end of its call: the shapes of things, traced in one run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .nodes import attribute, binary, loaded, name, number, shape_of, text
from .running import Ran
from .units import Unit

PURE = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare,
    ast.operator, ast.unaryop, ast.cmpop, ast.expr_context, ast.Slice, ast.Tuple,
)  # fmt: skip
# calls that may be evaluated: methods and functions of NumPy that leave nothing behind
QUIET = frozenset(
    [
        "sum",
        "mean",
        "dot",
        "matmul",
        "exp",
        "log",
        "sqrt",
        "tanh",
        "multiply",
        "maximum",
        "minimum",
        "transpose",
        "reshape",
        "where",
        "abs",
        "zeros_like",
        "ones_like",
        "zeros",
        "ones",
        "outer",
        "einsum",
        "square",
        "power",
        "max",
        "min",
        "var",
        "std",
        "log1p",
        "expm1",
        "sin",
        "cos",
        "sign",
        "clip",
        "swapaxes",
        "expand_dims",
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Atom:
    """Something that a unit can name: a variable, an attribute, an entry of a dict or a list."""

    label: str
    node: ast.expr
    value: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return shape_of(self.value)

    @property
    def is_array(self) -> bool:
        """True for an array of numbers with at least one axis."""
        return isinstance(self.value, np.ndarray) and self.value.dtype.kind in "fiub"

    @property
    def is_float(self) -> bool:
        """True for a number that is no count."""
        return isinstance(self.value, (float, np.floating))

    @property
    def is_count(self) -> bool:
        """True for a whole number."""
        return isinstance(self.value, (int, np.integer)) and not isinstance(self.value, bool)

    @property
    def key(self) -> str:
        """The word in it that says what it is: ``W1`` in ``self.params["W1"]``."""
        words = re.findall(r"[A-Za-z_]\w*", self.label)
        words = [word for word in words if word not in ("self", "T")] or [self.label]
        return words[-1]


@dataclass(frozen=True, slots=True)
class Written:
    """What some functions write out.

    Attributes
    ----------
    words
        The texts that they compare with, or call each other with.
    numbers
        Their constants.
    cost
        What of the user's own ran for the cost.
    read
        Its statements, once somebody has asked for them.
    """

    words: Sequence[str]
    numbers: Sequence[float]
    cost: Sequence[Ran] = ()
    read: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, units: Sequence[Unit], cost: Sequence[Ran] = ()) -> Written:
        """What is written in these functions."""
        nodes = [node for unit in units for node in ast.walk(unit.node)]
        holders = [node for node in nodes if isinstance(node, (ast.Call, ast.Compare))]
        parts = (part for node in holders for part in ast.iter_child_nodes(node))
        words = {part.value for part in parts if isinstance(part, ast.Constant)}
        values = [node.value for node in nodes if isinstance(node, ast.Constant)]
        numbers = {v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)}
        return cls(sorted(word for word in words if isinstance(word, str)), sorted(numbers), cost)


class Scope:
    """The atoms of a unit, and what expressions over them are worth."""

    def __init__(self, unit: Unit, written: Written) -> None:
        self.unit = unit
        self.words, self.numbers, self.written = written.words, written.numbers, written
        self.paths: list[Any] | None = None  # what the chain rule makes of the forward pass
        self.pieces: list[Any] | None = None  # and what it writes out
        self.local = unit.ran.variables
        self.outer = unit.ran.outer
        self._values: dict[str, Any] = {}
        self._labels: dict[int, tuple[ast.AST, str]] = {}
        self.atoms: list[Atom] = list(self._atoms())
        self.arrays = [atom for atom in self.atoms if atom.is_array]
        self.floats = [atom for atom in self.atoms if atom.is_float]
        self.counts = [atom for atom in self.atoms if atom.is_count]
        self.labels = {atom.label for atom in self.atoms}
        names = [node for node in ast.walk(unit.node) if isinstance(node, ast.Name)]
        self.identifiers = {node.id for node in names} | set(self.local)
        read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        # what the function computes or takes and never reads
        self.unread = unused_labels(unit.node) | {key for key in self.local if key not in read}

    def value(self, node: ast.expr) -> Any:
        """What an expression is worth at the end of the call; None where it is not evaluated."""
        label = self.text(node)
        if label not in self._values:
            self._values[label] = quiet_value(node, label, self.outer, self.local)
        return self._values[label]

    def text(self, node: ast.AST) -> str:
        """The source of a node, made once."""
        found = self._labels.get(id(node))
        if found is None:
            found = self._labels[id(node)] = (node, text(node))
        return found[1]

    def shape(self, node: ast.expr) -> tuple[int, ...] | None:
        """The shape of an array, ``()`` for a number, None for anything else."""
        value = self.value(node)
        if isinstance(value, (np.ndarray, np.generic, int, float)):
            return np.shape(value)
        return None

    def _atoms(self) -> Iterator[Atom]:
        nodes: dict[str, ast.expr] = {key: name(key) for key in self.local if key.isidentifier()}
        for node in ast.walk(self.unit.node):
            if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
                if isinstance(node, ast.Attribute) and node.attr == "T":
                    continue
                if isinstance(node, ast.Subscript) and isinstance(
                    node.slice, (ast.Slice, ast.Tuple)
                ):
                    continue
                nodes.setdefault(text(node), loaded(node))
        places = self._places()
        for label, node in list(nodes.items()):
            value = self.value(node)
            if value is None or isinstance(value, type(np)) or callable(value):
                continue
            yield Atom(label, node, value)
            for key, part, item in _parts(node, value):
                if key not in nodes:
                    yield Atom(key, part, item)
            if isinstance(value, list) and value and isinstance(value[-1], np.ndarray):
                for place in places:
                    part = ast.copy_location(ast.Subscript(node, place, ast.Load()), node)
                    item = self.value(part)
                    if text(part) not in nodes and isinstance(item, np.ndarray):
                        yield Atom(text(part), part, item)

    def _places(self) -> list[ast.expr]:
        """The indices that the function uses, and those beside them."""
        found: dict[str, ast.expr] = {}
        for node in ast.walk(self.unit.node):
            index = node.slice if isinstance(node, ast.Subscript) else None
            if isinstance(index, (ast.Name, ast.BinOp)) and isinstance(self.value(index), int):
                found.setdefault(text(index), index)
        for node in list(found.values()):
            if isinstance(node, ast.Name):
                for operator in (ast.Add, ast.Sub):
                    near = binary(node, operator, number(1))
                    found.setdefault(text(near), near)
        return list(found.values())


def unused_labels(function: ast.AST) -> set[str]:
    """Names that a function binds and never reads."""
    stored: dict[str, None] = {}
    read: set[str] = set()
    changed = {
        id(node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            if id(node) in changed:  # reg[0] = 0 reads nothing of it
                continue
            if isinstance(node.ctx, ast.Store):
                stored[node.id] = None
            else:
                read.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            read.discard(node.target.id)
    return {key for key in stored if key not in read and not key.startswith("_")}


def _parts(node: ast.expr, value: Any) -> Iterator[tuple[str, ast.expr, Any]]:
    """Entries of a small dict under words, and attributes of the instance itself."""
    if isinstance(value, dict) and len(value) <= 40:
        for key, item in value.items():
            if isinstance(key, str) and isinstance(item, np.ndarray):
                part = ast.copy_location(ast.Subscript(node, number(key), ast.Load()), node)
                yield text(part), part, item
    elif isinstance(node, ast.Name) and node.id == "self":
        for key, item in getattr(value, "__dict__", {}).items():
            if isinstance(item, (np.ndarray, float, int)):
                part = attribute(node, key)
                yield text(part), part, item


def quiet_value(node: ast.expr, label: str, outer: Any, local: Any) -> Any:
    """What an expression of this text is worth; None where the user's functions would run."""
    if not all(_is_quiet(part) for part in ast.walk(node)):
        return None
    try:
        with np.errstate(all="ignore"):
            return eval(label, outer, local)
    except Exception:  # a name that is not there, shapes of another step
        return None


def _is_quiet(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Name):
            return function.id == "len"
        return isinstance(function, ast.Attribute) and function.attr in QUIET
    return isinstance(node, (*PURE, ast.keyword))
