"""The right numbers in the wrong places: transposed, reshaped, flipped, rolled, exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from ..comparison import Comparison
from ..findings import Finding
from .evidence import (
    COARSE,
    EVIDENCE,
    Evidence,
    below,
    equal,
    few,
    moving,
    residual,
    shaped,
    tolerance,
    whole,
)
from .layers import gradient_of, listed


def transposed(_: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """An array whose gradient is right but for an exchange of axes that have one length."""
    for block in wrong:
        if not whole(block) or len(block.shape) < 2 or moving(block) < EVIDENCE:
            continue
        g, a = shaped(block)
        for axes in permutations(range(g.ndim)):
            moved = a.transpose(axes)
            if axes == tuple(range(g.ndim)) or moved.shape != a.shape or g.ndim > 4:
                continue
            if equal(g, moved, block.error):
                how = ".T" if g.ndim == 2 else f".transpose{axes}"
                yield Finding(
                    "transposed",
                    block.name,
                    f"{block.name}: the gradient is transposed",
                    f"analytic = numeric{how} on all {g.size} components, "
                    f"residual {below(residual(g - moved, a))}",
                    f"Swap the factors of the product that makes {gradient_of(block.name)}, or "
                    f"add {how}.",
                )
                break


def order(_: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """The numbers of the numeric gradient in another order: reshaped, flipped, rolled."""
    for block in wrong:
        if not whole(block) or moving(block) < EVIDENCE + 1:
            continue
        g, a = shaped(block)
        for how, moved in _orders(a):
            if equal(g, moved, block.error):
                yield _in_order(block, how, f"analytic = numeric {how}", moved)
                break
        else:
            if _same_numbers(block):
                yield _in_order(block, "in another order", "the same numbers, sorted", None)


def swapped(evidence: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """An array that got the gradient of another one of its size."""
    taken: dict[str, str] = {}
    blocks = {block.name: block for block in evidence.phase.blocks}
    for block in wrong:
        for other in evidence.phase.blocks:
            alike = other is not block and other.shape == block.shape
            if alike and equal(block.analytic, other.numeric, block.error + other.error):
                taken.setdefault(block.name, other.name)
    done: set[str] = set()
    for name, source in taken.items():
        if name in done:
            continue
        both = taken.get(source) == name
        done |= {name, source} if both else {name}
        count = moving(blocks[source]) * (2 if both else 1)
        sure = count >= EVIDENCE
        size = blocks[name].analytic.size
        seems = "" if sure else "perhaps "
        yield Finding(
            "swapped",
            f"{name} {source}" if both else name,
            f"{name} {source}: the two gradients are {seems}exchanged"
            if both
            else f"{name}: the gradient is {seems}that of {source}",
            f"analytic {name} = numeric {source} on all {size} components"
            + (", and the other way round" if both else "")
            + ("" if sure else few(count)),
            f"Look where {listed([name, source])} are assigned, named and returned.",
        )


def _in_order(block: Comparison, how: str, shown: str, moved: np.ndarray | None) -> Finding:
    return Finding(
        "order",
        block.name,
        f"{block.name}: the right numbers in the wrong order"
        + ("" if moved is None else f", {how}"),
        f"{shown}, on all {block.analytic.size} components",
        f"Look for a reshape, a flip, an index or an order of axes where "
        f"{gradient_of(block.name)} is made.",
    )


def _orders(a: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The ways in which courses get the order wrong, each with its name."""
    if a.ndim > 1:
        yield "reshaped in the other order (.T)", a.T.ravel().reshape(a.shape)
        for axes in permutations(range(a.ndim)):
            if a.ndim <= 4 and axes not in (tuple(range(a.ndim)), tuple(range(a.ndim))[::-1]):
                yield f"reshaped after .transpose{axes}", a.transpose(axes).reshape(a.shape)
        # columns laid side by side that were meant one below the other
        yield "read by columns where it was written by rows", a.ravel().reshape(a.shape[::-1]).T
    for count in range(1, a.ndim + 1):
        for axes in combinations(range(a.ndim), count):
            if all(a.shape[k] > 1 for k in axes):
                which = " and ".join(map(str, axes))
                yield f"flipped along axis {which}", np.flip(a, axes)
    for axis in range(a.ndim):
        for shift in (1, -1):
            if a.shape[axis] > 2:
                yield f"rolled by {shift} along axis {axis}", np.roll(a, shift, axis)


def _same_numbers(block: Comparison) -> bool:
    """Whether both gradients are equal once sorted, with numbers distinct enough to prove it."""
    g, a = np.sort(block.analytic), np.sort(block.numeric)
    allowed = tolerance(block.error, a)
    if not allowed < COARSE or residual(g - a, a) > allowed:
        return False
    if residual(block.analytic - block.numeric, a) <= 10 * allowed:
        return False  # as good as equal in the order that they have
    # with gaps as narrow as the errors any numbers would do
    return float(np.median(np.diff(a))) > 10 * float(np.max(block.error))
