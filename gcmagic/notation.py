"""How numbers are written wherever gcmagic writes them."""

from __future__ import annotations

import math

# beside a verdict, so that colour is not needed to read it
CHECKMARK = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?"}


def exponent(x: float, digits: int = 0) -> str:
    """A number the way it is written by hand, ``1e-7`` and not ``1e-07``; ``nan``, ``inf``."""
    if not math.isfinite(x):
        return str(float(x))
    mantissa, power = f"{x:.{digits}e}".split("e")
    return f"{mantissa}e{int(power)}"


def apart(x: float, y: float) -> tuple[str, str]:
    """Two numbers to three digits, or to as many more as it takes to tell them apart."""
    digits = 3
    while digits < 17 and f"{x:.{digits}g}" == f"{y:.{digits}g}":
        digits += 1
    return f"{x:.{digits}g}", f"{y:.{digits}g}"
