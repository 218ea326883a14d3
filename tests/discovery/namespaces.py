"""The table: all families."""

from __future__ import annotations

from . import dicts, objects, tuples

ROWS = [*dicts.ROWS, *tuples.ROWS, *objects.ROWS]
