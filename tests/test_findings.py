"""Each finding has its section in findings.md, and the example in it gets the finding."""

from __future__ import annotations

import ast
import linecache
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.explain import html, sections

ROOT = Path(gcm.__file__).parent
NAMES = {"np": np, "gcm": gcm}


def codes_in(source: str) -> set[str]:
    """Every text that the first argument of a Finding can be."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
            first = next((k.value for k in node.keywords if k.arg == "code"), None)
            for part in ast.walk(first or node.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found.add(part.value)
    return {code for code in found if re.fullmatch(r"[a-z]+(-[a-z]+)*", code)}


CODES = sorted(set().union(*(codes_in(p.read_text("utf-8")) for p in ROOT.rglob("*.py"))))


def test_every_code_has_its_section_and_every_section_its_code():
    assert len(CODES) > 20
    assert sorted(sections()) == CODES, "write the section in gcmagic/findings.md"


@pytest.mark.parametrize("code", sections())
def test_the_example_gets_the_finding(code):
    (example,) = re.findall(r"```python\n(.*?)```", sections()[code], re.DOTALL)
    names = dict(NAMES)
    name = f"<the example of {code}>"
    linecache.cache[name] = (len(example), None, example.splitlines(True), name)
    exec(compile(example, name, "exec"), names)
    assert code in {finding.code for finding in names["report"].findings}


@pytest.mark.parametrize("code", sections())
def test_a_section_says_what_it_means_shows_it_and_says_what_to_do(code):
    body = sections()[code]
    assert len(body.partition("```python")[0]) > 60
    assert "**What to do.**" in body.rpartition("```")[2]


def test_explain_shows_what_was_asked_for_and_refuses_what_is_not_there():
    both = str(gcm.explain("sign", "kink"))
    assert both.startswith("## sign\n\n")
    assert sections()["kink"] in both
    assert sections()["floor"] not in both
    assert all(body in str(gcm.explain()) for body in sections().values())
    with pytest.raises(gcm.InputError, match="did you mean 'kink'"):
        gcm.explain("kinks")


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("code", sections())
def test_as_html_it_says_the_same(code):
    tags = Tags()
    tags.feed(html(code))
    assert tags.open == []
    plain = re.sub(r"```\w*|`|\*\*(?=[A-Z])|(?<=\.)\*\*", "", sections()[code])
    assert "".join(plain.split()) == "".join(tags.text.partition("what it means")[2].split())


def test_a_report_carries_the_explanation_of_what_it_found():
    report = gcm.check(lambda w: np.sum(w**2), lambda w: -2 * w, np.arange(1.0, 7.0))
    assert html("sign") in report._repr_html_()
    assert html("kink") not in report._repr_html_()
    assert 'gcm.explain("sign"' in repr(report)
