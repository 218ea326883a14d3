"""Colours, shapes, words and type: the same in every picture, and none left to rcParams.

What is right is blue and round, what is wrong is vermilion and a cross: Okabe and Ito's colours,
which people with any colour vision tell apart, and never colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..comparison import FAIL, INCONCLUSIVE, PASS, Comparison, Status, Verdict
from ..notation import CHECKMARK

FONT = "DejaVu Sans"  # comes with matplotlib, so that it is there on every machine
SMALL, BODY, LARGE = 9.0, 10.5, 12.0  # points
DPI = 100
RIGHT, WRONG = "#0072B2", "#D55E00"


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a ground and of what is written on it."""

    ink: str
    quiet: str
    grid: str
    card: str
    edge: str
    right_text: str
    wrong_text: str
    band: str  # behind every second array
    pale: str  # the least of a heat map
    unknown: str

    def text(self, verdict: Verdict) -> str:
        """The colour that `verdict` is written in; contrast at least 4.5 on the card."""
        return {PASS: self.right_text, FAIL: self.wrong_text}.get(verdict, self.quiet)

    def mark(self, verdict: Verdict) -> str:
        """The colour that stands for `verdict` in a mark or a line."""
        return {PASS: RIGHT, FAIL: WRONG}.get(verdict, self.unknown)

    def colour(self, status: Status) -> str:
        """The colour of a component."""
        return {
            Status.AGREES: RIGHT,
            Status.WRONG: WRONG,
            Status.KINK: "#E69F00",
            Status.UNCONFIRMED: "#CC79A7",
        }.get(status, self.unknown)


# the ground of a notebook's picture: on a white page and on a dark one it looks meant
LIGHT = Theme(
    ink="#1B1B1B",
    quiet="#5E5E5E",
    grid="#DCDAD5",
    card="#FBFAF7",
    edge="#D8D5CE",
    right_text="#00598A",
    wrong_text="#B34A00",
    band="#8A8577",
    pale="#E4EDF2",
    unknown="#6B6B6B",
)
DARK = Theme(
    ink="#EFEDE8",
    quiet="#B4B1AA",
    grid="#3B3D40",
    card="#1D1F21",
    edge="#3B3D40",
    right_text="#5DB7EA",
    wrong_text="#F58A42",
    band="#A09B8E",
    pale="#26333B",
    unknown="#9A9A9A",
)
PAPER = Theme(
    ink="#000000",
    quiet="#404040",
    grid="#DDDDDD",
    card="#FFFFFF",
    edge="#FFFFFF",
    right_text="#00598A",
    wrong_text="#B34A00",
    band="#8A8A8A",
    pale="#E6EEF3",
    unknown="#6B6B6B",
)

# marker, its scale, its words
MARKERS = {
    Status.AGREES: ("o", 1.0, "agrees"),
    Status.WRONG: ("X", 1.6, "wrong"),
    Status.KINK: ("^", 1.35, "kink"),
    Status.NOISY: ("D", 1.1, "too noisy to tell"),
    Status.NOT_FINITE: ("s", 1.25, "not finite"),
    Status.UNCONFIRMED: ("v", 1.35, "off here only"),
}


def style(size: float = SMALL, **more: Any) -> dict[str, Any]:
    """Keywords for any text: nothing of it is left to rcParams, no dollar sign is mathematics."""
    return {"fontfamily": FONT, "fontsize": size, "parse_math": False, **more}


def marked(block: Comparison) -> str:
    """Name and verdict, ``✗ W1``."""
    return f"{CHECKMARK[block.verdict.name]} {block.name}"


def overall(verdicts: list[Verdict]) -> Verdict:
    """FAIL where one fails, PASS where all pass."""
    if FAIL in verdicts:
        return FAIL
    return PASS if verdicts and all(verdicts) else INCONCLUSIVE
