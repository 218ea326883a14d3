"""Arguments as NumPy's functions take them: values in lists, tuples and dicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def exchanged(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """With everything that is of this very type changed, however deep it lies."""
    found = type(value)
    if found is kind:
        return change(value)
    if found in (list, tuple):
        return found(exchanged(item, kind, change) for item in value)
    if found is dict:
        return {key: exchanged(item, kind, change) for key, item in value.items()}
    return value
