"""From comparisons to findings: each rule proves itself by what is left over, or says nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from ..comparison import FAIL, INCONCLUSIVE, PASS, Comparison, Status
from ..findings import Finding
from ..notation import apart, exponent
from ..phase import Phase, Settings
from ..schemes import default_epsilon

# numbers beyond the fitted one that a factor has to explain before it is called one
EVIDENCE = 4


def diagnose(phase: Phase, settings: Settings) -> tuple[Finding, ...]:
    """What can be said of a phase, the wrong arrays first."""
    findings = list(phase.findings)
    if phase.refused or any(not finding.where for finding in findings):
        return tuple(findings)
    wrong = [block for block in phase.blocks if block.verdict is FAIL]
    entry = enters_at(list(phase.blocks))
    findings += [entry] if entry else []
    findings += factors(wrong)
    explained = {name for f in findings for name in f.where.split()}
    for block in wrong:
        if block.name not in explained:
            findings.append(zero(block) or transposed(block) or some(block) or unexplained(block))
    told = epsilon(phase, settings)
    for block in phase.blocks:
        # what a bad epsilon explains is not said again for every array
        if block.verdict is INCONCLUSIVE and not (told and block.count(Status.NOISY)):
            findings.append(open_question(block))
        elif block.verdict is PASS and not told and block.difference > settings.threshold:
            findings.append(floor(block, settings))
    return (*merged(findings), *([told] if told else []))


def merged(findings: list[Finding]) -> list[Finding]:
    """Several arrays of which the same is said in the same words become one finding."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.evidence, finding.hint), []).append(finding)
    together = []
    for alike in groups.values():
        first = alike[0]
        names = " ".join(f.where for f in alike)
        title = first.title.replace(f"{first.where}:", f"{names}:", 1)
        together.append(replace(first, where=names, title=title))
    return together


def enters_at(blocks: list[Comparison]) -> Finding | None:
    """Layers, by the numbers in their names: right from the last down to one, wrong from there on.

    Said only where the whole of a layer is wrong and everything below it too; one array that is
    wrong alone has its mistake in its own line.
    """
    layers: dict[int, list[Comparison]] = {}
    for block in blocks:
        number = re.fullmatch(r"[A-Za-z_]+?_?(\d+)", block.name)
        if number is None:
            return None
        layers.setdefault(int(number[1]), []).append(block)
    wrong = [k for k, found in layers.items() if all(b.verdict is FAIL for b in found)]
    right = [k for k, found in layers.items() if all(b.verdict is PASS for b in found)]
    if not wrong or not right or len(wrong) + len(right) != len(layers):
        return None
    k = max(wrong)
    if k > min(right) or any(len(layers[j]) < 2 for j in wrong):
        return None
    good = " ".join(b.name for j in sorted(right) for b in layers[j])
    bad = " ".join(b.name for j in sorted(wrong) for b in layers[j])
    below = "" if len(wrong) == 1 else " and all below it"
    return Finding(
        "enters-at-layer",
        bad,
        f"{bad}: the error enters at layer {k}",
        f"{good} right, layer {k}{below} wrong",
        f"Look at the line that makes dZ{k}, or what it is called: the product with W{k + 1}, the "
        "derivative of the activation, and the cached arrays that both take.",
    )


def factors(blocks: list[Comparison]) -> list[Finding]:
    """Arrays whose gradient is the numeric one times a constant, grouped by the constant."""
    groups: dict[str, list[tuple[Comparison, float, float]]] = {}
    for block in blocks:
        fitted = fit_factor(block)
        if fitted is not None:
            groups.setdefault(factor_text(fitted[0]), []).append((block, *fitted))
    found = []
    for text, members in groups.items():
        names = " ".join(block.name for block, _, _ in members)
        residual = max(left for _, _, left in members)
        sign = text == "-1"
        title = (
            f"{names}: the sign is flipped"
            if sign
            else f"{names}: the gradient is {text} times what it should be"
        )
        counted = sum(block.analytic.size for block, _, _ in members)
        found.append(
            Finding(
                "sign" if sign else "constant-factor",
                names,
                title,
                f"analytic = {text} x numeric on all {counted} components, "
                f"residual {_bound(residual)}",
                "Look for a minus sign too many or too few."
                if sign
                else "Look for a constant too many or missing where "
                + ", ".join(f"d{block.name}" for block, _, _ in members)
                + " is computed: 2, 1/2, the batch size, the number of outputs.",
            )
        )
    return found


