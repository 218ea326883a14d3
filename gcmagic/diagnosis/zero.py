"""A gradient that was never made, or never arrived; and one of what the cost does not depend on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..comparison import Comparison
from ..findings import Finding
from .layers import gradient_of


def zero(_: object, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """A gradient that is zero throughout although the cost moves."""
    for block in wrong:
        if not np.any(block.analytic):
            yield Finding(
                "zero-gradient",
                block.name,
                f"{block.name}: the gradient is zero although the cost moves",
                f"analytic is 0 in all {block.analytic.size} components, "
                f"numeric up to {np.max(np.abs(block.numeric)):.3g}",
                f"Is {gradient_of(block.name)} computed, and put where it is returned? Is a path "
                "through the network left out?",
            )


def still(_: object, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """A gradient of an array that the cost does not move with, by a cast to integers for one."""
    for block in wrong:
        if not np.any(block.numeric):
            yield Finding(
                "cost-does-not-move",
                block.name,
                f"{block.name}: the cost does not change with it, although the gradient says so",
                f"numeric is 0 in all {block.numeric.size} components, "
                f"analytic up to {np.max(np.abs(block.analytic)):.3g}",
                f"Does forward read {block.name}? Is it rounded or cast on its way, compared, or "
                "overwritten?",
            )
