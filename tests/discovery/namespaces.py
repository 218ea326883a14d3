"""The table: all families."""

from __future__ import annotations

from . import (
    beside,
    bundles,
    dicts,
    forgotten,
    inline,
    layers,
    objects,
    single,
    stored,
    traps,
    tuples,
)

ROWS = [
    *dicts.ROWS,
    *tuples.ROWS,
    *objects.ROWS,
    *layers.ROWS,
    *inline.ROWS,
    *traps.ROWS,
    *beside.ROWS,
    *forgotten.ROWS,
    *stored.ROWS,
    *single.ROWS,
    *bundles.ROWS,
]
