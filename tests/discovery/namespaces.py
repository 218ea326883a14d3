"""The table: all families."""

from __future__ import annotations

from . import dicts, tuples

ROWS = [*dicts.ROWS, *tuples.ROWS]
