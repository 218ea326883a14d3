"""A class of thirty judged in one command: the right row each, whatever the others do."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from gcmagic.class_table import page, sheet
from gcmagic.jupyter.running import run
from gcmagic.report import MIME
from gcmagic.submissions import Check, Submission, plain

from . import submissions

linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux")


def judged(folder: Path, *options: str) -> tuple[int, dict[str, list[list[str]]], str]:
    """Exit status, rows by notebook, and what was complained about."""
    done = subprocess.run(
        [sys.executable, "-m", "gcmagic", "check", folder.name, *options],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    rows: dict[str, list[list[str]]] = {}
    for line in done.stdout.splitlines():
        path, *row = line.split("  ", 3)
        rows.setdefault(Path(path).stem, []).append(row)
    return done.returncode, rows, done.stderr


@pytest.fixture(scope="module")
def class_of_thirty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course") / "class"
    folder.mkdir()
    expected = submissions.thirty(folder)
    options = ["--timeout", "30", "--memory", "2500", "--jobs", "2", "--keep", "kept"]
    return folder, expected, judged(folder, *options, "--html", "a.html", "--csv", "a.csv")


@linux
def test_thirty_submissions_get_the_right_row_each(class_of_thirty):
    _, expected, (status, rows, err) = class_of_thirty
    assert err == ""
    assert len(expected) == 30
    assert list(rows) == sorted(expected)
    for name, (verdict, cell, said) in expected.items():
        assert len(rows[name]) == 1
        assert rows[name][0][:2] == [cell, verdict], (name, rows[name])
        assert said in rows[name][0][2], (name, rows[name])
    assert status == 2


@linux
def test_the_tables_say_the_same(class_of_thirty):
    folder, expected, _ = class_of_thirty
    with (folder.parent / "a.csv").open(encoding="utf-8", newline="") as file:
        table = {Path(row["notebook"]).stem: row for row in csv.DictReader(file)}
    assert {name: row["verdict"] for name, row in table.items()} == {
        name: verdict for name, (verdict, *_) in expected.items()
    }
    html = (folder.parent / "a.html").read_text("utf-8")
    for name in expected:
        assert f"{name}.ipynb</th>" in html
    assert re.findall(r"<b>(\d+)</b>", html) == ["10", "15", "5"]


@linux
def test_stored_outputs_give_the_same_verdicts_without_running(class_of_thirty):
    folder, expected, _ = class_of_thirty
    status, rows, _ = judged(folder.parent / "kept", "--no-execute", "--jobs", "2")
    assert status == 2
    assert {name: row[-1][1] for name, row in rows.items()} == {
        name: verdict for name, (verdict, *_) in expected.items()
    }
    assert all(rows[name][0][2] == said for name, (v, _, said) in expected.items() if v == "FAIL")


@linux
def test_a_hostile_notebook_spoils_its_own_row_alone(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    for name, (source, *_) in submissions.HOSTILE.items():
        submissions.write(folder / f"{name}.ipynb", source)
    (folder / "not-json.ipynb").write_bytes(b"PK\x03\x04")
    (folder / "nothing.ipynb").write_bytes(b"")
    right = "import gcmagic as gcm\ngcm.check(lambda t: t**2, lambda t: 2 * t, 1.0)"
    submissions.write(folder / "zz-right.ipynb", right)
    status, rows, err = judged(folder, "--timeout", "60", "--html", "a.html")
    assert status == 2
    assert err == ""
    assert rows.pop("zz-right")[0][:2] == ["cell 1", "PASS"]
    assert "is not a notebook" in rows.pop("not-json")[0][2]
    assert "an empty file" in rows.pop("nothing")[0][2]
    for name, (_, cell, said) in submissions.HOSTILE.items():
        ((where, verdict, text),) = rows[name]
        assert (where, verdict) == (f"cell {cell}" if cell else "-", "ERROR")
        assert said in text
        assert text.isprintable()
    html = (tmp_path / "a.html").read_text("utf-8")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


class Page(HTMLParser):
    """Which elements a page has, and that they are closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onclick", "onload"}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


