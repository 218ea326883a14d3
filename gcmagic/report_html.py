"""A Report as HTML: the text again, with exact figures and the picture.

Every style is inline and no colour of the text is set, so that it reads in light and in dark and
survives front ends that strip style sheets. Every name of the user's is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from . import plots
from .comparison import FAIL, PASS, Comparison, Verdict
from .explain import html as explanation
from .findings import Finding
from .notation import CHECKMARK, exponent
from .phase import Phase
from .report_text import by_sums, enumerate_names, off, shape, span, worst_lines

if TYPE_CHECKING:
    from .report import Report

# Okabe and Ito's blue and vermilion, the latter darkened until white text on it has contrast 4.5
COLOURS = {"PASS": "#0072B2", "FAIL": "#BF4E00", "INCONCLUSIVE": "#6B6B6B"}
LINE = "border-top:1px solid rgba(128,128,128,.35)"
CELL = f"text-align:left;padding:.3em .9em .3em .2em;vertical-align:baseline;{LINE}"
HEADING = 'style="margin:.8em 0 .2em"'
QUIET = "opacity:.75;font-size:.9em"


def html(report: Report) -> str:
    """One self-contained block of HTML, the picture inside."""
    parts = [
        f'<p style="font-size:1.15em;margin:.2em 0 .6em">{badge(report.verdict)} '
        f"{escape(report.summary.split(': ', 1)[1])}</p>",
    ]
    if report.problem.how and not report.announced:
        parts.append(f'<p style="{QUIET};margin:.2em 0 .6em">{escape(report.problem.how)}</p>')
    parts += [table(report), picture(report)]
    parts += [
        f'<p style="margin:.2em 0">{escape(phase.name)}: {escape(phase.proof)}</p>'
        for phase in report.phases
        if phase.proof
    ]
    worst = "".join(map(worst_of, report.phases))
    if worst:
        parts.append(worst)
    parts += [findings(report)]
    parts += [f"<p>Note: {escape(note)}</p>" for note in report.problem.notes]
    reasons: dict[str, list[str]] = {}
    for name, why in report.not_batched:
        reasons.setdefault(why, []).append(name)
    parts += [
        f"<p>Note: {escape(enumerate_names(names))} went through the cost one component at a time: "
        f"{escape(why)}</p>"
        for why, names in reasons.items()
    ]
    parts.append(f'<p style="{QUIET}">{fine_print(report)}</p>')
    style = "line-height:1.45;max-width:62em;overflow-x:auto"
    return f'<div class="gcmagic-report" style="{style}">{"".join(parts)}</div>'


def findings(report: Report) -> str:
    """What to do next, and what one point left open and another settled."""
    left = [finding for finding in report.findings if not report.is_settled(finding)]
    open_ones = "".join(map(told, left))
    settled = "".join(
        f"<li>{escape(f.title)}</li>" for f in report.findings if report.is_settled(f)
    )
    parts = []
    if open_ones:
        parts.append(f"<p {HEADING}><b>What to do next</b></p><ul>{open_ones}</ul>")
        parts += [explanation(code) for code in dict.fromkeys(f.code for f in left)]
    if settled:
        parts.append(f"<p {HEADING}>Settled at another point</p>")
        parts.append(f'<ul style="{QUIET}">{settled}</ul>')
    return "".join(parts)


def repairs(found: Sequence[Finding]) -> str:
    """What the source says, below a report."""
    items = "".join(map(told, found))
    return f'<div class="gcmagic-repair"><p {HEADING}><b>Repair</b></p><ul>{items}</ul></div>'


def told(finding: Finding) -> str:
    """A finding as an item of a list; a repair with the line that it changes, before and after."""
    code = changed(finding) if finding.line is not None else ""
    return (
        f'<li style="margin:.3em 0"><b>{escape(finding.title)}</b>{code}'
        f'<div style="{QUIET}">{escape(finding.evidence)}</div>'
        f"<div>→ {escape(finding.hint)}</div></li>"
    )


def changed(finding: Finding) -> str:
    """The lines of a repair, what has changed in bold."""
    before, after = finding.before or "", finding.after or ""
    start, stop = span(before, after)
    then, now = escape(before), escape(after)
    if before and after:
        now = f"{escape(after[:start])}<b>{escape(after[start:stop])}</b>{escape(after[stop:])}"
        start, stop = span(after, before)
        then = f"{escape(before[:start])}<b>{escape(before[start:stop])}</b>{escape(before[stop:])}"
    rows = [
        f'<div style="border-left:3px solid {COLOURS[name]};padding-left:.6em">{sign} {code}</div>'
        for name, sign, code in (("FAIL", "−", then), ("PASS", "+", now))
        if code
    ]
    style = "font-family:monospace;white-space:pre-wrap;margin:.2em 0"
    return f'<div style="{style}">{"".join(rows)}</div>'


def badge(verdict: Verdict) -> str:
    """The verdict in colour, in words and with a mark of its own."""
    name = verdict.name
    return (
        f'<span style="background:{COLOURS[name]};color:#fff;border-radius:.35em;'
        f'padding:.1em .55em;font-weight:600;white-space:nowrap">{CHECKMARK[name]} {name}</span>'
    )


def table(report: Report) -> str:
    """One row a parameter array, two columns a point."""
    head = "".join(
        f'<th colspan="2" scope="colgroup" style="{CELL}">{escape(phase.name)}</th>'
        for phase in report.phases
    )
    rows = "".join(
        f'<tr><th scope="row" style="{CELL}">{escape(name)}'
        f'<span style="{QUIET};font-weight:400;white-space:nowrap"> &nbsp;'
        f"{escape(shape(report.blocks_of(name)[0].shape))}</span></th>"
        + "".join(_cells(phase.block(name)) for phase in report.phases)
        + "</tr>"
        for name in report.names
    )
    overall = "".join(
        f'<td style="{CELL}">{badge(phase.verdict)}</td><td style="{CELL}">'
        f"{exponent(phase.difference, 1)}</td>"
        for phase in report.phases
    )
    return (
        f'<table style="border-collapse:collapse;margin:.4em 0;color:inherit"><thead>'
        f'<tr><th style="{CELL}">'
        f"parameters</th>{head}</tr></thead><tbody>{rows}"
        f'<tr><th scope="row" style="{CELL}">all</th>{overall}</tr></tbody></table>'
    )


def _cells(block: Comparison | None) -> str:
    if block is None:
        return f'<td colspan="2" style="{CELL}"></td>'
    name = block.verdict.name
    count = off(block).strip() if block.verdict is FAIL else ""
    # each in one piece, and on a narrow page below each other
    pieces = [
        f' <span style="{QUIET};display:inline-block;white-space:nowrap">&nbsp;{piece}</span>'
        for piece in (count, f"(floor {exponent(min(block.floor, 1.0))})")
        if piece
    ]
    weight = "400" if block.verdict is PASS else "600"
    return (
        f'<td style="{CELL}"><span style="font-weight:{weight};white-space:nowrap">'
        f"{CHECKMARK[name]} {name}</span></td>"
        f'<td style="{CELL}"><span style="white-space:nowrap">{exponent(block.difference, 1)}'
        f"</span>{''.join(pieces)}</td>"
    )


def worst_of(phase: Phase) -> str:
    """The components that are furthest off at one point."""
    lines = worst_lines(phase)
    if not lines:
        return ""
    items = "<br>".join(escape(line.strip()) for line in lines)
    return (
        f'<p style="margin:.8em 0 .2em"><b>Worst components, {escape(phase.name)}</b></p>'
        f'<p style="font-family:monospace;margin:.2em 0">{items}</p>'
    )


def picture(report: Report) -> str:
    """The static picture, which is all that a notebook without a kernel shows."""
    data = base64.b64encode(plots.png(plots.figure(report))).decode()
    return (
        f'<img alt="{escape(plots.alt_text(report), quote=True)}" '
        f'src="data:image/png;base64,{data}" width="880" '
        'style="max-width:100%;height:auto;margin:.4em 0">'
    )


def fine_print(report: Report) -> str:
    """How it was measured."""
    through = " ".join(["", *by_sums(report)])
    settings = report.settings
    epsilons = " and ".join(dict.fromkeys(exponent(phase.epsilon) for phase in report.phases))
    scaled = "" if settings.epsilon is not None else " × max(1, |θ|)"
    return (
        "difference = ‖grad − gradapprox‖ / (‖grad‖ + ‖gradapprox‖); threshold "
        f"{exponent(settings.threshold)}; {settings.scheme.name} differences, epsilon {epsilons}"
        f"{scaled}; floor: the difference that rounding can make in right code; "
        f"{report.nfev:,} evaluations of the cost.{escape(through)}"
    )
