"""The term of the regulariser: missing, of another size, of another sign, on a bias."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..comparison import Comparison, Status
from ..findings import Finding
from .evidence import EVIDENCE, Evidence, below, residual, tolerance
from .layers import gradient_of, listed

# what is off is a small part of the gradient, so it is known less well than the gradient is
CLOSE = 1e-4
COARSE = 0.05
PARALLEL = 1e-2
# what settings of the regulariser are called
_LAMBDA = re.compile(
    r"(^|[._])(lam|lambd|lambda_?|reg|regularization|l2|weight_decay|decay|wd|alpha)"
)


@dataclass(frozen=True, slots=True, eq=False)
class Decay:
    """analytic - numeric = c theta, in all components or in those that are wrong."""

    block: Comparison
    c: float
    left: float
    numbers: int
    partly: bool


def regulariser(evidence: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """A multiple of the parameters themselves is missing from the gradient, or too much."""
    found = [fit for block in wrong if (fit := decay(evidence, block)) is not None]
    for group in _alike(found):
        if sum(fit.numbers for fit in group) - 1 < EVIDENCE:
            continue
        biases = [fit for fit in group if is_bias(fit.block) and fit.c > 0]
        rest = [fit for fit in group if fit not in biases]
        if biases:
            yield _on_bias(evidence, biases)
        if rest:
            yield _on_weights(evidence, rest)


def decay(evidence: Evidence, block: Comparison) -> Decay | None:
    """The c of g - a = c theta, where what it leaves is no more than the errors explain."""
    theta, off = evidence.theta(block), block.analytic - block.numeric
    slope = float(block.numeric @ theta / (theta @ theta)) if np.any(theta) else 0.0
    if residual(block.numeric - slope * theta, block.numeric) < PARALLEL:
        return None  # then it may as well be a factor on the gradient, and that is the simpler
    for partly, here in ((False, np.full(off.size, True)), (True, block.status == Status.WRONG)):
        values, differences = theta[here], off[here]
        count = int(np.count_nonzero(values))
        if not count or (partly and count - 1 < EVIDENCE):
            continue
        if count > 1 and np.all(values == values[0]):  # theta is a constant: so is any bug there
            continue
        c = float(differences @ values / (values @ values))
        left = residual(differences - c * values, differences)
        allowed = tolerance(block.error[here], differences)
        if c and left <= allowed and allowed < COARSE:
            return Decay(block, c, left, count, partly)
    return None


def is_bias(block: Comparison) -> bool:
    """A bias by its name, with a shape that is a vector's."""
    name = block.name.rpartition(".")[2].lower()
    vector = sum(n > 1 for n in block.shape) <= 1
    return vector and name.startswith(("b", "intercept", "shift"))


def _alike(found: list[Decay]) -> list[list[Decay]]:
    groups: list[list[Decay]] = []
    for fit in sorted(found, key=lambda fit: -fit.numbers):
        group = next((g for g in groups if abs(g[0].c - fit.c) <= CLOSE * abs(fit.c)), None)
        if group is None:
            groups.append([fit])
        else:
            group.append(fit)
    order = [fit.block.name for fit in found]
    return [sorted(group, key=lambda fit: order.index(fit.block.name)) for group in groups]


def _number(c: float, evidence: Evidence) -> str:
    """The coefficient, with a name where it is a setting's."""
    for value, text in _lambdas(evidence):
        for share, form in ((1, text), (2, f"2 x {text}"), (0.5, f"{text} / 2")):
            if abs(abs(c) - share * value) <= CLOSE * abs(c):
                return f"{abs(c):.4g} ({form})"
    return f"{abs(c):.4g}"


def _lambdas(evidence: Evidence) -> Iterator[tuple[float, str]]:
    """What the coefficient in the cost may be: ``reg``, ``lam / m``."""
    settings = [k for k in evidence.constants if not k.is_size and _LAMBDA.search(k.name.lower())]
    sizes = [k for k in evidence.constants if k.is_size]
    yield from ((k.value, k.name) for k in settings)
    yield from ((k.value / n.value, f"{k.name} / {n.name}") for k in settings for n in sizes)


def _on_bias(evidence: Evidence, group: list[Decay]) -> Finding:
    names = [fit.block.name for fit in group]
    size = _number(group[0].c, evidence)
    joined = " ".join(names)
    return Finding(
        "regularised-bias",
        joined,
        f"{joined}: the bias is regularised in the gradient but not in the cost, by {size} x "
        f"{names[0] if len(names) == 1 else 'bias'}",
        f"analytic - numeric = {size} x theta, residual {below(max(f.left for f in group))}",
        f"Leave the regulariser out of {listed(names)}, or add the bias to the cost's.",
    )


def _on_weights(evidence: Evidence, group: list[Decay]) -> Finding:
    names = [fit.block.name for fit in group]
    joined, c = " ".join(names), group[0].c
    size = _number(c, evidence)
    term = f"{size} x {names[0] if len(names) == 1 else 'weights'}"
    title = (
        f"{joined}: the gradient has {term} too much"
        if c > 0
        else (f"{joined}: the gradient lacks {term}, as of a regulariser")
    )
    if c > 0:
        title += ", as of a regulariser"
    return Finding(
        "regulariser",
        joined,
        title,
        f"analytic - numeric = {'' if c > 0 else '-'}{size} x theta"
        + (" where it is wrong, " if any(f.partly for f in group) else ", ")
        + "residual "
        f"{below(max(f.left for f in group))}",
        f"Compare the regulariser in the cost with its term in {gradient_of(names[0])}: lambda, "
        "1/2, 1/m and the sign." + _present(c, evidence),
    )


def _present(c: float, evidence: Evidence) -> str:
    """How much of the term is in the user's gradient, where the cost's lambda can be guessed."""
    for value, text in _lambdas(evidence):
        there = (value + c) / value
        shares = [(-1.0, "with the wrong sign"), (0.5, "half of it"), (2.0, "twice")]
        for k in evidence.constants:
            if k.is_size and k.value > 2:
                shares += [(1 / k.value, f"divided by {k.name}"), (k.value, f"times {k.name}")]
        for share, words in shares:
            if abs(there - share) <= 10 * CLOSE * abs(c / value):
                return f" If the cost's lambda is {text}, the gradient has it {words}."
    return ""
