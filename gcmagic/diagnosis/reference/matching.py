"""A right network with the user's cost: found by the shapes, the data in reach, and J itself."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import GradcheckError
from ...nearby import jittered
from ...problem import Problem
from ...sandbox import global_names
from .networks import ACTIVATIONS, LOSSES, Shape, chains, run, source

# costs that agree to this much are the same cost
SAME = 1e-10
# points at which they have to agree
POINTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A right network with the same cost.

    Attributes
    ----------
    problem
        The network as a problem: theta has the order and the size of the user's.
    activation, loss
        What it is made of.
    shape
        Its layers.
    lam
        The strength of its regulariser, 0 for none.
    """

    problem: Problem
    activation: str
    loss: str
    shape: Shape
    lam: float


def reference(problem: Problem, theta: np.ndarray, seed: int = 0) -> Reference | None:
    """The network whose cost is that of `problem` at three points; None where there is none."""
    points = [
        theta,
        *itertools.islice(jittered(problem, theta, seed + 200, POINTS + 2), POINTS - 1),
    ]
    try:
        costs = [problem.cost_at(point) for point in points]
    except GradcheckError:
        return None
    if not np.all(np.isfinite(costs)):
        return None
    blocks = problem.layout.blocks
    found = list(data(problem))
    for inputs, targets in itertools.permutations(found, 2):
        for rows in (True, False):
            if inputs.ndim != 2 or min(inputs.shape) < 1:
                continue
            features = inputs.shape[1 if rows else 0]
            shape = chains([block.shape for block in blocks], features, rows)
            for labels in _targets(inputs, targets, shape) if shape is not None else ():
                assert shape is not None
                match = _matched(shape, inputs, labels, points, costs)
                if match is not None:
                    return match
    return None


def data(problem: Problem) -> Iterator[np.ndarray]:
    """Arrays that cost or gradient hold: closures, globals that they read, defaults, arguments."""
    seen: set[int] = set()
    for function in (problem.fun, problem.grad):
        for value in _held(function):
            array = _array(value)
            if array is None or array.dtype.kind not in "fiub" or not 1 <= array.ndim <= 2:
                continue
            if id(value) not in seen:
                seen.add(id(value))
                yield array


def _array(value: Any) -> np.ndarray | None:
    if not isinstance(value, (np.ndarray, list)):
        return None
    try:
        return np.asarray(value)
    except ValueError:  # a list of lists of several lengths
        return None


def _held(function: Any) -> Iterator[Any]:
    space = getattr(function, "space", None)
    if isinstance(space, dict):
        yield from space.values()
    if isinstance(function, functools.partial):
        yield from (*function.args, *function.keywords.values())
        function = function.func
    code = getattr(function, "__code__", None)
    if code is None:
        yield from vars(function).values() if hasattr(function, "__dict__") else ()
        return
    for cell in getattr(function, "__closure__", None) or ():
        with contextlib.suppress(ValueError):  # a name that is bound later
            yield cell.cell_contents
    yield from getattr(function, "__defaults__", None) or ()
    outer = getattr(function, "__globals__", {})
    yield from (outer[key] for key in sorted(global_names(code)[0]) if key in outer)


def _targets(inputs: np.ndarray, targets: np.ndarray, shape: Shape) -> Iterator[np.ndarray]:
    """The targets in the shape of the output: as they are, or whole numbers as one of n."""
    count = inputs.shape[0 if shape.rows else 1]
    last = shape.shapes[shape.names.index(f"W{shape.depth}")]
    width = last[1 if shape.rows else 0]
    wanted = (count, width) if shape.rows else (width, count)
    if targets.shape == wanted:
        yield targets
    elif targets.size == count and width == 1:
        yield targets.reshape(wanted)
    if targets.size == count and targets.dtype.kind in "iu" and width > 1:
        flat = targets.reshape(-1)
        if flat.min() >= 0 and flat.max() < width:
            one = np.eye(width)[flat]
            yield one if shape.rows else one.T


def _matched(
    shape: Shape,
    inputs: np.ndarray,
    labels: np.ndarray,
    points: list[np.ndarray],
    costs: list[float],
) -> Reference | None:
    inputs, labels = inputs.astype(float), labels.astype(float)
    names = {"X": inputs, "Y": labels, "m": inputs.shape[0 if shape.rows else 1], "lam": 0.0}
    squares = [_squares(shape, point) for point in points]
    for activation, loss in itertools.product(ACTIVATIONS if shape.depth > 1 else ["tanh"], LOSSES):
        plain = run(source(shape, activation, loss, False), names)
        with np.errstate(all="ignore"):
            found = [float(plain["cost"](_params(shape, point))) for point in points]
        over = [cost - value for cost, value in zip(costs, found, strict=True)]
        lam = 2 * over[0] / squares[0] if squares[0] > 0 else 0.0
        near = [abs(o) <= SAME * abs(c) for o, c in zip(over, costs, strict=True)]
        if all(near):
            lam = 0.0
        elif not (
            lam > 1e-9
            and all(
                abs(o - lam / 2 * s) <= SAME * abs(c)
                for o, s, c in zip(over, squares, costs, strict=True)
            )
        ):
            continue
        text = source(shape, activation, loss, lam > 0)
        made = run(text, {**names, "lam": _tidy(lam)})
        problem = Problem(made["cost"], made["backward"], _params(shape, points[0]))
        return Reference(problem, activation, loss, shape, _tidy(lam))
    return None


def _tidy(value: float) -> float:
    return float(f"{value:.8g}")


def _params(shape: Shape, theta: np.ndarray) -> dict[str, np.ndarray]:
    found, start = {}, 0
    for name, size in zip(shape.names, shape.shapes, strict=True):
        count = int(np.prod(size))
        found[name] = theta[start : start + count].reshape(size)
        start += count
    return found


def _squares(shape: Shape, theta: np.ndarray) -> float:
    params = _params(shape, theta)
    return float(sum(np.sum(v**2) for key, v in params.items() if key.startswith("W")))
