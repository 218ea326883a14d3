"""What is left when no rule fits."""

from __future__ import annotations

from collections.abc import Iterator

from ..comparison import Comparison
from ..findings import Finding
from .evidence import EVIDENCE, Evidence, moving
from .layers import gradient_of
from .worst import worst

FEW = "too few numbers to tell a factor"


def unexplained(evidence: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """Wrong, and none of the rules fits or has numbers enough to prove itself."""
    count = len(evidence.phase.blocks)
    others = count > 1 and len(evidence.right) == count - 1
    beside = "the same line of a layer that is right" if count > 1 else "its derivation on paper"
    for block in wrong:
        few = moving(block) <= EVIDENCE
        name = gradient_of(block.name)
        yield Finding(
            "wrong",
            block.name,
            f"{block.name}: the gradient is wrong" + ("" if few else ", by no constant factor"),
            worst(block) + (f" ({FEW})" if few else ""),
            f"Everything else is right, so look at what only {name} is made from: its own line."
            if others
            else f"Compare the line that makes {name} with {beside}.",
        )
