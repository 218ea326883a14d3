"""Parameters of booleans that have a gradient: cast to numbers before anything is bound."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..adapters.calling import children, is_real
from ..errors import BindingError
from .assembly import start_of
from .binding import Proposal
from .evidence import Evidence, collect
from .unchecked import is_named_as_one


def settled(
    settle: Callable[[Evidence], Proposal], evidence: Evidence
) -> tuple[Proposal, Evidence, tuple[str, ...]]:
    """What `settle` binds, with numbers for booleans that have a gradient.

    A mask has none, so it stays one. What holds such an array is copied; the user's own is left.

    Returns
    -------
    proposal : Proposal
        The binding.
    evidence : Evidence
        The notebook that it is of, the one given where nothing was cast.
    names : tuple of str
        Of the parameters that were cast.

    Raises
    ------
    BindingError
        As `settle` does, for the notebook as it is.
    """
    try:
        proposal = settle(evidence)
    except BindingError:
        named = _cast(evidence.values, evidence, is_named_as_one)
        found = _tried(settle, named)
        if found is None:
            raise
        return found
    beyond = proposal.reading.beyond
    numbers = _cast(start_of(proposal, evidence), evidence, lambda key: key in beyond)
    return _tried(settle, numbers) or (proposal, evidence, ())


def _tried(
    settle: Callable[[Evidence], Proposal], cast: tuple[Evidence, tuple[str, ...]]
) -> tuple[Proposal, Evidence, tuple[str, ...]] | None:
    evidence, names = cast
    if not names:
        return None
    try:
        proposal = settle(evidence)
    except BindingError:
        return None
    bound = {slot.leaf.key for slot in proposal.reading.slots}
    told = tuple(name for name in names if name in bound)
    return (proposal, evidence, told) if told else None


def _cast(
    values: Mapping[str, Any], evidence: Evidence, is_one: Callable[[str], bool]
) -> tuple[Evidence, tuple[str, ...]]:
    """The notebook with numbers for the booleans among some values, and their names."""
    found = {
        id(array): (key, array)
        for name, value in values.items()
        for key, array in _booleans(name, value, 0)
        if is_one(key)
    }
    if not found:
        return evidence, ()
    numbers = {place: array.astype(float) for place, (_, array) in found.items()}
    space = dict(evidence.namespace)
    try:
        for name, value in evidence.values.items():
            if any(id(array) in found for _, array in _booleans(name, value, 0)):
                space[name] = copy.deepcopy(value, numbers)
    except Exception:  # a lock, a file: it stays unchecked, and that is told
        return evidence, ()
    return collect(space, evidence.cells), tuple(dict.fromkeys(key for key, _ in found.values()))


def _booleans(key: str, value: Any, depth: int) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, np.ndarray) and value.dtype.kind == "b":
        yield key, value
    elif not is_real(value) and depth < 3:
        for step, item in children(value):
            yield from _booleans(str(step[1]), item, depth + 1)
