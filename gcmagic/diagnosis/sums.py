"""Sums over the wrong axes: one number everywhere, or one row or column repeated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..comparison import Comparison
from ..findings import Finding
from .constants import called
from .evidence import COARSE, EVIDENCE, Evidence, moving, residual, shaped, tolerance, whole
from .layers import listed


def shape(evidence: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """A gradient of another shape than its parameter, which an update spreads over it."""
    shapes = evidence.problem.spread if evidence.problem is not None else {}
    for block in wrong:
        if block.name not in shapes:
            continue
        name, given = block.name, shapes[block.name]
        told = f"{name} -= rate * d{name} spreads it over all of {name} without a word"
        if int(np.prod(given)) == 1 and whole(block):
            shown = _as_sum(evidence, block.analytic, block.numeric, block.error)
            if shown.startswith("analytic is the sum"):
                told = f"it is {shown.removeprefix('analytic is ').removesuffix(AGAIN)}; {told}"
        yield Finding(
            "shape",
            name,
            f"{name}: the gradient has shape {given}, {name} has {block.shape}",
            told,
            f"Sum over the examples only: the axis (axis=0 or axis=1), and keepdims, that leave "
            f"{block.shape}.",
        )


AGAIN = " in each of them"


def scalar(evidence: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """The same number in all components: everything was summed, and the number broadcast."""
    found: dict[str, list[Comparison]] = {}
    for block in wrong:
        g, a = block.analytic, block.numeric
        same = g.size > 1 and float(np.ptp(g)) <= 1e-12 * float(np.max(np.abs(g)))
        if same and float(np.ptp(a)) > 10 * float(np.max(block.error)):
            found.setdefault(_as_sum(evidence, g, a, block.error), []).append(block)
    for shown, blocks in found.items():
        names = [block.name for block in blocks]
        yield Finding(
            "scalar-broadcast",
            " ".join(names),
            f"{' '.join(names)}: the gradient is the same number in all components: a sum over "
            "all axes where one was meant",
            shown,
            f"Sum {listed(names)} over the examples only: axis=0 or axis=1, whichever leaves the "
            f"shape of {names[0]}.",
        )


def _as_sum(evidence: Evidence, g: np.ndarray, a: np.ndarray, errors: np.ndarray) -> str:
    total = float(np.sum(a))
    error = float(np.sum(errors)) + 1e-9 * float(np.sum(np.abs(a)))
    if abs(g[0] - total) <= 3 * error:
        return "analytic is the sum of all numeric components in each of them"
    name = called(g[0] / total, evidence.constants, 1e-5) if total else ""
    if name:
        return f"analytic is the sum of all numeric components, times {name}, in each of them"
    return "analytic is one number in all components, numeric is not"


def wrong_axis(_: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """Constant along one axis, and there the sum or the mean of the numeric gradient."""
    for block in wrong:
        if len(block.shape) < 2 or not whole(block) or moving(block) <= EVIDENCE:
            continue
        g, a = shaped(block)
        allowed = tolerance(block.error, a)
        for axis in range(g.ndim):
            if g.shape[axis] < 2 or g.size // g.shape[axis] < 2:
                continue
            for what, kept in (
                ("sum", a.sum(axis, keepdims=True)),
                ("mean", a.mean(axis, keepdims=True)),
            ):
                if allowed < COARSE and residual(g - kept, g) <= allowed * g.shape[axis]:
                    yield Finding(
                        "wrong-axis",
                        block.name,
                        f"{block.name}: summed over axis {axis}, and the result repeated along it",
                        f"analytic is the {what} of numeric along axis {axis} on all {g.size} "
                        "components",
                        "Look at the axis of the sum or the mean, and at what broadcasts.",
                    )
                    break
