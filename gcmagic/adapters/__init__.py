"""One file a calling convention: how to read gradients out of what a trial call left behind.

To add one, write a module with ``read(outcome) -> Reading | None`` and name it in `READERS`, most
specific first, with a row in ``tests/discovery/namespaces.py``.
"""

from __future__ import annotations

from collections.abc import Callable

from . import attributes, fused, named, returned, unnamed
from .calling import Outcome, Reading

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
            return reading
    return None
