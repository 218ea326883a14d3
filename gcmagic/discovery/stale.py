"""Gradients that an earlier call left behind, which the function on trial does not touch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..adapters.calling import Reading
from .trial import run
from .wiring import Wiring

MARK = 0.12345678901234567  # no gradient has this in every component


def leaves_all_as_they_were(reading: Reading, wiring: Wiring) -> bool:
    """Whether one more run leaves every gradient that lay there before as it lay there.

    ``criterion.backward()`` is called before ``model.backward(grad)``, and the layers of the model
    hold gradients from the cell that called both.
    """
    marked: list[tuple[int, Any]] = []

    def mark(values: dict[str, Any]) -> None:
        for k, slot in enumerate(reading.slots):
            lies = slot.read(values)  # raises where it does not lie there yet: nothing is run then
            if not (isinstance(lies, np.ndarray) and lies.dtype.kind == "f"):
                raise LookupError("no array to be marked")
            lies[...] = MARK
            marked.append((k, lies))

    def untouched(_: dict[str, Any], after: dict[str, Any]) -> bool:
        return all(
            reading.slots[k].read(after) is lies and np.all(lies == lies.dtype.type(MARK))
            for k, lies in marked
        )

    return run(wiring.lines, wiring.evidence, wiring.roots, untouched, mark) is True
