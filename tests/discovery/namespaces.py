"""The table: all families."""

from __future__ import annotations

from . import (
    beside,
    bundles,
    courses,
    dicts,
    forgotten,
    handed,
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
    *handed.ROWS,
    *styles.ROWS,
    *kinds.ROWS,
]
