"""A short program over private values: the one way in which the user's functions are called.

Whatever discovery binds is written as statements in the user's own names, such as
``A2, cache = forward(X, parameters)`` and ``__cost__ = compute_cost(A2, Y)``.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import types
import warnings
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..complex_parameters import is_complex, real_problem
from ..errors import UserCodeError
from ..frames import in_order_of, is_frame, numbers_of
from ..problem import Problem, casts_told, raised_at
from ..sandbox import untouched, users_own
from .calling import COST, Leaf, Path, Read, Reading, Scope, follow, place, put
from .names import kind

# the kinds of parameters that are checked as they are
FULL = (np.dtype(np.float64), np.dtype(np.complex128))


@dataclass(frozen=True, slots=True)
class Program:
    """Statements, and the values and functions that their names stand for."""

    lines: tuple[str, ...]
    space: Mapping[str, Any]

    def compiled(self) -> types.CodeType:
        """The statements as one code object."""
        return compile("\n".join(self.lines), "<gcmagic>", "exec")

    def run(self) -> dict[str, Any]:
        """The variables after one run."""
        scope = dict(self.space)
        exec(self.compiled(), scope)
        return scope


def private(values: Mapping[str, Any], memo: dict[int, Any] | None = None) -> dict[str, Any]:
    """Deep copies that keep what is shared shared; what cannot be copied stays as it is."""
    memo = {} if memo is None else memo
    copies: dict[str, Any] = {}
    for name, value in values.items():
        try:
            copies[name] = copy.deepcopy(value, memo)
        except Exception:  # a lock, a file, a generator: it is used in place
            copies[name] = value
    return copies


def substitutes(leaves: Sequence[Leaf]) -> dict[int, Any]:
    """A memo for `private` that turns arrays of integers and float32 into float64.

    Complex ones are made complex128. Every place that holds the array then holds its one copy, so
    that layers which share an array with ``net.params`` go on sharing it.
    """
    return {
        id(leaf.value): leaf.value.astype(np.complex128 if is_complex(leaf.value) else np.float64)
        for leaf in leaves
        if isinstance(leaf.value, np.ndarray) and leaf.value.dtype not in FULL
    }


def build(
    cost: Program,
    gradient: Program,
    reading: Reading,
    values: Mapping[str, Any],
    moving: frozenset[str] = frozenset(),
    **names: Any,
) -> Problem:
    """The Problem of two programs over one set of private values.

    Parameters
    ----------
    cost, gradient
        Programs whose ``space`` holds the functions; the first leaves ``__cost__`` behind.
    reading
        Where the parameters lie and how their gradients are read.
    values
        The values of the notebook that the programs start from; they are copied here.
    moving
        Parameters that the functions read from their globals, and gradients that they leave there.
    **names
        What `Problem` is to be told besides.
    """
    values, leaves = _given([slot.leaf for slot in reading.slots], values, gradient)
    copies = private(values, substitutes(leaves))
    for path in reading.added:
        put(copies, path, 0.0)
    own = own_globals({**gradient.space, **cost.space}, copies, moving) if moving else None
    if own is not None:
        copies = _within(copies, own)
        cost = Program(cost.lines, _within(cost.space, own))
        gradient = Program(gradient.lines, _within(gradient.space, own))
    params = {leaf.name: _parameter(leaf) for leaf in leaves}
    read_cost = reading.cost or (lambda scope: scope[COST])
    space = {**cost.space, **copies}
    fun = _Runner(
        cost.compiled(), space, tuple(leaves), read_cost, own=own, moving=moving, lines=cost.lines
    )
    stateful = tuple(v for v in copies.values() if users_own(type(v)))
    reads = tuple(slot.read for slot in reading.slots)
    read = _Gradients(tuple(params), reads, tuple(leaf.value for leaf in leaves))
    rate = reading.rate if reading.fused else 0.0
    grad = _Runner(
        gradient.compiled(),
        {**gradient.space, **copies},
        tuple(leaves),
        read,
        stateful,
        rate,
        own,
        moving,
        gradient.lines,
    )
    notes = (*reading.notes, *names.pop("notes", ()), *_casts(leaves))
    functions = [v for v in gradient.space.values() if callable(v)]
    functions += [v for v in cost.space.values() if callable(v) and v not in functions]
    roots = (*functions, dict(copies))
    taken = {leaf.path[0] for leaf in leaves}
    names["data"] = tuple(n for n in copies if n not in taken and kind(n) in ("x", "y"))
    if any(map(is_complex, params.values())):
        problem = real_problem(fun, grad, params)
        return replace(problem, notes=(*notes, *problem.notes), roots=roots, **names)
    return Problem(fun, grad, params, notes=notes, roots=roots, **names)


def _given(
    leaves: list[Leaf], values: Mapping[str, Any], gradient: Program
) -> tuple[Mapping[str, Any], list[Leaf]]:
    """The values to start from, and the parameters as they are there.

    Layers that are made on the first forward pass are there only after a run.
    """
    try:
        return values, [replace(leaf, value=follow(values, leaf.path)) for leaf in leaves]
    except (KeyError, AttributeError, IndexError, TypeError):
        warm = private(values)
    functions = [value for value in gradient.space.values() if callable(value)]
    with untouched(*functions), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            Program(gradient.lines, {**gradient.space, **warm}).run()
        except (Exception, SystemExit) as error:
            raise UserCodeError(
                f"the first forward and backward pass raised {type(error).__name__}: {error}"
                f"{raised_at(error)}"
            ) from error
    return warm, [replace(leaf, value=follow(warm, leaf.path)) for leaf in leaves]


def own_globals(
    space: Mapping[str, Any], copies: Mapping[str, Any], moving: frozenset[str]
) -> dict[str, Any]:
    """Globals of our own, in which the user's functions are remade.

    Parameters that functions read from the notebook's globals are moved here, never there.
    """
    functions = [v for v in space.values() if isinstance(v, types.FunctionType)]
    theirs = next((f.__globals__ for f in functions if moving & set(f.__globals__)), {})
    own = dict(theirs)
    own.update({name: copies[name] for name in moving if name in copies})
    for name, value in theirs.items():
        if isinstance(value, types.FunctionType) and value.__globals__ is theirs:
            own[name] = _remade(value, own)
    return own


def _remade(value: types.FunctionType, own: dict[str, Any]) -> types.FunctionType:
    remade = types.FunctionType(
        value.__code__, own, value.__name__, value.__defaults__, value.__closure__
    )
    remade.__kwdefaults__ = value.__kwdefaults__
    remade.__dict__.update(value.__dict__)
    return remade


def _within(space: Mapping[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    found = dict(space)
    for name, value in space.items():
        if isinstance(value, types.FunctionType):
            # a function of ours, made of one of theirs, is no name of the notebook
            ours = name.startswith("__") and name not in own
            found[name] = _remade(value, own) if ours else own.get(name, value)
    return found


def _parameter(leaf: Leaf) -> Any:
    if leaf.is_labelled:
        return numbers_of(leaf.value)
    return copy.deepcopy(leaf.value)


def _casts(leaves: Sequence[Leaf]) -> tuple[str, ...]:
    """Arrays that are not in float64, in the words that a check has for them."""
    kinds: dict[str, list[str]] = {}
    for leaf in leaves:
        dtype = np.asarray(leaf.value).dtype
        if dtype not in FULL and not isinstance(leaf.value, (int, float)):
            kinds.setdefault(str(dtype), []).append(leaf.name)
    return casts_told(kinds)


@dataclass(frozen=True, slots=True)
class _Runner:
    """A function of the parameters: places them, runs the program, reads a value."""

    code: types.CodeType
    space: Mapping[str, Any]
    leaves: tuple[Leaf, ...]
    read: Read
    stateful: tuple[Any, ...] = ()
    rate: float = 0.0
    own: dict[str, Any] | None = None
    moving: frozenset[str] = frozenset()
    lines: tuple[str, ...] = ()

    @contextlib.contextmanager
    def running(self, code: types.CodeType) -> Iterator[None]:
        """Run with other code for a while."""
        before = self.code
        object.__setattr__(self, "code", code)
        try:
            yield
        finally:
            object.__setattr__(self, "code", before)

    @contextlib.contextmanager
    def unguarded(self) -> Iterator[None]:
        """Leave the private instances as the program leaves them, for a while."""
        before = self.stateful
        object.__setattr__(self, "stateful", ())
        try:
            yield
        finally:
            object.__setattr__(self, "stateful", before)

    def __call__(self, params: Mapping[str, Any]) -> Any:
        # caches, accumulated gradients and updated weights of the private instances go back
        if self.stateful:
            with untouched(*self.stateful):
                return copy.deepcopy(self._run(params))
        return self._run(params)

    def _run(self, params: Mapping[str, Any]) -> Any:
        scope = dict(self.space)
        fresh: set[Path] = set()
        for leaf in self.leaves:
            place(scope, leaf, params[leaf.name], fresh)
        if self.own is not None:
            fresh = set()
            for leaf in self.leaves:
                if leaf.path[0] in self.moving:
                    place(self.own, leaf, params[leaf.name], fresh)
        before = copy.deepcopy(params) if self.rate else params
        exec(self.code, scope)
        found = self.read(scope if self.own is None else ChainMap(scope, self.own))
        if self.rate:
            return {name: (before[name] - found[name]) / self.rate for name in found}
        return found


@dataclass(frozen=True, slots=True)
class _Gradients:
    names: tuple[str, ...]
    reads: tuple[Callable[[Scope], Any], ...]
    values: tuple[Any, ...]

    def __call__(self, scope: Scope) -> dict[str, Any]:
        found = {name: read(scope) for name, read in zip(self.names, self.reads, strict=True)}
        for name, value in zip(self.names, self.values, strict=True):
            if type(found[name]) is not np.ndarray and is_frame(found[name]):
                found[name] = numbers_of(in_order_of(found[name], value))
        return found


def slice_lines(
    lines: Sequence[str], wanted: str, fixed: frozenset[str], passive: Sequence[str] = ()
) -> tuple[str, ...]:
    """The lines that the variable `wanted` depends on, calls on objects included.

    `fixed` names functions and modules: calling them changes nothing that is needed. A line of
    `passive`, a backward pass on the way to the cost, counts only for what it binds.
    """
    trees = [ast.parse(line).body[0] for line in lines]
    needed = {wanted}
    kept: list[str] = []
    for line, tree in zip(reversed(lines), reversed(trees), strict=True):
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        stores = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        loads = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        if stores & needed or (
            line not in passive and not _reserved(stores) and (_acts_on(tree) & needed) - fixed
        ):
            kept.append(line)
            needed |= loads
    return tuple(reversed(kept))


def _reserved(stores: set[str]) -> bool:
    return any(name.startswith("__") for name in stores)


def _acts_on(tree: ast.AST) -> set[str]:
    # `net.forward(X)` leaves its cache in net; `caches.append(c)` changes caches
    owners: set[str] = set()
    for node in ast.walk(tree):
        target: ast.AST | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            target = node.func.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            owners.add(node.func.id)  # an instance may be called: layer(x)
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            target = node.value
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
        if isinstance(target, ast.Name):
            owners.add(target.id)
    return owners
