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


def apart(x: float, y: float, digits: int = 3) -> tuple[str, str]:
    """Two numbers to so many digits, or to as many more as it takes to tell them apart."""
    while digits < 17 and f"{x:.{digits}g}" == f"{y:.{digits}g}":
        digits += 1
    return f"{x:.{digits}g}", f"{y:.{digits}g}"


def duration(seconds: float) -> str:
    """A time as one says it, to two digits.

    >>> duration(0.0042), duration(1.26), duration(61), duration(500), duration(1e6)
    ('0.0042 s', '1.3 s', '61 s', '8.3 min', '280 h')
    """
    for size, unit, least in ((3600.0, "h", 2 * 3600.0), (60.0, "min", 120.0), (1.0, "s", 0.0)):
        if seconds >= least:
            return f"{float(f'{seconds / size:.1e}'):g} {unit}"
    return str(seconds)