def factor_text(c: float) -> str:
    """A factor to four digits, as ``1/16`` where it is one."""
    if 0 < abs(c - 1) < 1e-3:
        return f"1 {'+' if c > 1 else '-'} {exponent(abs(c - 1), 1)}"
    inverse = 1 / c
    if abs(inverse) >= 2 and abs(inverse - round(inverse)) < 1e-4 * abs(inverse):
        return f"{'-' if c < 0 else ''}1/{abs(round(inverse))}"
    return f"{c:.4g}"


def fit_factor(block: Comparison) -> tuple[float, float] | None:
    """The c of g = c D and the relative residual, where enough numbers prove it."""
    g, a = block.analytic, block.numeric
    if np.count_nonzero(np.abs(a) > block.error) <= EVIDENCE or not np.any(g):
        return None
    c = float(g @ a / (a @ a))
    left = float(np.linalg.norm(g - c * a) / np.linalg.norm(g))
    # the numeric gradient is only this good itself
    allowed = 1e-6 + 3 * float(np.linalg.norm(block.error) / np.linalg.norm(a))
    return (c, left) if left <= allowed and allowed < 1e-2 else None


def zero(block: Comparison) -> Finding | None:
    """A gradient that is zero throughout although the cost moves."""
    if np.any(block.analytic):
        return None
    return Finding(
        "zero-gradient",
        block.name,
        f"{block.name}: the gradient is zero although the cost moves",
        f"analytic is 0 in all {block.analytic.size} components, "
        f"numeric up to {np.max(np.abs(block.numeric)):.3g}",
        f"Is d{block.name} computed, and put where it is returned? Is a path through the network "
        "left out?",
    )


def transposed(block: Comparison) -> Finding | None:
    """A square array whose gradient is the transposed one."""
    if len(block.shape) != 2 or block.shape[0] != block.shape[1] or block.shape[0] < 3:
        return None
    if block.analytic.size != block.block.size:
        return None
    g, a = block.analytic.reshape(block.shape), block.numeric.reshape(block.shape)
    left = float(np.linalg.norm(g - a.T) / np.linalg.norm(a))
    if left > 1e-6 + 3 * float(np.linalg.norm(block.error) / np.linalg.norm(a)):
        return None
    return Finding(
        "transposed",
        block.name,
        f"{block.name}: the gradient is transposed",
        f"analytic = numeric.T on all {block.analytic.size} components, residual {_bound(left)}",
        f"Swap the factors of the product that makes d{block.name}, or add .T.",
    )


def some(block: Comparison) -> Finding | None:
    """Only some components are wrong: say which row, column or corner."""
    bad = np.flatnonzero(block.status == Status.WRONG)
    if bad.size > block.judged // 2:
        return None
    where = ""
    if len(block.shape) == 2:
        rows, columns = np.unravel_index(block.components[bad], block.shape)
        if np.unique(rows).size == 1:
            where = f", all in row {rows[0]}"
        elif np.unique(columns).size == 1:
            where = f", all in column {columns[0]}"
    return Finding(
        "some-components",
        block.name,
        f"{block.name}: {bad.size} of {block.judged} components are wrong{where}",
        _worst(block),
        "What is special about these rows, columns or units: an index, a slice, a mask?",
    )


def unexplained(block: Comparison) -> Finding:
    """Wrong, and none of the rules fits or has numbers enough to prove itself."""
    few = np.count_nonzero(np.abs(block.numeric) > block.error) <= EVIDENCE
    return Finding(
        "wrong",
        block.name,
        f"{block.name}: the gradient is wrong" + ("" if few else ", by no constant factor"),
        _worst(block) + (" (too few numbers to tell a factor)" if few else ""),
        f"Compare the line that makes d{block.name} with the same line of a layer that is right.",
    )


