"""The table: all families."""

from __future__ import annotations

from . import (
    beside,
    bundles,
    courses,
    dicts,
    forgotten,
    inline,
    kinds,
    layers,
    objects,
    odd,
    sequential,
    single,
    stored,
    styles,
    training,
    traps,
    tuples,
    updates,
    vectors,
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
    *updates.ROWS,
    *vectors.ROWS,
    *odd.ROWS,
    *sequential.ROWS,
    *courses.ROWS,
    *training.ROWS,
    *styles.ROWS,
    *kinds.ROWS,
]
