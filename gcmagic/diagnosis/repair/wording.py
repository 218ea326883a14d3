"""From an edit to the user's own text: the line before, the line after, the whole function."""

from __future__ import annotations

import ast
import contextlib
import re
from dataclasses import dataclass, replace
from typing import Any

from .nodes import text
from .sites import Edit
from .units import Unit


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """An edit as text.

    Attributes
    ----------
    function, line
        Where: the name of the function, and the line in its source, from 1.
    before, after
        The line as it is and as it should be; several where a statement has several.
    mended
        The source of the function with the change.
    unit, edit
        The function, and the edit itself.
    """

    function: str
    line: int
    before: str
    after: str
    mended: str
    unit: Unit
    edit: Edit

    @property
    def growth(self) -> int:
        """By how many characters the text grows."""
        return len(self.after) - len(self.before)

    def with_mended(self, mended: str) -> Change:
        """The same change in a text that holds another one too."""
        return replace(self, mended=mended)


# a derivative of an activation belongs to dZ rather than to dA, and so on
_BEFORE_ACTIVATION = re.compile(r"d_?(a|h|x|out|y)[A-Za-z_]*\d*\b", re.IGNORECASE)


def unnatural(made: Change, kind: str) -> tuple[int, int, int]:
    """What puts an edit behind others of its level: where it stands, and how much it adds."""
    target = made.after.partition("=")[0].strip()
    misplaced = kind == "factor" and bool(_BEFORE_ACTIVATION.fullmatch(target))
    return (kind != "analogy", int(misplaced or kind == "flip"), made.growth)


def change(edit: Edit) -> Change | None:
    """The edit in the user's own text, comments and spaces kept wherever it does not reach."""
    unit = edit.site.unit
    intended = _edited(edit)
    lines = unit.source.splitlines()
    for mended in _attempts(edit):
        if _means(mended, intended, unit):
            break
    else:
        return None
    first, stop, put = _stretch(lines, mended.splitlines())
    old = lines[first:stop]
    if not old and not put:
        return None
    return Change(unit.name, first + 1, _joined(old), _joined(put), mended, unit, edit)


def merged(one: Change, two: Change) -> str | None:
    """The text of one function with two changes; None where they touch the same lines."""
    lines = one.unit.source.splitlines()
    (start, stop, put), (start2, stop2, put2) = sorted(
        (_stretch(lines, change.mended.splitlines()) for change in (one, two)),
        key=lambda stretch: stretch[:2],
    )
    if start2 < stop or start == start2:
        return None
    new = [*lines[:start], *put, *lines[stop:start2], *put2, *lines[stop2:]]
    return "\n".join(new) + "\n"


def _stretch(lines: list[str], new: list[str]) -> tuple[int, int, list[str]]:
    """From which line to which the old text goes, and what stands there in the new one."""
    first = 0
    while first < min(len(lines), len(new)) and lines[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(lines), len(new)) - first and lines[-1 - last] == new[-1 - last]:
        last += 1
    return first, len(lines) - last, new[first : len(new) - last]


def _joined(lines: list[str]) -> str:
    return "\n".join(line.strip() for line in lines)


def _attempts(edit: Edit) -> Any:
    """Texts of the function with the edit, those that keep most of it first."""
    site, unit = edit.site, edit.site.unit
    source = unit.source
    new = edit.new
    if site.header:
        old = getattr(site.statement, site.header)
        yield from _narrowed(source, old, new[0])
        return
    if edit.span == 1 and len(new) == 1:
        yield from _narrowed(source, site.statement, new[0])
    first, last = site.body[site.index], site.body[site.index + edit.span - 1]
    start, stop = _offset(source, first.lineno, first.col_offset), _end(source, last)
    indent = " " * first.col_offset
    pieces = [_own_text(source, statement) for statement in new] or ["pass"]
    if not new and len(site.body) > 1:
        # the line goes altogether
        begin = source.rfind("\n", 0, start) + 1
        after = source.find("\n", stop)
        yield source[:begin] + (source[after + 1 :] if after >= 0 else "")
    yield source[:start] + f"\n{indent}".join(pieces) + source[stop:]


