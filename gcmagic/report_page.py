"""A Report as a page that stands alone: no network, no script, light or dark by the reader."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from . import plots
from .comparison import FAIL
from .phase import Phase
from .plots.theme import DARK, LIGHT, Theme
from .report_html import badge, findings, fine_print, table, worst_of

if TYPE_CHECKING:
    from .report import Report

# what each picture shows, below it
WORDS = {
    "strip": "From input to loss: which parameter arrays have a right gradient.",
    "discrepancy": "Every component by how far analytic and numeric gradient are apart; a bar "
    "reaches to where the error of the numeric one may put it.",
    "heatmap": "The same in the shape of each array: a wrong row, column or corner stands out.",
    "agreement": "Analytic against numeric: right code lies on the dashed diagonal, a constant "
    "factor on a line of another slope.",
}


def page(report: Report) -> str:
    """A whole HTML document, its pictures inside."""
    title = f"gradcheck {report.summary}"
    parts = [
        f"<h1>{badge(report.verdict)} {escape(report.summary.split(': ', 1)[1])}</h1>",
        f'<p class="quiet">{escape(report.problem.how)}</p>' if report.problem.how else "",
        f'<div class="wide">{table(report)}</div>',
        "".join(map(worst_of, report.phases)),
        findings(report),
        "".join(f"<p>Note: {escape(note)}</p>" for note in report.problem.notes),
        *(_point(report, phase) for phase in report.phases),
        f'<p class="quiet">{fine_print(report)}</p>',
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{_sheet()}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(parts)}\n</main>\n</body>\n</html>\n"
    )


def _point(report: Report, phase: Phase) -> str:
    """The pictures of one point; the factor only where one may be missing."""
    wanted = [view for view in WORDS if view != "agreement" or phase.verdict is FAIL]
    shown = "".join(_figure(report, phase, view) for view in wanted)
    return f"<section><h2>{escape(phase.name[:1].upper() + phase.name[1:])}</h2>{shown}</section>"


def _figure(report: Report, phase: Phase, view: str) -> str:
    """One picture, twice: for light and for dark."""
    light, dark = (_source(report, phase, view, theme) for theme in ("light", "dark"))
    alt = plots.alt_text(report, [phase]) if view == "discrepancy" else _alt(phase, view)
    return (
        "<figure><div class=wide><picture>"
        f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" width="880" alt="{escape(alt, quote=True)}">'
        f"</picture></div><figcaption>{WORDS[view]}</figcaption></figure>"
    )


def _source(report: Report, phase: Phase, view: str, theme: str) -> str:
    picture = plots.figure(report, view, phases=[phase.name], theme=theme)
    return f"data:image/png;base64,{base64.b64encode(plots.png(picture, 150)).decode()}"


def _alt(phase: Phase, view: str) -> str:
    told = ", ".join(f"{block.name} {block.verdict.name}" for block in phase.blocks)
    return f"{WORDS[view]} {phase.name}: {told}."


def _sheet() -> str:
    return (
        ":root{color-scheme:light dark}"
        "body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#fff;"
        f"color:{LIGHT.ink};-webkit-text-size-adjust:100%}}"
        "main{max-width:900px;margin:0 auto;padding:1.5rem 1rem 4rem}"
        "h1{font-size:1.5rem;line-height:1.35;margin:.2em 0 .6em}"
        "h2{font-size:1.15rem;margin:2.2em 0 .6em}"
        "figure{margin:0 0 1.6rem}figcaption{font-size:.9rem;opacity:.8;margin:.3rem 0 0}"
        # small type is not made smaller: on a narrow page a picture scrolls
        ".wide{overflow-x:auto}img{display:block;max-width:100%;min-width:560px;height:auto}"
        ".quiet{opacity:.75;font-size:.9rem}table{font-size:.95rem}"
        f"@media (prefers-color-scheme:dark){{{_dark(DARK)}}}"
        "@media print{h2{break-after:avoid}figure{break-inside:avoid}}"
    )


def _dark(theme: Theme) -> str:
    return f"body{{background:#121314;color:{theme.ink}}}"
