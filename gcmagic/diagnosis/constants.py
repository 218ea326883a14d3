"""Numbers with a name: sizes of arrays and settings of the network, as factors may equal them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import isfinite, sqrt
from types import FunctionType
from typing import Any

import numpy as np

from ..problem import Problem

# settings whose own values a factor may be: more only find coincidences
MOST = 40
CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Constant:
    """A number and what it is called, ``Constant(8, "X.shape[1]")``."""

    value: float
    name: str
    is_size: bool


def known_constants(problem: Problem) -> tuple[Constant, ...]:
    """Sizes of the data first, then those of the parameters, then settings such as ``lam``.

    Of two sizes that are equal, the first axis of an array gives its name: people divide by the
    number of examples, of labels or of quantiles more often than by a width.
    """
    names = set(problem.layout.names)
    found: dict[float, Constant] = {}
    values = dict(_named(problem))
    data = [
        pair for name, value in values.items() if name not in names for pair in _sizes(name, value)
    ]
    for size, label in sorted(data, key=lambda pair: not pair[1].endswith("shape[0]")):
        found.setdefault(float(size), Constant(float(size), label, True))
    for block in problem.layout.blocks:
        for axis, size in enumerate(block.shape):
            label = f"{block.name}.shape[{axis}]"
            found.setdefault(float(size), Constant(float(size), label, True))
    settings = []
    for name, value in values.items():
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if number and name not in names and isfinite(value) and value not in (0, 1, -1):
            settings.append(Constant(float(value), name, False))
    sizes = [c for c in found.values() if c.value > 1]
    return (*sizes[:MOST], *settings[:MOST])


def called(c: float, constants: tuple[Constant, ...], close: float = CLOSE) -> str:
    """What a factor is in terms of the constants, ``X.shape[1]``, ``1 / keep_prob``; or nothing.

    The likelier forms come first: a size or its inverse, then with a 2, a setting, a root, and
    the product of two sizes last. A setting that is as much as the size is named beside it,
    ``X.shape[1] or s``: the numbers cannot tell which of them it is.
    """
    if abs(abs(c) - 1) < 1e-3:
        return ""
    settings = [k for k in constants if not k.is_size]
    for value, text in _forms(constants):
        if abs(c - value) <= close * abs(value):
            same = [other for v, other in _plain(settings) if abs(c - v) <= close * abs(v)]
            alone = not same or text in same or text not in {t for _, t in _plain(constants)}
            return text if alone else f"{text} or {same[0]}"
        if abs(c + value) <= close * abs(value) and " " not in text:
            return f"-{text}"
    return ""


def _forms(constants: tuple[Constant, ...]) -> Iterator[tuple[float, str]]:
    sizes = [k for k in constants if k.is_size]
    settings = [k for k in constants if not k.is_size]
    yield from _plain(sizes)
    for k in settings:
        yield from _plain([k])
        yield k.value**2, f"{k.name}**2"
    for k in sizes:
        if k.value > 4:  # below, halves of one thing are too often something else
            yield k.value / 2, f"{k.name} / 2"
            yield 2 / k.value, f"2 / {k.name}"
        yield k.value**2, f"{k.name}**2"
        yield 1 / k.value**2, f"1 / {k.name}**2"
    for k in settings:
        yield 1 - k.value, f"1 - {k.name}"
        yield 2 * k.value, f"2 * {k.name}"
        yield k.value / 2, f"{k.name} / 2"
        for n in sizes:
            yield k.value / n.value, f"{k.name} / {n.name}"
            yield k.value / (2 * n.value), f"{k.name} / (2 * {n.name})"
            yield 2 * k.value / n.value, f"2 * {k.name} / {n.name}"
    for k in sizes:
        yield sqrt(k.value), f"sqrt({k.name})"
        yield 1 / sqrt(k.value), f"1 / sqrt({k.name})"
    for k, n in combinations(sizes, 2):
        yield k.value * n.value, f"{k.name} * {n.name}"
        yield 1 / (k.value * n.value), f"1 / ({k.name} * {n.name})"
        yield k.value / n.value, f"{k.name} / {n.name}"
        yield n.value / k.value, f"{n.name} / {k.name}"


def _plain(constants: Iterable[Constant]) -> Iterator[tuple[float, str]]:
    for k in constants:
        yield k.value, k.name
        yield 1 / k.value, f"1 / {k.name}"


def _sizes(name: str, value: Any) -> Iterator[tuple[int, str]]:
    if isinstance(value, np.ndarray):
        for axis, size in enumerate(value.shape):
            yield size, f"{name}.shape[{axis}]"
    elif isinstance(value, (list, tuple)):
        yield len(value), f"len({name})"


def _named(problem: Problem) -> Iterator[tuple[str, Any]]:
    """Values that the user has a name for: the data, closures, attributes, default arguments."""
    for root in problem.roots:
        if isinstance(root, Mapping):
            yield from ((k, v) for k, v in root.items() if isinstance(k, str))
            for name, value in root.items():
                attributes = getattr(value, "__dict__", None)
                if isinstance(attributes, dict) and not isinstance(value, (type, FunctionType)):
                    yield from ((f"{name}.{k}", v) for k, v in attributes.items())
    for function in (problem.fun, problem.grad, *problem.roots):
        if isinstance(function, FunctionType):
            cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
            for name, cell in cells:
                try:
                    yield name, cell.cell_contents
                except ValueError:  # not set yet
                    continue
            count = len(function.__defaults__ or ())
            names = function.__code__.co_varnames[: function.__code__.co_argcount][-count or None :]
            if count:
                yield from zip(names, function.__defaults__ or (), strict=True)
            for name in function.__code__.co_names:
                value = function.__globals__.get(name)
                if isinstance(value, (np.ndarray, int, float, list)):
                    yield name, value
