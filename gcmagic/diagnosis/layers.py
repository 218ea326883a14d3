"""Where the error enters: what is still right, what is wrong from there on down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..comparison import Comparison
from ..findings import Finding
from .evidence import Evidence
from .source import between, delta_of

# a longer way than this says no more than that something above is wrong
PATH = 3


def layer_of(name: str) -> int | None:
    """The number of an array's layer: 2 for ``W2``, ``layers[2].W``, ``biases[2]``."""
    numbers = re.findall(r"\d+", name)
    return int(numbers[0]) if len(numbers) == 1 else None


def enters_at(evidence: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """Layers, by the numbers in their names: right from the last down to one, wrong below.

    Said only where the whole of a layer is wrong and everything below it too; one array that is
    wrong alone has its mistake in its own line.
    """
    if not wrong or len(evidence.wrong) + len(evidence.right) != len(evidence.phase.blocks):
        return
    layers: dict[int, list[str]] = {}
    for block in evidence.phase.blocks:
        layer = layer_of(block.name)
        if layer is None:
            return
        layers.setdefault(layer, []).append(block.name)
    bad = {block.name for block in evidence.wrong}
    lower = [k for k, names in layers.items() if bad.issuperset(names)]
    upper = [k for k, names in layers.items() if bad.isdisjoint(names)]
    if not lower or not upper or len(lower) + len(upper) != len(layers):
        return
    k = max(lower)
    if k > min(upper) or any(len(layers[j]) < 2 for j in lower):
        return
    if not any(block.name in layers[k] for block in wrong):  # that layer is explained already
        return
    good = [name for j in sorted(upper) for name in layers[j]]
    first = list(layers[k])
    below = [name for j in sorted(lower) if j != k for name in layers[j]]
    names = [name for j in sorted(lower) for name in layers[j]]
    delta = delta_of(evidence.problem, first)
    if not delta and all(name.isidentifier() for name in first):
        delta = f"dZ{k}"
    nearest = layers[min(upper)]
    subject = listed(first) + (" and all below" if below else "")
    yield Finding(
        "enters-at-layer",
        " ".join(names),
        f"{listed(nearest)} are right, {subject} are wrong: the error enters at layer {k}"
        + (f", look at {delta}" if delta else ""),
        f"{' '.join(good)} right; {' '.join(names)} wrong",
        f"Look at the line that makes {delta or 'the error of that layer'}: the product with the "
        "weights above, the derivative of the activation, and the cached arrays that both take.",
    )


def everywhere(evidence: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """No array right and none explained: the mistake is at the top, or in the cost."""
    if len(wrong) < 2 or len(wrong) < len(evidence.phase.blocks):
        return
    names = [block.name for block in wrong]
    delta = delta_of(evidence.problem, names)
    yield Finding(
        "every-array",
        " ".join(names),
        f"every gradient is wrong: look at {delta or 'the error of the output'} first",
        f"{' '.join(names)} wrong, none right",
        "Begin where backward begins: the derivative of the cost itself, and whether cost and "
        "backward mean the same cost (mean or sum, the same data, the same regulariser).",
    )


def shared(evidence: Evidence, wrong: tuple[Comparison, ...]) -> Iterator[Finding]:
    """Several arrays wrong and others right, in no order of layers: what the wrong ones share."""
    if len(wrong) < 2:
        return
    names = [block.name for block in wrong]
    if not evidence.right:
        return
    good = [block.name for block in evidence.right]
    every = [block.name for block in evidence.wrong]
    path = between(evidence.problem, every, good)
    delta = delta_of(evidence.problem, names, good)
    one_of_them = {f"d{name}" for name in every}.intersection(path)
    if (not delta or one_of_them) and len(path) <= PATH:
        delta = ", then ".join(path)
    yield Finding(
        "shared-error",
        " ".join(names),
        f"{listed(good)} {'are' if len(good) > 1 else 'is'} right, {listed(names)} are wrong: "
        f"look at {delta or 'what they are all made from'}",
        f"{' '.join(good)} right; {' '.join(names)} wrong",
        "One mistake in what these gradients share makes all of them wrong; the lines of "
        f"{listed(names)} themselves come second.",
    )


def listed(names: Sequence[str]) -> str:
    """Gradients in a sentence, ``dW2, db2``, ``layers[0].dW``."""
    return ", ".join(gradient_of(name) for name in names)


def gradient_of(name: str) -> str:
    """What the gradient of an array is called."""
    owner, dot, short = name.rpartition(".")
    return f"{owner}{dot}d{short}"
