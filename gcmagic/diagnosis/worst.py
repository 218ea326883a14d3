"""The component that is furthest off, as evidence."""

from __future__ import annotations

from ..comparison import Comparison, Status
from ..notation import apart


def worst(block: Comparison, status: Status = Status.WRONG) -> str:
    """``W2[3, 1]: analytic 0.0123, numeric 0.0062``."""
    place = block.worst(1, status)[0]
    analytic, numeric = apart(block.analytic[place], block.numeric[place])
    return f"{block.component(place)}: analytic {analytic}, numeric {numeric}"
