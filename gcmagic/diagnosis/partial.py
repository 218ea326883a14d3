"""Wrong in a part of the array only: rows, columns, units; or cut off at an extreme value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..comparison import Comparison, Status
from ..findings import Finding
from .evidence import EVIDENCE, Evidence, whole
from .layers import gradient_of
from .worst import worst


def clipped(_: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """All that is wrong has the one extreme value, and should be further out."""
    for block in wrong:
        g, a = block.analytic, block.numeric
        limit = float(np.max(np.abs(g)))
        at_limit = np.abs(g) == limit
        off = block.status == Status.WRONG
        if limit == 0.0 or np.count_nonzero(at_limit) < 2 or g.size - 1 < EVIDENCE:
            continue
        further = np.abs(a) > limit * (1 - 1e-6)
        inside = int(np.count_nonzero(~at_limit))
        if (
            not np.any(off & ~at_limit)
            and np.all(further[at_limit])
            and inside
            and (np.all(np.sign(a[at_limit]) == np.sign(g[at_limit])))
        ):
            yield Finding(
                "clipped",
                block.name,
                f"{block.name}: the gradient is clipped at {limit:.4g}",
                f"{np.count_nonzero(at_limit)} components are exactly {limit:.4g} or its "
                f"negative where numeric is larger; the other {inside} are right",
                "Clip after the check, in the update, and not inside backward.",
            )


def some(_: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """Only some components are wrong: say which rows, columns or units."""
    for block in wrong:
        bad = np.flatnonzero(block.status == Status.WRONG)
        right = int(np.count_nonzero((block.status == Status.AGREES) & block.moves))
        right += block.judged - block.components.size  # what the directions say of the rest
        zeros = not np.any(block.analytic[bad])
        if not right and not zeros:
            continue  # all that move are wrong: where the gradient is zero, nothing can be
        most = bad.size > block.judged // 2
        if most and right + zeros * bad.size < EVIDENCE:
            continue
        where = _place(block, bad)
        if most and not where:
            continue
        yield Finding(
            "some-components",
            block.name,
            f"{block.name}: {bad.size} of {block.judged} components are wrong{where}"
            + (": zero there" if zeros else ""),
            worst(block),
            "What is special about these rows, columns or units: an index that occurs twice, a "
            "slice, a mask, = in place of +=?"
            + (f" Is {gradient_of(block.name)} left zero there?" if zeros else ""),
        )


def _place(block: Comparison, bad: np.ndarray) -> str:
    """``, all in row 3`` where one axis tells right from wrong; or nothing."""
    if not whole(block):
        return ""
    shape = block.shape
    indices = np.unravel_index(bad, shape) if len(shape) else ()
    found = ""
    fewest = 1.0
    for axis, index in enumerate(indices):
        here = np.unique(index)
        share = here.size / shape[axis]
        if here.size < shape[axis] and share < fewest and len([n for n in shape if n > 1]) > 1:
            fewest = share
            found = f", all in {_axis(axis, len(shape), here.size)} {_runs(here)}"
    return found


def _axis(axis: int, axes: int, count: int) -> str:
    name = ("row", "column")[axis] if axes == 2 else f"index of axis {axis}:"
    return name + "s" * (count > 1 and axes == 2)


def _runs(numbers: np.ndarray) -> str:
    """``0, 3 to 5``."""
    parts = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return ", ".join(
        f"{p[0]} to {p[-1]}" if p.size > 2 else ", ".join(map(str, p.tolist())) for p in parts
    )
