"""What a namespace holds: the user's functions, methods and values, read when asked for."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..adapters.names import BACKWARD, COST, COST_VARIABLES, FORWARD, is_decoy, is_maker, role_score
from ..frames import is_frame
from ..sandbox import users_own
from .source import Function, read_function

_SHELL = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open", "display"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """A namespace sorted into functions, classes and values, with the cells that made it.

    `instances` are the values whose class the user wrote; `known` and `synonyms` remember what was
    read and looked up, for every search asks for the same names.
    """

    namespace: Mapping[str, Any]
    cells: tuple[str, ...]
    functions: dict[str, Callable[..., Any]]
    classes: dict[str, type]
    values: dict[str, Any]
    instances: dict[str, Any]
    known: dict[str, Function | None] = field(default_factory=dict, repr=False)
    synonyms: dict[str, str | None] = field(default_factory=dict, repr=False)

    def read(self, name: str) -> Function | None:
        """The facts about ``f`` or ``net.loss``; None where there is no such function."""
        if name not in self.known:
            self.known[name] = self._read(name)
        return self.known[name]

    def _read(self, name: str) -> Function | None:
        if name in self.functions:
            return read_function(name, self.functions[name], self.cells)
        owner, _, attribute = name.rpartition(".")
        try:
            first, *rest = owner.split(".")
            held = self.classes[first] if first in self.classes else self.values[first]
            instance = functools.reduce(getattr, rest, held)
        except (KeyError, AttributeError):
            return None
        method = getattr(instance, attribute, None)
        kept = isinstance(instance, type) and users_own(instance)  # self.cost = CrossEntropy
        if not callable(method) or not (users_own(type(instance)) or kept):
            return None  # W.ravel is no function of the user
        code = getattr(method, "__code__", None) if kept else None
        if code is not None and code.co_varnames[:1] == ("self",):
            return None  # it needs an instance
        return read_function(name, method, self.cells, owner)

    def raw(self, name: str) -> Any:
        """The plain function behind ``f`` or ``net.loss``, without reading its source."""
        owner, _, attribute = name.rpartition(".")
        found = getattr(self.values.get(owner), attribute, None) if owner else None
        found = found if owner else self.functions.get(name)
        return inner(found)

    def methods(self) -> list[str]:
        """Names ``net.loss`` of the public methods of the user's instances."""
        return [
            f"{name}.{attribute}"
            for name, value in self.instances.items()
            for attribute in public_methods(type(value))
        ]

    def static_passes(self) -> list[str]:
        """``Linear.backward`` of classes whose forward and backward need no instance."""
        found = []
        for name, cls in self.classes.items():
            raw = [inspect.getattr_static(cls, key, None) for key in ("forward", "backward")]
            plain = all(isinstance(one, staticmethod) for one in raw)
            if plain and cls not in {type(value) for value in self.instances.values()}:
                found.append(f"{name}.backward")
        return found

    def callables(self) -> list[str]:
        """Names of all functions and methods."""
        return [*self.functions, *self.methods()]

    def costs(self) -> list[Function]:
        """Functions whose names say cost, the strongest first."""
        return self._role(COST, BACKWARD)

    def forwards(self) -> list[Function]:
        """Functions that may be the forward pass, by name."""
        return self._role(FORWARD, BACKWARD | COST)

    def _role(self, role: frozenset[str], against: frozenset[str]) -> list[Function]:
        scored = []
        for order, name in enumerate(self.callables()):
            short = name.rpartition(".")[2]
            score = role_score(short, role)
            if role is COST and not score and short in COST_VARIABLES:
                score = 1  # J(theta)
            if score and not is_decoy(short) and not is_maker(short):
                if role_score(short, against - role) > 0:
                    continue
                scored.append((-score, -order, name))
        found = [self.read(name) for _, _, name in sorted(scored)]
        return [function for function in found if function is not None]


def collect(namespace: Mapping[str, Any], cells: Sequence[str]) -> Evidence:
    """Sort a namespace into functions, classes and values."""
    functions: dict[str, Callable[..., Any]] = {}
    classes: dict[str, type] = {}
    values: dict[str, Any] = {}
    for name, value in namespace.items():
        if not isinstance(name, str) or name.startswith("_") or name in _SHELL:
            continue
        if isinstance(value, types.ModuleType):
            continue
        if isinstance(value, type):
            if users_own(value):
                classes[name] = value
        elif isinstance(value, (types.FunctionType, types.MethodType, functools.partial)):
            if users_own(inner(value)):
                functions[name] = value
        elif not callable(value) or users_own(type(value)):
            values[name] = value
        elif users_own(getattr(value, "__wrapped__", None)):  # lru_cache and its kin
            functions[name] = value
    instances = {name: value for name, value in values.items() if users_own(type(value))}
    return Evidence(namespace, tuple(cells), functions, classes, values, instances)


def inner(value: Any) -> Any:
    """The plain function behind a method or a partial."""
    while isinstance(value, functools.partial):
        value = value.func
    return getattr(value, "__func__", value)


@functools.lru_cache(maxsize=256)
def public_methods(cls: type) -> tuple[str, ...]:
    """Methods that the user wrote, those of the class itself first."""
    found: dict[str, None] = {}
    for owner in cls.__mro__:
        if not users_own(owner):
            continue
        for name, value in vars(owner).items():
            if isinstance(value, (staticmethod, classmethod)):
                value = value.__func__
            if isinstance(value, types.FunctionType) and not name.startswith("__"):
                found[name] = None
    return tuple(found)


def is_number(value: Any) -> bool:
    """True for numbers and arrays of them, complex arrays too."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiubc"
    if is_frame(value):
        return True
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
