"""Right networks as courses write them, as source: dense layers, an activation, a loss."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_COUNT = itertools.count()

# activation: its value at Z, and its derivative by A and Z
ACTIVATIONS = {
    "tanh": ("np.tanh({Z})", "1 - {A} ** 2"),
    "relu": ("np.maximum(0, {Z})", "({Z} > 0)"),
    "sigmoid": ("1 / (1 + np.exp(-{Z}))", "{A} * (1 - {A})"),
}
SOFTMAX = (
    "E = np.exp({Z} - {Z}.max(axis={units}, keepdims=True))",
    "P = E / E.sum(axis={units}, keepdims=True)",
)
# loss: how P comes from the last Z, its cost, and dJ/dZ
LOSSES = {
    "the mean cross-entropy of a softmax": (
        SOFTMAX, "-np.sum(Y * np.log(P)) / m", "(P - Y) / m",
    ),
    "the cross-entropy of a softmax, summed": (SOFTMAX, "-np.sum(Y * np.log(P))", "P - Y"),
    "the mean cross-entropy of a sigmoid": (
        ("P = 1 / (1 + np.exp(-{Z}))",),
        "-np.sum(Y * np.log(P) + (1 - Y) * np.log(1 - P)) / m",
        "(P - Y) / m",
    ),
    "the cross-entropy of a sigmoid, summed": (
        ("P = 1 / (1 + np.exp(-{Z}))",),
        "-np.sum(Y * np.log(P) + (1 - Y) * np.log(1 - P))",
        "P - Y",
    ),
    "the mean squared error": (("P = {Z}",), "np.mean((P - Y) ** 2)", "2 * (P - Y) / Y.size"),
    "the squared error by example": (
        ("P = {Z}",), "np.sum((P - Y) ** 2) / m", "2 * (P - Y) / m",
    ),
    "half the squared error by example": (
        ("P = {Z}",), "np.sum((P - Y) ** 2) / (2 * m)", "(P - Y) / m",
    ),
    "half the squared error": (("P = {Z}",), "np.sum((P - Y) ** 2) / 2", "P - Y"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """Which arrays are the weights and the biases of which layer, in the order of theta.

    Attributes
    ----------
    names
        ``W1``, ``b1`` and so on for each array, in the order of theta.
    shapes
        Their shapes.
    depth
        How many layers.
    rows
        Whether examples are rows, ``X @ W``; else columns, ``W @ X``.
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    depth: int
    rows: bool


def chains(shapes: Sequence[tuple[int, ...]], features: int, rows: bool) -> Shape | None:
    """The arrays as a chain of dense layers, first to last or last to first; None if they are none.

    Examples
    --------
    >>> chains([(3, 4), (4,), (4, 2), (2,)], 3, True).names
    ('W1', 'b1', 'W2', 'b2')
    """
    for order in (1, -1):
        found = _chain(shapes, features, rows, order)
        if found is not None:
            return found
    return None


def _chain(
    shapes: Sequence[tuple[int, ...]], features: int, rows: bool, order: int
) -> Shape | None:
    names: dict[int, str] = {}
    width, depth = features, 0
    widths: list[int] = []
    # the weights as they follow one another, then each bias to the first layer that lacks one
    for k in list(range(len(shapes)))[::order]:
        shape = shapes[k]
        if len(shape) == 2 and shape[0 if rows else 1] == width and not _bias(shape, width, rows):
            depth += 1
            width = shape[1 if rows else 0]
            widths.append(width)
            names[k] = f"W{depth}"
    for k in list(range(len(shapes)))[::order]:
        if k in names:
            continue
        layer = next(
            (
                j
                for j, size in enumerate(widths, 1)
                if f"b{j}" not in names.values() and _bias(shapes[k], size, rows)
            ),
            None,
        )
        if layer is None:
            return None
        names[k] = f"b{layer}"
    if not depth:
        return None
    return Shape(tuple(names[k] for k in range(len(shapes))), tuple(shapes), depth, rows)


def _bias(shape: tuple[int, ...], width: int, rows: bool) -> bool:
    return shape in (((width,), (1, width)) if rows else ((width, 1),))


def source(shape: Shape, activation: str, loss: str, regularised: bool) -> str:
    """A cost and a backward pass, as text."""
    value, slope = ACTIVATIONS[activation]
    output, cost, delta = LOSSES[loss]
    last = f"Z{shape.depth}"
    forward = [f'{name} = params["{name}"]' for name in shape.names]
    for k in range(1, shape.depth + 1):
        before = f"A{k - 1}" if k > 1 else "X"
        product = f"{before} @ W{k}" if shape.rows else f"W{k} @ {before}"
        bias = f" + b{k}" if f"b{k}" in shape.names else ""
        forward.append(f"Z{k} = {product}{bias}")
        if k < shape.depth:
            forward.append(f"A{k} = " + value.format(Z=f"Z{k}"))
    forward += [line.format(Z=last, units=1 if shape.rows else 0) for line in output]
    weights = [f"W{k}" for k in range(1, shape.depth + 1)]
    squares = " + ".join(f"np.sum({w} ** 2)" for w in weights)
    decay = f" + lam / 2 * ({squares})" if regularised else ""
    backward = [f"d{last} = {delta}"]
    for k in range(shape.depth, 0, -1):
        before = f"A{k - 1}" if k > 1 else "X"
        product = f"{before}.T @ dZ{k}" if shape.rows else f"dZ{k} @ {before}.T"
        backward.append(f"dW{k} = {product}" + (f" + lam * W{k}" if regularised else ""))
        if f"b{k}" in shape.names:
            kept = len(shape.shapes[shape.names.index(f"b{k}")]) == 2
            axis = 0 if shape.rows else 1
            backward.append(f"db{k} = dZ{k}.sum(axis={axis}{', keepdims=True' if kept else ''})")
        if k > 1:
            above = f"dZ{k} @ W{k}.T" if shape.rows else f"W{k}.T @ dZ{k}"
            backward.append(f"dA{k - 1} = {above}")
            slopes = slope.format(A=f"A{k - 1}", Z=f"Z{k - 1}")
            slopes = f"({slopes})" if activation == "tanh" else slopes
            backward.append(f"dZ{k - 1} = dA{k - 1} * {slopes}")
    listed = ", ".join(f'"{name}": d{name}' for name in shape.names)
    lines = [
        "def cost(params):",
        *(f"    {line}" for line in forward),
        f"    return {cost}{decay}",
        "",
        "def backward(params):",
        *(f"    {line}" for line in [*forward, *backward]),
        f"    return {{{listed}}}",
    ]
    return "\n".join(lines) + "\n"


def run(text: str, data: dict[str, Any]) -> dict[str, Any]:
    """What the source defines, so that its lines can be found."""
    filename = f"<reference {next(_COUNT)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    names: dict[str, Any] = {"__name__": "__main__", "np": np, **data}
    exec(compile(text, filename, "exec"), names)
    return names
