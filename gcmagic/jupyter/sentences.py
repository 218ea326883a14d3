"""What the panel's line of text says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..comparison import FAIL, Comparison, Status, difference
from ..curves import Curve
from ..notation import exponent
from ..report import Report
from ..report_text import enumerate_names


def changed(before: Report, after: Report) -> str:
    """What became of a verdict: ``was FAIL on W2, now PASS``."""
    was, now = _told(before), _told(after)
    return f"still {now}" if was == now else f"was {was}, now {now}"


def _told(report: Report) -> str:
    if report.verdict is FAIL:
        return f"FAIL on {enumerate_names(report.wrong)}"
    return report.verdict.name


def valley(curves: Sequence[Curve]) -> str:
    """The best epsilon of the array that gets least precise, and what right code shows there."""
    if not curves:
        return ""
    epsilon, floor = max((one.floor for one in curves), key=lambda found: found[1])
    few = sum(one.looked for one in curves)
    some = f" ({few:,} components)" if few < sum(one.size for one in curves) else ""
    return f"; best epsilon {exponent(epsilon)}, floor {exponent(floor)}{some}"


def sentence(blocks: Sequence[Comparison]) -> str:
    """What a picture of `blocks` shows, in words and exact figures."""
    total = sum(block.analytic.size for block in blocks)
    counts = {status: sum(block.count(status) for block in blocks) for status in Status}
    words = {
        Status.WRONG: "off",
        Status.KINK: "at a kink",
        Status.NOISY: "too noisy to tell",
        Status.NOT_FINITE: "not finite",
        Status.UNCONFIRMED: "off here but right nearby",
    }
    parts = [f"{counts[s]:,} of {total:,} components {w}" for s, w in words.items() if counts[s]]
    if counts[Status.AGREES] == total:
        parts = [f"all {total:,} components agree" if total > 1 else "the one component agrees"]
    wrong = [block for block in blocks if block.count(Status.WRONG)]
    if not wrong and np.isfinite(overall(blocks)):
        parts.append(f"difference {exponent(overall(blocks), 1)}")
    if wrong:
        worst = [(block, block.worst(1)[0]) for block in wrong]
        far, place = max(worst, key=lambda pair: _off(*pair))
        parts.append(
            f"worst {far.component(place)}: analytic {far.analytic[place]:.3g}, "
            f"numeric {far.numeric[place]:.3g}"
        )
    return ", ".join(parts)


def overall(blocks: Sequence[Comparison]) -> float:
    """Formula (2) over all of `blocks`."""
    return difference(
        np.concatenate([block.analytic for block in blocks]),
        np.concatenate([block.numeric for block in blocks]),
    )


def _off(block: Comparison, place: int) -> float:
    return abs(float(block.analytic[place] - block.numeric[place]))
