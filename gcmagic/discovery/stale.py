"""Gradients that lie in objects from an earlier call: left alone by a call, or added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..adapters.calling import Path, Reading, follow, put
from .evidence import Evidence
from .lookup import Root
from .trial import run

MARK = 0.12345678901234567  # no gradient has this in every component


def without_earlier(
    reading: Reading,
    lines: Sequence[str],
    evidence: Evidence,
    roots: Mapping[str, Root],
    *,
    whole: bool = True,
) -> Reading | None:
    """The reading, gradients that are added up starting from zero; None where none is written.

    Without `whole` the lines may leave some roots alone, a second network that is not trained;
    what lies there is dropped. Else it is a layer whose backward pass has been forgotten.

    ``criterion.backward()`` is called before ``model.backward(grad)``, and the layers of the model
    hold gradients from the cell that called both: it leaves them as they were. ``p.grad += g``
    adds to them, and to start from what an earlier cell left would make right code wrong.
    """
    places = [slot.lies for slot in reading.slots]
    if not all(places):
        return reading
    marked, plain = (_after(lines, evidence, roots, places, start) for start in (MARK, 0.0))
    if marked is None or plain is None:
        return reading  # they do not lie there yet: the run makes them
    left = [bool(np.all(value == value.dtype.type(MARK))) for value in marked]
    if all(left):
        return None
    written = {path[0] for path, alone in zip(places, left, strict=True) if not alone}
    if not whole:
        slots = tuple(slot for slot in reading.slots if slot.lies[0] in written)
        reading = replace(reading, slots=slots)
    added = [
        path
        for path, a, b in zip(places, marked, plain, strict=True)
        if np.shape(a) == np.shape(b) and np.allclose(a - b, MARK, rtol=1e-3, atol=0)
        if path[0] in written
    ]
    if not added:
        return reading
    values = {name: root.value for name, root in roots.items()}
    earlier = any(np.any(follow(values, path)) for path in added)
    note = "gradients are added up: they start from zero, not from what an earlier call left"
    notes = (*reading.notes, note) if earlier else reading.notes
    return replace(reading, added=tuple(added), notes=notes)


def _after(
    lines: Sequence[str],
    evidence: Evidence,
    roots: Mapping[str, Root],
    places: list[Path],
    start: float,
) -> list[Any] | None:
    """What lies there after a run that found `start` in every component, None without a run."""

    def mark(values: dict[str, Any]) -> None:
        for path in places:
            put(values, path, start)  # raises where nothing lies there yet

    def look(_: dict[str, Any], after: dict[str, Any]) -> list[Any]:
        return [np.array(follow(after, path), dtype=float) for path in places]

    found = run(lines, evidence, roots, look, mark)
    return None if isinstance(found, str) else found
