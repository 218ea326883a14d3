"""Arrays that are off along their own gradient, while no component shows it by itself."""

from __future__ import annotations

from collections.abc import Iterator

from ..comparison import FAIL, Comparison, Status
from ..findings import Finding
from ..notation import exponent
from .evidence import Evidence


def along_gradient(_: Evidence, blocks: tuple[Comparison, ...]) -> Iterator[Finding]:
    """One finding an array."""
    for block in blocks:
        if block.verdict is not FAIL or block.count(Status.WRONG) or block.joint is None:
            continue
        part = abs(block.joint.analytic - block.joint.numeric) / abs(block.joint.analytic)
        yield Finding(
            "along-gradient",
            block.name,
            f"{block.name}: wrong along its own gradient, by less than shows in one component",
            f"the cost's slope along it is off by {exponent(part)} of what the gradient says, more "
            "than three times its error",
            "A factor close to 1, or a small term too many or missing. The cost is large beside "
            "its slopes: without what is added to it the components show which are off.",
        )
