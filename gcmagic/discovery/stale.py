"""Gradients that lie in objects from an earlier call: left alone by a call, or added to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..adapters.calling import Path, Reading, follow, put
from .trial import run
from .wiring import Wiring

MARK = 0.12345678901234567  # no gradient has this in every component


def without_earlier(reading: Reading, wiring: Wiring) -> Reading | None:
    """The reading, gradients that are added up starting from zero; None where none is written.

    ``criterion.backward()`` is called before ``model.backward(grad)``, and the layers of the model
    hold gradients from the cell that called both: it leaves them as they were. ``p.grad += g``
    adds to them, and to start from what an earlier cell left would make right code wrong.
    """
    places = [slot.lies for slot in reading.slots]
    if not all(places):
        return reading
    marked, plain = (_after(wiring, places, start) for start in (MARK, 0.0))
    if marked is None or plain is None:
        return reading  # they do not lie there yet: the run makes them
    if all(np.all(value == np.asarray(value).dtype.type(MARK)) for value in marked):
        return None
    added = [
        path
        for path, a, b in zip(places, marked, plain, strict=True)
        if np.shape(a) == np.shape(b) and np.allclose(a - b, MARK, rtol=1e-3, atol=0)
    ]
    if not added:
        return reading
    earlier = any(np.any(follow(_values(wiring), path)) for path in added)
    note = "gradients are added up: they start from zero, not from what an earlier call left"
    notes = (*reading.notes, note) if earlier else reading.notes
    return replace(reading, added=tuple(added), notes=notes)


def _values(wiring: Wiring) -> dict[str, Any]:
    return {name: root.value for name, root in wiring.roots.items()}


def _after(wiring: Wiring, places: list[Path], start: float) -> list[Any] | None:
    """What lies there after a run that found `start` in every component, None without a run."""

    def mark(values: dict[str, Any]) -> None:
        for path in places:
            put(values, path, start)  # raises where nothing lies there yet

    def look(_: dict[str, Any], after: dict[str, Any]) -> list[Any]:
        return [np.array(follow(after, path), dtype=float) for path in places]

    found = run(wiring.lines, wiring.evidence, wiring.roots, look, mark)
    return None if isinstance(found, str) else found
