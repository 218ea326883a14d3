"""Regularisers that are switched off by a default: ``reg=0.0``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ..adapters.names import kind
from .evidence import is_number
from .source import Function


def left_at_zero(backward: Function, text: str) -> Iterator[tuple[str, Any]]:
    """``(name, default)`` of the penalties that a call of `backward` leaves at a default of 0."""
    call = ast.parse(text, mode="eval").body
    given = {keyword.arg for keyword in call.keywords} if isinstance(call, ast.Call) else set()
    for name, value in backward.defaults.items():
        if name not in given and kind(name) == "penalty" and is_number(value) and not value:
            yield name, value
