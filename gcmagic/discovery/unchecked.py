"""Parameters that the cost depends on and that get no gradient: said, never passed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..adapters.calling import Leaf, Outcome, Reading, Slot, distinctly_named
from ..adapters.constants import only_input, weights_loss
from ..adapters.names import kind
from ..adapters.pairing import candidates
from ..problem import Problem
from ..sandbox import untouched
from .evidence import Evidence
from .trained import is_trained
from .trial import quiet

_MATRIX = re.compile(
    r"([WUV]|Theta|[wW]eights?|[bB]ias(es)?|kernel|gamma|beta|theta|coefs?|params?|parameters)"
    r"\w{0,3}|[wb](_?\d+|_?[a-z]{1,2})?"
)
_NUMBER = re.compile(r"(w|b|[wW]eight|[bB]ias|intercept)_?\d*")
_OTHER = "the other"


def left_out(
    reading: Reading,
    values: Mapping[str, Any],
    wanted: Collection[str],
    build: Callable[[Reading], Problem],
    evidence: Evidence,
) -> tuple[tuple[Leaf, ...], tuple[Leaf, ...]]:
    """Parameters that the cost moves with and that `reading` has no gradient for.

    The second of the two are not: data and constants under the names of parameters, which the
    user's code neither updates nor has a gradient of.

    Parameters
    ----------
    reading
        The gradients that there are.
    values
        What the program starts from.
    wanted
        Names that the user gave as the parameters; where there are any, only those count.
    build
        Makes the Problem for a reading that holds one parameter more.
    evidence
        The user's code.
    """
    outcome = Outcome(None, (), values, {}, wanted=tuple(wanted))
    bound = [slot.leaf for slot in reading.slots]
    paths = {leaf.path for leaf in bound} | {*reading.unasked}
    rest = [leaf for leaf in candidates(outcome) if leaf.path not in paths]
    likely = [
        leaf
        for leaf in rest
        if wanted or leaf.path in reading.unmatched or _is_parameter(leaf, bound)
    ]
    found = [leaf for leaf in likely if _matters(leaf, reading, build)]
    named = distinctly_named([*bound, *found])[len(bound) :]
    known = paths | {leaf.path for leaf in likely}
    fixed = {
        leaf.path
        for leaf in ([] if wanted else found)
        if weights_loss(leaf, bound, values) or only_input(leaf, values, lambda o: o.path in known)
        if not is_trained(leaf.key, evidence)
    }
    left = tuple(leaf for leaf in named if leaf.path not in fixed)
    return left, tuple(leaf for leaf in named if leaf.path in fixed)


def notes_of(
    left: Sequence[Leaf], fixed: Sequence[Leaf], backward: str, odd: Mapping[str, str]
) -> tuple[str, ...]:
    """One sentence for each; `odd` is what stands in the place of a gradient, by parameter."""
    why = {leaf.key: f" ({odd[leaf.key]})" for leaf in left if leaf.key in odd}
    return (
        *(
            f"{leaf.name} gets no gradient from {backward}{why.get(leaf.key, '')}: not checked"
            for leaf in left
        ),
        *(
            f"{leaf.name} gets no gradient and no update: taken for data; if it is a parameter, "
            "its gradient is missing"
            for leaf in fixed
        ),
    )


def _is_parameter(leaf: Leaf, bound: Sequence[Leaf]) -> bool:
    if kind(leaf.key) in ("x", "y", "rate", "penalty"):
        return False
    stems = {_stem(other.key) for other in bound}
    alike = bool(_stem(leaf.key)) and _stem(leaf.key) in stems
    if not isinstance(leaf.value, np.ndarray):
        return alike or _NUMBER.fullmatch(leaf.key) is not None
    if leaf.value.dtype.kind != "f":
        return alike
    # an array in the dict or list that holds the bound ones
    items = all(step[0] == "item" for step in leaf.path[1:])
    beside = len(leaf.path) > 1 and items and leaf.path[0] in {other.path[0] for other in bound}
    steps = [step if isinstance(step, str) else str(step[1]) for step in leaf.path]
    named = [step for step in steps if not step.isdigit()]
    return alike or beside or any(_MATRIX.fullmatch(step) for step in named[-2:])


def is_named_as_one(name: str) -> bool:
    """Whether it is a name that parameters have: ``W1``, ``b``, ``theta``."""
    return _MATRIX.fullmatch(name) is not None


def _stem(key: str) -> str:
    return key.rstrip("0123456789").rstrip("_")


def _matters(leaf: Leaf, reading: Reading, build: Callable[[Reading], Problem]) -> bool:
    """True where the cost is another when this one alone has moved."""
    other = Slot(replace(leaf, name=_OTHER), lambda scope: 0.0)
    try:
        problem = build(replace(reading, slots=(*reading.slots, other)))
        before = np.asarray(problem.params[_OTHER], dtype=float)
        rng = np.random.default_rng(0)
        moved = before + 0.1 * np.maximum(np.abs(before), 0.1) * rng.standard_normal(before.shape)
        with untouched(problem.fun, *problem.roots) as snapshot, quiet():
            first = problem.cost(problem.copied())
            snapshot.restore()
            second = problem.cost(
                {**problem.copied(), _OTHER: moved if before.ndim else float(moved)}
            )
        return first != second
    except (Exception, SystemExit):
        return False
