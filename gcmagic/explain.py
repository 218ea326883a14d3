"""What a finding means: the sections of findings.md, one a code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from html import escape
from importlib.resources import files

from .errors import InputError

_BLOCK = re.compile(r"```(?:\w*)\n(.*?)```|((?:[^\n]+\n?)+)", re.DOTALL)


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Some sections of findings.md; shown as text, or as formatted text in a notebook.

    Attributes
    ----------
    text
        Markdown.
    """

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


def explain(*codes: str) -> Explanation:
    """What findings mean, the shortest code that gets them, and what to do.

    Parameters
    ----------
    codes
        As in ``report.findings[0].code``; all that there are by default.

    Raises
    ------
    InputError
        For a code that gcmagic does not know.

    Examples
    --------
    >>> import gcmagic as gcm
    >>> print(str(gcm.explain("sign")).splitlines()[2])
    Every component is minus what it should be. Descent with such a gradient climbs.
    """
    known = sections()
    for code in codes:
        if code not in known:
            near = get_close_matches(str(code), known, n=1)
            raise InputError(
                f"there is no finding {code!r}; "
                + (f"did you mean {near[0]!r}?" if near else f"needed: one of {', '.join(known)}")
            )
    return Explanation("\n\n".join(f"## {code}\n\n{known[code]}" for code in codes or known))


@cache
def sections() -> dict[str, str]:
    """The body of each section of findings.md, by code."""
    text = files("gcmagic").joinpath("findings.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    return {code.strip(): body.strip() for code, body in zip(parts[::2], parts[1::2], strict=True)}


def html(code: str) -> str:
    """One section, folded away; empty for a code that has none.

    A report in a notebook has no address that it could link to, so it carries its explanations.
    """
    body = sections().get(code)
    if body is None:
        return ""
    parts = []
    for block in _BLOCK.finditer(body):
        source, prose = block.groups()
        if prose is None:
            parts.append(
                '<pre style="overflow-x:auto;margin:.5em 0;font-size:.95em">'
                f"{escape(source.rstrip())}</pre>"
            )
        else:
            parts.append(f'<p style="margin:.5em 0">{_inline(prose.strip())}</p>')
    return (
        f'<details style="margin:.2em 0"><summary style="cursor:pointer">{escape(code)}: what it '
        f'means</summary><div style="margin-left:1em">{"".join(parts)}</div></details>'
    )


def _inline(prose: str) -> str:
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(prose, quote=False))
    return re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", text)