def open_question(block: Comparison) -> Finding:
    """Why an array that is not called wrong is not called right."""
    name = block.name
    if block.is_zero:
        return Finding(
            "nothing-moves",
            name,
            f"{name}: nothing moves, so nothing was checked",
            "the gradient is zero, and so is the slope of the cost, within its error",
            "Right for dead units and for a bias before batch normalisation; otherwise start from "
            "other parameters or other data.",
        )
    if block.count(Status.NOT_FINITE):
        first = int(np.flatnonzero(block.status == Status.NOT_FINITE)[0])
        return Finding(
            "not-finite",
            name,
            f"{name}: {block.count(Status.NOT_FINITE)} of {block.analytic.size} components are "
            "not finite",
            f"{block.component(first)}: analytic {block.analytic[first]:.3g}, "
            f"numeric {block.numeric[first]:.3g}",
            "Look for log(0), a division by zero or an overflow in exp.",
        )
    if block.count(Status.KINK):
        first = int(np.flatnonzero(block.status == Status.KINK)[0])
        return Finding(
            "kink",
            name,
            f"{name}: no one slope here, as at a kink ({block.count(Status.KINK)} of "
            f"{block.analytic.size} components)",
            f"{block.component(first)}: the slopes from left and right differ, and by as much at a "
            "smaller step",
            "Check at another point (--seed 1), or with data that are not exactly zero.",
        )
    if (
        block.probe is not None
        and block.probe.status == Status.WRONG
        and not block.count(Status.UNCONFIRMED)
    ):
        return Finding(
            "off-along-directions",
            name,
            f"{name}: off along random directions, and no component was found that is",
            "many components that are off by less than shows in one of them, or rounding",
            f"Check it by itself: --layers {name}, with a larger --budget or fewer examples.",
        )
    if block.count(Status.UNCONFIRMED):
        return Finding(
            "unconfirmed",
            name,
            f"{name}: off at this point, right at two points nearby",
            _worst(block, Status.UNCONFIRMED),
            "Often a kink or a saturated unit; look at another point (--seed 1) before you "
            "believe it or dismiss it.",
        )
    return Finding(
        "noisy",
        name,
        f"{name}: the numeric gradient is too noisy to tell",
        "rounding in the cost, divided by epsilon, is as large as the gradient",
        "Use float64 throughout, leave --epsilon to gcmagic, or make the cost smaller (a mean, "
        "fewer examples).",
    )


def floor(block: Comparison, settings: Settings) -> Finding:
    """Right, as far as a noisy cost lets one see."""
    return Finding(
        "floor",
        block.name,
        f"{block.name}: right as far as this cost lets one see",
        f"rounding in the cost puts the difference above {exponent(settings.threshold)}",
        "Is something computed in float32, is a unit saturated, or a large constant added to the "
        "cost?",
    )


def epsilon(phase: Phase, settings: Settings) -> Finding | None:
    """An epsilon of the user's that does not suit this cost."""
    if settings.epsilon is None or settings.scheme.is_complex:
        return None
    good = default_epsilon(settings.scheme, phase.cost)
    checked = [b for b in phase.blocks if not b.is_zero and np.all(np.isfinite(b.error))]
    above = [b for b in checked if b.verdict is not FAIL and b.floor > settings.threshold]
    if not above:
        return None
    small = settings.epsilon < good
    return Finding(
        "epsilon",
        "",
        f"epsilon {exponent(settings.epsilon)} is too {'small' if small else 'large'} here",
        ("rounding in the cost, divided by epsilon," if small else "the curvature of the cost")
        + f" can make a difference above {exponent(settings.threshold)} where the gradient is "
        f"right: {' '.join(block.name for block in above)}",
        f"Leave --epsilon away, or take about {exponent(good)}.",
    )


def _worst(block: Comparison, status: Status = Status.WRONG) -> str:
    place = block.worst(1, status)[0]
    analytic, numeric = apart(block.analytic[place], block.numeric[place])
    return f"{block.component(place)}: analytic {analytic}, numeric {numeric}"


def _bound(residual: float) -> str:
    """A residual as the next power of ten above it, the same on every machine."""
    if residual < 1e-6:
        return "below 1e-6"
    return exponent(residual)
