"""One call of the cost with `Copies` in the place of a parameter array."""

from __future__ import annotations

import linecache
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from ..parameters import Block
from ..problem import Problem, as_cost
from . import rules
from .arrays import Copies, of_parameter, still
from .batch import Batch, Untraceable
from .objects import carrying, placed
from .pending import resolved
from .taps import Taps

assert rules.RULES  # entered by the import


class Watcher(Protocol):
    """Gets to know what stands in the place of each parameter array."""

    def watch(self, leaf: Copies) -> None:
        """One more of them."""
        ...


def traced(
    problem: Problem,
    theta: np.ndarray,
    block: Block,
    offsets: np.ndarray,
    numbers: np.ndarray,
    limit: float = np.inf,
    taps: Taps | None = None,
) -> tuple[np.ndarray, Batch]:
    """J with the component at ``offsets[k]`` of `block` set to ``numbers[k]``, in one call.

    With `taps` the products of the array with others are what they say.

    Raises
    ------
    Untraceable
        Where the function does something that cannot be done to many copies at once.
    TooLarge
        Where the copies would take more than `limit` bytes.
    """
    batch = Batch(len(offsets), limit)
    batch.taps = taps
    return traced_with(problem, theta, batch, [(block, offsets, numbers)], taps), batch


def traced_with(
    problem: Problem,
    theta: np.ndarray,
    batch: Batch,
    moved: Sequence[tuple[Block, np.ndarray | None, np.ndarray | None]],
    watcher: Watcher | None = None,
) -> np.ndarray:
    """J with several arrays as copies, each given as to `traced`, or with None as it is; see there.

    The `watcher` gets to know what stands in the place of each array, in their order.
    """
    params = problem.layout.workspace(theta).params
    leaves: dict[Any, Copies] = {}
    for block, offsets, numbers in moved:
        path = problem.layout.paths[problem.layout.place_of(block)]
        base = params
        for key in path:
            base = base[key]
        if isinstance(base, np.matrix):
            raise Untraceable("a np.matrix")
        base = np.array(base, order="C")
        if offsets is None or numbers is None:
            leaf = still(batch, base)
        else:
            leaf = of_parameter(batch, base, offsets, numbers)
        if watcher is not None:
            watcher.watch(leaf)
        leaves[path] = leaf
    return called(problem, batch, params, leaves)


def called(
    problem: Problem, batch: Batch, params: Any, leaves: Mapping[tuple[Any, ...], Copies]
) -> np.ndarray:
    """J of every copy in one call, with copies in some places of `params`; ends the batch.

    Raises
    ------
    Untraceable, TooLarge
        As `traced`.
    """
    try:
        fun = carrying(problem.fun, {path[0]: leaf for path, leaf in leaves.items() if path})
        for path, leaf in leaves.items():
            params = placed(params, path, leaf)
        result = fun(params)
        if batch.refusal is not None:  # swallowed by an except clause of the user's
            raise Untraceable(batch.refusal)
        return costs_of(result, batch, problem.cost_name)
    except Exception as error:
        if batch.refusal is None:
            raise
        # NumPy's own words for it, "setting an array element with a sequence", would not help
        raise Untraceable(batch.refusal).with_traceback(error.__traceback__) from error
    finally:
        batch.close()


def costs_of(result: Any, batch: Batch, name: str) -> np.ndarray:
    """One J a copy from what the function returned."""
    if batch.marked is not None:
        if result is not batch.marker:
            file, line, function = batch.marked_at or ("", 0, "")
            text = linecache.getline(file, line).strip()
            where = f" (line {line} of {function}: {text})" if text else ""
            raise Untraceable(f"turns a number into a float and goes on with it{where}")
        result = batch.marked
    result = resolved(result)
    if type(result) is not Copies:  # nothing in it came from the parameter
        batch.unmoved = True
        return np.full(batch.count, as_cost(result, name))
    if result.size != 1 or result.dtype.kind not in "fiub":
        raise Untraceable(f"{name} gives shape {result.shape} of {result.dtype}")
    return np.array(result.dense().reshape(batch.count), dtype=float)
