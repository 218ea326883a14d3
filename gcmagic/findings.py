"""What a check noticed, in words: a code to look up, where, what, the evidence, what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check noticed.

    Attributes
    ----------
    code
        Short and stable, ``"constant-factor"``; README explains each.
    where
        The parameter array, or empty for the whole check.
    title
        One sentence for a student.
    evidence
        What was measured.
    hint
        What to do next.
    """

    code: str
    where: str
    title: str
    evidence: str
    hint: str

    def to_dict(self) -> dict[str, str]:
        """JSON-ready."""
        return asdict(self)
