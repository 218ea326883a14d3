"""Families of edits: each looks at one statement and proposes small changes to it.

A family is a function ``family(look) -> Iterator[Edit]``; the level says how far an edit goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..sites import Edit
from . import (
    additions,
    analogy,
    calls,
    factors,
    indices,
    names,
    operators,
    orders,
    statements,
    terms,
)
from .look import Look

FAMILIES: tuple[Callable[[Look], Iterator[Edit]], ...] = (
    analogy.edits,
    operators.edits,
    calls.edits,
    indices.edits,
    names.edits,
    factors.edits,
    terms.edits,
    orders.edits,
    statements.edits,
    additions.edits,
)


def edits_at(look: Look) -> Iterator[Edit]:
    """All edits at one site, in no order of levels."""
    for family in FAMILIES:
        yield from family(look)
