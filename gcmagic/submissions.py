"""What was found in one notebook: its checks, or why it could not be judged."""

from __future__ import annotations

import re
from dataclasses import dataclass

VERDICTS = ("PASS", "INCONCLUSIVE", "FAIL")
# a notebook that could not be read or run to its end, which is worse than any verdict
ERROR = "ERROR"

# an error's message is told in one line; the whole of numpy's longest ones stays readable in it
LONGEST = 300
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


@dataclass(frozen=True, slots=True)
class Check:
    """One check that a notebook made.

    Attributes
    ----------
    cell
        The number that Jupyter shows beside the cell after Run All Cells, counted from 1.
    verdict
        ``"PASS"``, ``"FAIL"`` or ``"INCONCLUSIVE"``.
    text
        What the report's first line says about it.
    findings
        Code and title of each finding.
    """

    cell: int
    verdict: str
    text: str
    findings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """One notebook, judged.

    Attributes
    ----------
    path
        As it was given.
    checks
        In the order of the cells.
    error
        Why the notebook could not be judged to its end; empty where it could.
    cell
        The cell that `error` is about, 0 where it is about none.
    seconds
        How long it took.
    """

    path: str
    checks: tuple[Check, ...] = ()
    error: str = ""
    cell: int = 0
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """``"ERROR"`` where it could not be judged to its end, else the worst of its checks."""
        if self.error:
            return ERROR
        return max((check.verdict for check in self.checks), key=VERDICTS.index)

    @property
    def rows(self) -> tuple[tuple[int, str, str], ...]:
        """Cell, verdict and what is said of it: one row a check, and one for the error."""
        rows = [(check.cell, check.verdict, check.text) for check in self.checks]
        if self.error:
            rows.append((self.cell, ERROR, self.error))
        return tuple(rows)


def plain(text: object) -> str:
    r"""Text from a notebook as one line that a terminal and a file can take.

    Nothing in it steers a terminal, and lone surrogates, which JSON may hold, are blanks.

    Examples
    --------
    >>> plain("\x1b[31mNot equal\x1b[0m\n\n  to tolerance\n")
    'Not equal · to tolerance'
    """
    lines = _ANSI.sub("", str(text)).splitlines()
    joined = " · ".join(line.strip() for line in lines if line.strip())
    seen = "".join(c if c.isprintable() else " " for c in joined)
    return seen if len(seen) <= LONGEST else seen[: LONGEST - 2].rstrip() + " …"
