"""What a forward pass in half precision leaves to be seen: told as that, not as noise or kinks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .comparison import INCONCLUSIVE, Comparison, Status
from .findings import Finding
from .notation import exponent
from .phase import Phase
from .report_text import enumerate_names
from .watched import Seen

HALF = "float16"
# what is said of an array that half precision explains better
GUESSED = ("noisy", "kink")


def in_half(phase: Phase, seen: Seen | None) -> Phase:
    """The phase with a finding where its cost turns the parameters into float16.

    It is in place of what the values of the cost alone would suggest: steps that are long enough
    for float16 go across kinks that are not at theta, and its stairs look like others.

    Parameters
    ----------
    seen
        What the cost did with the parameters there, None where that is not known.
    """
    blocks = [block for block in phase.blocks if _is_open(block)]
    if seen is None or HALF not in seen.kinds or not blocks:
        return phase
    names = [block.name for block in blocks]
    largest = min(1.0, max(block.floor for block in blocks))  # of any difference
    guessed = [
        f for f in phase.findings if f.code in GUESSED and set(names) >= set(f.where.split())
    ]
    said = Finding(
        "half-precision",
        " ".join(names),
        f"{enumerate_names(names)}: the cost is computed in float16, so only what is far off shows",
        f"its rounding makes a difference of up to {exponent(largest)} in right code",
        "Leave the cast to float16 away while you check: the parameters come in float64. A sign or "
        "a factor of 2 that is wrong is mostly told even so.",
    )
    kept = [finding for finding in phase.findings if finding not in guessed]
    return replace(phase, findings=(*kept, said))


def _is_open(block: Comparison) -> bool:
    """Whether it is neither right nor wrong, for want of digits."""
    known = block.count(Status.NOT_FINITE) == 0 and not block.is_zero
    return block.verdict is INCONCLUSIVE and known and bool(np.isfinite(block.floor))
