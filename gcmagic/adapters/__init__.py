"""One file a calling convention: how to read gradients out of what a trial call left behind.

To add one, write a module with ``read(outcome) -> Reading | None`` and name it in `READERS`, most
specific first, with a row in ``tests/discovery/namespaces.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from . import attributes, fused, named, returned, unnamed
from .calling import Outcome, Reading
from .entries import odd_entries, uncompared
from .pairing import candidates

READERS: tuple[Callable[[Outcome], Reading | None], ...] = (
    named.read,
    returned.read,
    attributes.read,
    fused.read,
    unnamed.read,
)


def read(outcome: Outcome) -> Reading | None:
    """The first convention that recognises what the trial call left behind."""
    for reader in READERS:
        reading = reader(outcome)
        if reading is not None and reading.slots:
            return _told(reading, outcome)
    return None


def _told(reading: Reading, outcome: Outcome) -> Reading:
    """The reading, told which gradients it has no parameter for."""
    reading = replace(reading, odd=odd_entries(outcome))
    if outcome.wanted or outcome.grads:  # the user has said which
        return reading
    taken = {leaf.path for leaf in (slot.leaf for slot in reading.slots)}
    rest = [leaf for leaf in candidates(outcome) if leaf.path not in taken]
    left, named = uncompared(reading, outcome)
    if not left:
        return reading
    unmatched = tuple(leaf.path for leaf in rest if leaf.key in named)
    what = "them" if len(left) > 1 else "it"
    note = (
        f"{outcome.function or 'backward'} also returns {', '.join(left)}: no parameter was found "
        f"for {what}, not compared"
    )
    notes = (*reading.notes, note)
    return replace(reading, notes=notes, unmatched=unmatched, beyond=named)
