"""A constant too many or too few: one factor on one array, on several, or again in every layer."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..comparison import Comparison
from ..findings import Finding
from ..notation import exponent
from .constants import called
from .evidence import COARSE, EVIDENCE, Evidence, below, few, moving, residual, tolerance
from .layers import layer_of, listed

# the constants of two arrays are one where they agree as well as this
SAME = 1e-5
# the same where the constant was fitted together with another one
DECAY = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """g = c a, with what is left of it and how many numbers speak for it.

    With a `decay` that is not 0, g = c (a - decay theta) + decay theta: the factor is on all but
    the term of the regulariser.
    """

    block: Comparison
    c: float
    left: float
    numbers: int
    decay: float = 0.0


def factors(evidence: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """Arrays whose gradient is the numeric one times a constant, grouped by the constant."""
    fits = [fit for b in wrong if (fit := fitted(b) or beside_decay(evidence, b)) is not None]
    groups: list[list[Fit]] = []
    # the surest give the groups, and those with a second constant only come to them
    for fit in sorted(fits, key=lambda fit: (fit.decay != 0, -fit.numbers)):
        close = SAME if fit.decay == 0 else DECAY
        group = next((g for g in groups if abs(fit.c - g[0].c) <= close * abs(g[0].c)), None)
        if group is None:
            groups.append([fit])
        else:
            group.append(fit)
    order = {block.name: k for k, block in enumerate(wrong)}
    groups = [sorted(group, key=lambda fit: order[fit.block.name]) for group in groups]
    groups.sort(key=lambda group: order[group[0].block.name])
    chain = repeated(groups)
    if chain is not None:
        yield again(evidence, chain)
        groups = [g for g in groups if not any(g is member for member in chain)]
    for group in groups:
        finding = told(evidence, group)
        if finding is not None:
            yield finding


def fitted(block: Comparison) -> Fit | None:
    """The c of g = c a, where what it leaves is no more than the errors explain."""
    g, a = block.analytic, block.numeric
    if not np.any(g) or not np.any(np.abs(a) > block.error):
        return None
    c = float(g @ a / (a @ a))
    left = residual(g - c * a, g)
    allowed = tolerance(block.error, a)  # the numeric gradient is only this good itself
    if not (left <= allowed and allowed < COARSE):
        return None
    return Fit(block, c, left, moving(block))


def beside_decay(evidence: Evidence, block: Comparison) -> Fit | None:
    """The c and the lambda of g = c (a - lambda theta) + lambda theta."""
    theta, a = evidence.theta(block), block.numeric
    off = block.analytic - a
    if a.size - 2 < EVIDENCE or not np.any(off):
        return None
    terms = np.stack([a, theta], axis=1)
    scale = np.linalg.norm(terms, axis=0)
    if not np.all(scale > 0) or np.linalg.cond(terms / scale) > 1e3:
        return None
    fit = np.linalg.lstsq(terms / scale, off, rcond=None)[0] / scale
    left, allowed = residual(off - terms @ fit, off), tolerance(block.error, off)
    c, decay = 1 + float(fit[0]), float(fit[1])
    # any two vectors explain a third now and then: the factor has to be one that people make
    known = factor_text(c) in ("2", "1/2", "-1") or bool(called(c, evidence.constants, DECAY))
    proved = known and left <= allowed and allowed < COARSE and abs(decay) > 1e-9
    return Fit(block, c, left, moving(block) - 1, decay / (1 - c)) if proved else None


def told(evidence: Evidence, group: list[Fit]) -> Finding | None:
    """One constant, in words; only a suspicion where too few numbers speak for it."""
    numbers = sum(fit.numbers for fit in group)
    proved = numbers - 1 >= EVIDENCE
    surest = min(group, key=lambda fit: (fit.decay != 0, -fit.numbers))
    c = surest.c
    name = called(c, evidence.constants, SAME)
    # fitted beside a regulariser it is known less well: 1/2 all the same, not 0.5
    text = factor_text(c, 1e-4 if surest.decay == 0 else 5 * DECAY)
    common = text in ("2", "1/2", "-1")
    if not proved and not (numbers >= 2 or name or common):
        return None
    names = [fit.block.name for fit in group]
    joined = " ".join(names)
    count = sum(fit.block.analytic.size for fit in group)
    decay = any(fit.decay for fit in group)
    shown = f"analytic = {text} x numeric on all {count} components, "
    shown += "but for the term of the regulariser, which is right, " if decay else ""
    shown += f"residual {below(max(fit.left for fit in group))}"
    shown += "" if proved else few(numbers)
    seems = "" if proved else "perhaps "
    if text == "-1" and not decay:
        return Finding(
            "sign",
            joined,
            f"{joined}: {seems}the sign is flipped",
            shown,
            "Look for a minus sign too many or too few.",
        )
    return Finding(
        "constant-factor",
        joined,
        f"{joined}: {'without the regulariser, ' if decay else ''}the gradient is {seems}{text} "
        "times what it should be"
        + (f" ({text} = {name})" if name and name != text and not common else ""),
        shown,
        hint(text, name, listed(names)),
    )


def hint(text: str, name: str, gradients: str) -> str:
    """What to look for, given what the constant is."""
    if text in ("2", "1/2"):
        what = "a 2 or 1/2 too many or missing, or a term added twice,"
        size = name.removeprefix("1 / ")
        also = f" 2 is also {size}." if size and " " not in size else ""
        return f"Look for {what} where {gradients} is computed.{also}"
    name = name.replace(" or 1 / ", " or ")
    plain = " " not in name.replace(" or ", "")
    if name and plain and not name.startswith("-"):
        return f"Is a division by {name} missing, or a factor too many, where {gradients} is made?"
    if name.startswith("1 / ") and "(" not in name.removeprefix("1 / sqrt("):
        return f"Is it divided by {name.removeprefix('1 / ')} once too often in {gradients}?"
    return (
        f"Look for a constant too many or missing where {gradients} is computed: 2, 1/2, the batch "
        "size, the number of outputs."
    )


def repeated(groups: list[list[Fit]]) -> list[list[Fit]] | None:
    """Groups whose constants are c, c**2, c**3 from one layer to the next below it."""
    by_layer: dict[int, list[Fit]] = {}
    for group in groups:
        layers = {layer_of(fit.block.name) for fit in group}
        if len(layers) != 1 or None in layers:
            return None
        (layer,) = layers
        if layer is None or layer in by_layer:
            return None
        by_layer[layer] = group
    kinds = {frozenset(re.sub(r"\d", "", f.block.name) for f in g) for g in by_layer.values()}
    if len(kinds) != 1:  # what is handed down spoils the same arrays in every layer
        return None
    order = sorted(by_layer, reverse=True)
    if len(order) < 2 or any(a - b != order[0] - order[1] for a, b in itertools.pairwise(order)):
        return None
    c = by_layer[order[0]][0].c
    powers = [by_layer[k][0].c for k in order]
    if any(abs(p - c ** (k + 1)) > SAME * (k + 1) * abs(p) for k, p in enumerate(powers)):
        return None
    if abs(c + 1) < SAME:
        return None
    return [by_layer[k] for k in order]


def again(evidence: Evidence, chain: list[list[Fit]]) -> Finding:
    """A factor that the error takes on anew in every layer on its way down."""
    c = chain[0][0].c
    text, name = factor_text(c), called(c, evidence.constants, SAME)
    top = " ".join(fit.block.name for fit in chain[0])
    rest = " ".join(fit.block.name for group in chain[1:] for fit in group)
    left = max(fit.left for group in chain for fit in group)
    return Finding(
        "constant-factor",
        f"{top} {rest}",
        f"{top} {rest}: a factor {text}"
        + (f" ({text} = {name})" if name and name != text else "")
        + " comes in again in every layer on the way down",
        f"analytic = {text} x numeric on {top}, and {text} more in each layer below, "
        f"residual {below(left)}",
        "Look at what one layer hands to the layer below it, not at the weights' own gradients.",
    )


def factor_text(c: float, close: float = 1e-4) -> str:
    """A factor to four digits, as ``1/16`` where it is one, up to a relative `close`."""
    if abs(c + 1) < SAME:
        return "-1"
    if 0 < abs(c - 1) < 1e-3:
        return f"1 {'+' if c > 1 else '-'} {exponent(abs(c - 1), 1)}"
    inverse = 1 / c if c else 0.0
    if abs(inverse) >= 1.9 and abs(inverse - round(inverse)) < close * abs(inverse):
        return f"{'-' if c < 0 else ''}1/{abs(round(inverse))}"
    return f"{c:.4g}"
