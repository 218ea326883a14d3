"""What was found in many notebooks, as tables: a page to look at, and a file for a gradebook."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from html import escape

from .notation import CHECKMARK
from .submissions import ERROR, Check, Submission

ORDER = ("PASS", "FAIL", "INCONCLUSIVE", ERROR)
MARK = {**CHECKMARK, ERROR: "!"}
MEANS = {
    "PASS": "every check passes",
    "FAIL": "at least one gradient is wrong",
    "INCONCLUSIVE": "nothing is wrong, but a check could not tell",
    ERROR: "could not be judged to its end",
}
COLUMNS = ("notebook", "verdict", "checks", "pass", "fail", "inconclusive", "cells", "findings")

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --quiet: #5b6570;
  --line: #d8dee4; --band: #f5f7f9; --PASS: #0072b2; --FAIL: #bf4e00; --INCONCLUSIVE: #6b6b6b;
  --ERROR: #8a3a6b; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e7ebef; --quiet: #9aa5b1;
  --line: #333b44; --band: #1c2127; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 72rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
.bar { display: flex; height: 1.1rem; gap: 2px; border-radius: .35rem; overflow: hidden; }
.bar span { display: block; }
ul.tally { list-style: none; display: flex; flex-wrap: wrap; gap: .4rem 1.6rem; margin: .7rem 0 0;
  padding: 0; } ul.tally b { font-variant-numeric: tabular-nums; }
.quiet { color: var(--quiet); font-size: .9em; }
.badge { display: inline-block; padding: .05em .5em; border-radius: .35em; color: #fff;
  font-size: .85em; font-weight: 600; white-space: nowrap; }
.PASS { background: var(--PASS); } .FAIL { background: var(--FAIL); }
.INCONCLUSIVE { background: var(--INCONCLUSIVE); } .ERROR { background: var(--ERROR); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem .9rem .5rem .3rem;
  border-top: 1px solid var(--line); }
thead th { position: sticky; top: 0; background: var(--paper); border-top: 0; font-size: .85em;
  color: var(--quiet); font-weight: 600; box-shadow: 0 1px 0 var(--line); }
tbody tr:nth-child(even) { background: var(--band); }
tbody th { font-weight: 600; overflow-wrap: anywhere; min-width: 11rem; width: 27%; }
td.verdict, .wide td.number { width: 1%; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td ol { list-style: none; margin: 0; padding: 0; } td li + li { margin-top: .45rem; }
td li > div { color: var(--quiet); font-size: .9em; } code { font-size: .92em; }
@media (max-width: 44rem) { /* a row becomes a card: nothing is left to scroll to */
  body { padding: 1.2rem .9rem 3rem; }
  .wide thead { display: none; } .wide tr { display: flex; flex-flow: row wrap; gap: .1rem .6rem;
    padding: .6rem .3rem; border-top: 1px solid var(--line); align-items: baseline; }
  .wide th, .wide td { padding: 0; border: 0; width: auto; min-width: 0; max-width: none; }
  .wide td.checks { flex: 1 0 100%; order: 2; } .wide td.number { margin-left: auto; }
  .wide td.number::after { content: " s"; } }
@media print { thead th { position: static; } tr { break-inside: avoid; } }
"""


def page(submissions: Sequence[Submission]) -> str:
    """A page that stands alone: no script, no address, light and dark, all text escaped."""
    many = len(submissions)
    title = f"Gradient checks of {many} notebook{'s' * (many != 1)}"
    rows = "\n".join(_row(submission) for submission in submissions)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{title}</h1>
{_tally(submissions)}
{_mistakes(submissions)}
<h2>Every notebook</h2>
<div class="wide"><table>
<thead><tr><th scope="col">notebook</th><th scope="col">verdict</th><th scope="col">its checks</th>
<th scope="col">seconds</th></tr></thead>
<tbody>
{rows}
</tbody></table></div>
</body>
</html>
"""


def _tally(submissions: Sequence[Submission]) -> str:
    """How many of each verdict, as a bar and in words."""
    counts = Counter(submission.verdict for submission in submissions)
    shown = [verdict for verdict in ORDER if counts[verdict]]
    bar = "".join(
        f'<span class="{verdict}" style="flex:{counts[verdict]}"></span>' for verdict in shown
    )
    words = "".join(
        f'<li>{_badge(verdict)} <b>{counts[verdict]}</b> <span class="quiet">{MEANS[verdict]}'
        "</span></li>"
        for verdict in shown
    )
    return f'<div class="bar" aria-hidden="true">{bar}</div><ul class="tally">{words}</ul>'


def _mistakes(submissions: Sequence[Submission]) -> str:
    """In how many notebooks each finding was made, the most frequent first."""
    counts: Counter[str] = Counter()
    for submission in submissions:
        if submission.verdict != "PASS":
            counts.update({code for check in _open(submission) for code, _ in check.findings})
    del counts["repair"]  # what would help went not wrong
    if not counts:
        return ""
    rows = "".join(
        f'<tr><td><code>{escape(code)}</code></td><td class="number">{count}</td></tr>'
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    return (
        "<h2>What went wrong, and how often</h2>"
        '<table style="width:auto"><thead><tr><th scope="col">finding</th>'
        f'<th scope="col">notebooks</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _row(submission: Submission) -> str:
    items = "".join(_item(check) for check in submission.checks)
    if submission.error:
        where = f"cell {submission.cell}: " if submission.cell else ""
        items += f"<li>{_badge(ERROR)} {where}{escape(submission.error)}</li>"
    return (
        f'<tr><th scope="row">{escape(submission.path)}</th>'
        f'<td class="verdict">{_badge(submission.verdict)}</td>'
        f'<td class="checks"><ol>{items}</ol></td>'
        f'<td class="number">{submission.seconds:.1f}</td></tr>'
    )


def _item(check: Check) -> str:
    """One check with its findings, where it does not pass."""
    told = ""
    if check.verdict != "PASS":
        told = "".join(f"<div>{escape(title)}</div>" for _, title in check.findings)
    return f"<li>{_badge(check.verdict)} cell {check.cell}: {escape(check.text)}{told}</li>"


def _badge(verdict: str) -> str:
    return f'<span class="badge {verdict}">{MARK[verdict]} {verdict}</span>'


def _open(submission: Submission) -> list[Check]:
    return [check for check in submission.checks if check.verdict != "PASS"]


def sheet(submissions: Sequence[Submission]) -> str:
    """Comma-separated values, a row a notebook, for a spreadsheet or a gradebook."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*COLUMNS, "error"])
    for submission in submissions:
        verdicts = [check.verdict for check in submission.checks]
        counts = [verdicts.count(verdict) for verdict in ("PASS", "FAIL", "INCONCLUSIVE")]
        cells = " ".join(f"{check.cell}:{check.verdict}" for check in submission.checks)
        codes = dict.fromkeys(code for check in _open(submission) for code, _ in check.findings)
        where = f"cell {submission.cell}: " if submission.cell else ""
        error = f"{where}{submission.error}" if submission.error else ""
        row = [submission.path, submission.verdict, len(verdicts), *counts, cells]
        writer.writerow([_no_formula(x) for x in [*row, " ".join(codes), error]])
    return file.getvalue()


def _no_formula(value: object) -> object:
    """Spreadsheets compute a cell that begins like a formula; a file may be called ``=1+1``."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@")):
        return "'" + value
    return value
