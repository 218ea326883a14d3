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
    line
        Of a repair: the line in the source of the function, from 1; else None.
    before, after
        Of a repair: that line as it is and as it should be; an empty one is left out or put in.
    mended
        Of a repair: the source of the whole function with it.
    """

    code: str
    where: str
    title: str
    evidence: str
    hint: str
    line: int | None = None
    before: str | None = None
    after: str | None = None
    mended: str | None = None

    def to_dict(self) -> dict[str, str | int]:
        """JSON-ready; what only a repair has is left out elsewhere."""
        return {key: value for key, value in asdict(self).items() if value is not None}