def _own_text(source: str, node: ast.AST) -> str:
    """The source of a node: the user's own where it is theirs, else ours with their quotes."""
    if getattr(node, "end_lineno", None):
        found = ast.get_source_segment(source, node)
        with contextlib.suppress(SyntaxError):
            if found is not None and _dump(_parsed(found, node)) == _dump(node):
                return found
    made = text(node)
    if source.count('"') > source.count("'"):
        made = re.sub(r"'([^'\"\\]*)'", r'"\1"', made)
    return made


def _parsed(found: str, node: ast.AST) -> ast.AST:
    if isinstance(node, ast.expr):
        return ast.parse(found, mode="eval").body
    return ast.parse(found).body[0]


def _narrowed(source: str, old: Any, new: Any) -> Any:
    """The smallest node that differs put in the place of the old one, then larger ones."""
    chain = _differing(old, new)
    for before, after in reversed(chain):
        if getattr(before, "end_lineno", None) is None:
            continue
        start, stop = _offset(source, before.lineno, before.col_offset), _end(source, before)
        written = _own_text(source, after)
        if source[start - 1 : start] == "(" and source[stop : stop + 1] == ")":
            yield source[: start - 1] + written + source[stop + 1 :]
        yield source[:start] + written + source[stop:]
        if isinstance(after, ast.expr):
            yield source[:start] + f"({written})" + source[stop:]


def _differing(old: Any, new: Any) -> list[tuple[Any, Any]]:
    """Pairs of nodes from the outside in, as long as only one part of each differs."""
    pairs = [(old, new)]
    while True:
        old, new = pairs[-1]
        if type(old) is not type(new):
            return pairs
        parts: list[tuple[Any, Any]] = []
        for field in old._fields:
            a, b = getattr(old, field, None), getattr(new, field, None)
            if a is b:
                continue
            if isinstance(a, list) and isinstance(b, list):
                if len(a) != len(b):
                    return pairs
                parts += [(x, y) for x, y in zip(a, b, strict=True) if _dump(x) != _dump(y)]
            elif isinstance(a, ast.AST) and isinstance(b, ast.AST):
                if _dump(a) != _dump(b):
                    parts.append((a, b))
            elif a != b:
                return pairs
        if len(parts) != 1 or not isinstance(parts[0][0], (ast.expr, ast.keyword)):
            return pairs
        pairs.append(parts[0])


def _edited(edit: Edit) -> str:
    """The dump of the function as the edit means it."""
    site = edit.site
    if site.header:
        old = getattr(site.statement, site.header)
        setattr(site.statement, site.header, edit.new[0])
        try:
            return _meaning(site.unit)
        finally:
            setattr(site.statement, site.header, old)
    kept = site.body[site.index : site.index + edit.span]
    new = list(edit.new)
    if not new and len(site.body) == edit.span:
        new = [ast.Pass()]
    site.body[site.index : site.index + edit.span] = new
    try:
        return _meaning(site.unit)
    finally:
        site.body[site.index : site.index + len(new)] = kept


def _meaning(unit: Unit) -> str:
    return "\n".join(_dump(statement) for statement in unit.body)


def _means(mended: str, intended: str, unit: Unit) -> bool:
    found = unit.reparsed(mended)
    return found is not None and _meaning(found) == intended


def _dump(node: Any) -> str:
    return ast.dump(node) if isinstance(node, ast.AST) else repr(node)


def _offset(source: str, line: int, column: int) -> int:
    """Where a place that is given in bytes of a line lies in the text."""
    lines = source.splitlines(keepends=True)
    here = lines[line - 1].encode()[:column].decode(errors="ignore")
    return sum(map(len, lines[: line - 1])) + len(here)


def _end(source: str, node: Any) -> int:
    return _offset(source, node.end_lineno, node.end_col_offset)
