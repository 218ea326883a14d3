"""Findings from what the search has found."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...findings import Finding
from .scope import unused_labels
from .units import Unit
from .wording import Change

# edits with the same effect that are named beside the one that is shown
EQUIVALENT = 3
ORDER = ("the first", "the second")


@dataclass(frozen=True, slots=True)
class Repaired:
    """Edits that together make the check pass, and what else does the same.

    Attributes
    ----------
    changes
        One or two edits, in the order of the lines.
    alike
        Other edits in the place of a single one.
    another_batch
        Whether the check passes on other data too.
    """

    changes: tuple[Change, ...]
    alike: tuple[Change, ...] = ()
    another_batch: bool = False


def findings_of(repaired: Repaired, wrong: Sequence[str], magic: bool) -> tuple[Finding, ...]:
    """One finding an edit; with `magic` the notebook's functions were found by ``%gradcheck``."""
    where = " ".join(wrong)
    evidence = "the check passes with it, at a second random point too"
    if repaired.another_batch:
        evidence = "the check passes with it, at a second random point and on another batch too"
    hint = "Read it before you take it over"
    hint += ": %gradcheck --apply puts it into a new cell." if magic else "."
    if others := [change for change in repaired.alike if not _undoes(change, repaired.changes[0])]:
        places = "; ".join(_place(c, repaired.changes[0]) for c in others[:EQUIVALENT])
        hint = f"The same in effect: {places}."
    several = len(repaired.changes) > 1
    found = []
    for k, change in enumerate(repaired.changes):
        said = f"{ORDER[k]} of two edits that mend the gradient" if several else _said(change)
        title = f"line {change.line} of {change.function}: {said}"
        evidence_ = evidence.replace("with it", "with both edits") if several else evidence
        sizes = _sizes(change.after) - _sizes(change.before)
        if sizes:
            evidence_ += (
                f"; whether {' or '.join(sorted(sizes))} belongs there, or what is as large here, "
                "data of another size would show"
            )
        found.append(
            Finding(
                "repair", where, title, evidence_, hint,
                change.line, change.before, change.after, change.mended,
            )
        )  # fmt: skip
    return tuple(found)


def _sizes(line: str) -> set[str]:
    """The lengths of arrays that a line takes."""
    return set(re.findall(r"[\w.]+\.shape\[-?\d+\]|\blen\([\w.]+\)|[\w.]+\.size\b", line))


def _said(change: Change) -> str:
    if not change.after:
        return "without it the gradient is right"
    if not change.before:
        return "with a line more the gradient is right"
    return "with this change the gradient is right"


# a factor of one: right, and nobody would write it
_ONE = re.compile(r"(\*\*|[*/]) 1(\.0)?(?![\w.])|(?<![\w.])1(\.0)? \*")


def _undoes(change: Change, shown: Change) -> bool:
    """Whether it keeps what is wrong and makes up for it, and the edit shown takes that out."""
    by_one = len(_ONE.findall(change.after)) > len(_ONE.findall(change.before))
    return shown.growth < 0 and (change.growth > 0 or by_one)


def _place(change: Change, shown: Change) -> str:
    text = change.after.replace("\n", "; ").rstrip(",") or f"without {change.before}"
    if (change.function, change.line) == (shown.function, shown.line):
        return text
    return f"line {change.line}: {text}"


def refused(why: str) -> tuple[Finding, ...]:
    """No edit is tried."""
    return (
        Finding(
            "no-repair",
            "",
            "no edit was tried on the source",
            f"{why}; thousands of edits would be run, and none of them may do that",
            "Take that out of the functions that compute the gradient, and check again.",
        ),
    )


def stopped(error: Exception) -> tuple[Finding, ...]:
    """The search met source that it cannot read."""
    return (
        Finding(
            "no-repair",
            "",
            "the search for an edit stopped",
            f"a mistake of gcmagic, {type(error).__name__}: {error}; the verdict is not touched",
            "--repair 0 looks for no edit.",
        ),
    )


def unused(units: Iterable[Unit]) -> tuple[Finding, ...]:
    """Names that are computed and never used, where no edit was found."""
    found = []
    for unit in units:
        names = [name for name in _unused(unit) if not name.startswith("_")]
        if names:
            listed = ", ".join(names)
            several = len(names) > 1
            found.append(
                Finding(
                    "unused",
                    "",
                    f"{unit.name}: {listed} {'are' if several else 'is'} computed and never used",
                    "no small edit makes the check pass, but nothing reads "
                    + ("these names" if several else "this name"),
                    f"Does the gradient need {'them' if several else 'it'}? A term or a factor may "
                    "be missing further down.",
                )
            )
    return tuple(found)


def _unused(unit: Unit) -> list[str]:
    """Names bound alone, not among others that a tuple is unpacked to, and never read."""
    dead = unused_labels(unit.node)
    alone = {
        target.id: None
        for node in ast.walk(unit.node)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return [name for name in alone if name in dead]
