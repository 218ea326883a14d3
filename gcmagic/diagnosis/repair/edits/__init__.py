"""Families of edits: each looks at one statement and proposes small changes to it.

A family is a function ``family(look) -> Iterator[Edit]``; the level says how far an edit goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..sites import Edit
from . import (
    additions,
    analogy,
    calls,
    chain,
    factors,
    indices,
    names,
    operators,
    orders,
    statements,
    terms,
)
from .look import Look

Family = Callable[[Look], Iterator[Edit]]
FAMILIES: tuple[Family, ...] = (
    operators.edits,
    calls.edits,
    indices.edits,
    names.edits,
    factors.edits,
    terms.edits,
    chain.edits,
    orders.edits,
    statements.edits,
    additions.edits,
)


def edits_at(look: Look, level: int) -> Iterator[Edit]:
    """The edits of one level at a site; from level 2 on those of all levels from there.

    Most searches end at level 1, so what goes further is not made for it.
    """
    families: tuple[Family, ...] = (analogy.edits,)
    if level:
        families = (analogy.missing, *FAMILIES) if level == 1 else FAMILIES
        look = replace(look, limit=1) if level == 1 else look
    for family in families:
        for edit in family(look):
            if edit.level >= level and (level > 1 or edit.level == level):
                yield edit