EVIL = "=1+1<script>alert(1)</script>&\"'"


def test_the_page_stands_alone_and_escapes_what_comes_from_notebooks():
    check = Check(1, "FAIL", EVIL, ((EVIL, EVIL),))
    text = page([Submission(EVIL, (check,), error=EVIL, cell=3), Submission("b", (check,))])
    seen = Page(text)
    assert seen.open == []
    assert "script" not in seen.seen
    assert "http" not in text
    assert "prefers-color-scheme: dark" in text


def test_what_nobody_looks_at_is_not_drawn_and_the_checks_are_the_same(tmp_path):
    wrong = submissions.CODE.replace("dZ2 @ A1.T + lam", "2 * dZ2 @ A1.T + lam")
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    cells = submissions.DATA.format(seed=1, width=3), wrong, "%gradcheck", plot
    submissions.write(tmp_path / "one.ipynb", *cells)
    told, kinds = {}, {}
    for pictures in (True, False):
        notebook = nbformat.read(tmp_path / "one.ipynb", 4)
        told[pictures] = []
        run(notebook, tmp_path, timeout=300, tell=told[pictures].append, pictures=pictures)
        outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
        kinds[pictures] = {kind for o in outputs for kind in o.get("data", ())}
    assert told[False] == told[True]
    assert [check.verdict for check in told[True]] == ["FAIL"]
    assert {"text/html", "image/png"} <= kinds[True]
    assert any("widget-view" in kind for kind in kinds[True])
    assert kinds[False] == {"text/plain", MIME}


def test_what_went_wrong_is_counted_by_notebook_and_a_repair_is_no_mistake():
    found = ("factor", "W: twice"), ("repair", "line 7: without the 2")
    rows = [Submission(f"{k}", (Check(1, "FAIL", "W is wrong", found),) * 2) for k in range(3)]
    text = page(rows)
    assert '<code>factor</code></td><td class="number">3<' in text
    assert "<code>repair</code>" not in text
    assert text.count("line 7: without the 2") == 6


def test_a_spreadsheet_computes_nothing_that_comes_from_notebooks():
    rows = [Submission(EVIL, (Check(1, "PASS", "-1"),), error="+1")]
    ((path, *_, error),) = list(csv.reader(sheet(rows).splitlines()))[1:]
    assert path == "'" + EVIL
    assert error == "'+1"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("one\ntwo", "one · two"),
        ("\n\n  late start", "late start"),
        ("\x1b[31mred\x1b[0m \x07bell", "red  bell"),
        ("a\ud800b", "a b"),
        ("", ""),
    ],
)
def test_a_message_of_many_lines_is_told_in_one(said, shown):
    assert plain(said) == shown


def test_a_message_that_is_cut_says_so():
    long = plain("word " * 1000)
    assert len(long) < 400
    assert long.endswith(" …")


def test_a_submission_is_as_good_as_its_worst_check():
    checks = [Check(1, verdict, "") for verdict in ("PASS", "FAIL", "INCONCLUSIVE")]
    assert Submission("a", tuple(checks)).verdict == "FAIL"
    assert Submission("a", (checks[0], checks[2])).verdict == "INCONCLUSIVE"
    assert Submission("a", (checks[0],), error="died").verdict == "ERROR"


def test_fewer_checks_than_asked_for_is_an_error(tmp_path, capsys):
    from gcmagic.cli import main

    right = "import gcmagic as gcm\ngcm.check(lambda t: t**2, lambda t: 2 * t, 1.0)"
    submissions.write(tmp_path / "a.ipynb", right)
    assert main(["save", str(tmp_path / "a.ipynb")]) == 0
    assert main(["check", "--no-execute", str(tmp_path)]) == 0
    assert main(["check", "--no-execute", "--checks", "2", str(tmp_path)]) == 2
    assert "holds 1 of the 2 gradient checks" in capsys.readouterr().out
