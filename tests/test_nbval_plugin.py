"""nbval with our plugin, in a process of its own as in a course's repository."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, output_from_msg

import gcmagic_nbval as plugin
from gcmagic.cli import main
from gcmagic.report import MIME

IMPORT = "import gcmagic as gcm\nfrom IPython.display import HTML, SVG, display"
WRONG = "gcm.check(lambda t: t**3, lambda t: 2 * t**2, 1.0)"
RIGHT = "gcm.check(lambda t: t**3, lambda t: 3 * t**2, 1.0)"
SLIDER = "import ipywidgets\nipywidgets.IntSlider()"
PICTURE = "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()"
SVG_ = "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><title>one</title></svg>')"
BOTH = """\
class Both:
    __repr__ = lambda self: 'text'
    _repr_html_ = lambda self: '<b>html</b>'
Both()"""
PRINT = "print('said')"
# Without the 4 s that jsonschema takes to build a grammar of web addresses (see __main__.py).
PYTEST = "import sys; sys.modules['rfc3987_syntax'] = None; import pytest; sys.exit(pytest.main())"


def changed(cell, old: str, new: str):
    """A cell whose stored outputs say something else than the run will."""
    text = json.dumps(cell.outputs)
    assert old in text
    cell.outputs = [nbformat.from_dict(o) for o in json.loads(text.replace(old, new))]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A notebook that ran and was saved by the command line; cells by what they show."""
    path = tmp_path_factory.mktemp("nbval") / "nb.ipynb"
    sources = [IMPORT, RIGHT, WRONG, SLIDER, PICTURE, SVG_, BOTH, "HTML('<b>alone</b>')", PRINT]
    nbformat.write(new_notebook(cells=[*map(new_code_cell, sources), new_code_cell("")]), path)
    assert main(["save", str(path)]) == 0
    return nbformat.read(path, as_version=4)


def nbval(path: Path, *options: str) -> tuple[dict[int, bool], str]:
    """Which cells, counted from 0 as nbval does, passed; and what pytest printed."""
    command = [sys.executable, "-c", PYTEST, "--nbval", "--nbval-current-env", "--color=no"]
    done = subprocess.run(
        [*command, "-rA", "-p", "no:cacheprovider", *options, path.name],
        cwd=path.parent,
        capture_output=True,
        text=True,
    )
    found = re.findall(r"^(PASSED|FAILED) \S+::Cell (\d+)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return {int(cell): outcome == "PASSED" for outcome, cell in found}, done.stdout


def write(path: Path, cells) -> Path:
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_what_differs_from_run_to_run_passes_and_what_a_cell_says_does_not(stored, tmp_path):
    cells = [nbformat.from_dict(json.loads(json.dumps(cell))) for cell in stored.cells]
    same = len(cells)
    cells[0].outputs = []

    for k in (1, 2):  # the HTML and the data of a report that says the same as text
        (output,) = cells[k].outputs
        output.data["text/html"] = "<p>another layout</p>"
        output.data[MIME]["nfev"] = 1
    assert cells[3].outputs == []  # the saved notebook has no slider; one with a slider passes too
    cells[3].outputs = [
        nbformat.v4.new_output(
            "display_data", {plugin.WIDGET: {"model_id": "0" * 32}, "text/plain": "IntSlider(9)"}
        )
    ]
    cells[4].outputs[0].data["image/png"] = "AAAA"
    changed(cells[5], "<title>one", "<title>two")
    changed(cells[6], "<b>html</b>", "<i>other</i>")

    def copy(k):
        cell = nbformat.from_dict(json.loads(json.dumps(stored.cells[k])))
        cell.id = f"changed-{k}-{len(cells)}"
        cells.append(cell)
        return cell

    changed(copy(1), "gradcheck PASS", "gradcheck FAIL")
    changed(copy(2), "FAIL  1 of 1 off", "PASS")
    copy(4).outputs = []  # no picture stored
    changed(copy(6), '"text"', '"txet"')
    changed(copy(7), "alone", "other")  # HTML is compared where it is all there is
    changed(copy(8), "said", "heard")
    cells.append(new_code_cell("", execution_count=99))

    passed, out = nbval(write(tmp_path / "nb.ipynb", cells))
    assert passed == {k: k < same or k == len(cells) - 1 for k in range(len(cells))}, out


HOLES = [
    # source, tags, whether the cell is as it should be
    ("%load_ext gcmagic", [], True),
    ("%matplotlib --no-such-option", [], False),
    ("%no_such_magic", [], False),
    ("%%no_such_magic\n1", [], False),
    ("%gradchek", [], False),  # the extension is loaded by now
    ("%gradcheck --no-such-option", [], False),
    ("%%gradcheck", [], False),  # an empty cell
    ("%%gradcheck\n", [], False),
    ("%%gradcheck\n1 / 0", [], False),
    ("raise SystemExit", [], False),
    ("1 / 0", [], False),
    ("1 / 0", ["raises-exception"], True),
    ("%no_such_magic", ["raises-exception"], True),
    ("x = 1", ["raises-exception"], False),
    ("x = 1", ["nbval-raises-exception"], False),
    ("x = 1", [], True),
    ("1 / 0", ["nbval-skip"], None),
]


def hole_cells():
    # no execution_count: nbval compares no outputs, so that nothing else fails the cell
    return [new_code_cell(source, metadata={"tags": tags}) for source, tags, _ in HOLES]


@pytest.mark.parametrize("option", ["--nbval", "--nbval-lax"])
def test_errors_without_a_message_and_missing_exceptions_fail(tmp_path, option):
    passed, out = nbval(write(tmp_path / "nb.ipynb", hole_cells()), option)
    assert passed == {k: good for k, (*_, good) in enumerate(HOLES) if good is not None}, out
    assert "Cell ended in UsageError: Line magic function `%no_such_magic` not found" in out
    assert "Cell is tagged raises-exception and raised nothing" in out


def test_the_holes_are_nbvals(tmp_path):
    """Fails when nbval closes them itself: then the half of the plugin that does can go."""
    cells = hole_cells()
    passed, _ = nbval(write(tmp_path / "nb.ipynb", cells), "-p", "no:gcmagic_nbval")
    wrong = [k for k, (*_, good) in enumerate(HOLES) if good is not None and passed[k] != good]
    assert wrong == [1, 2, 3, 4, 6, 7, 13, 14]


def test_a_cell_that_times_out_fails_even_where_it_may_raise(tmp_path):
    cell = new_code_cell("import time\ntime.sleep(60)", metadata={"tags": ["raises-exception"]})
    passed, _ = nbval(write(tmp_path / "nb.ipynb", [cell]), "--nbval-cell-timeout=1")
    assert passed == {0: False}


def test_costs_nothing_where_nbval_does_not_run(tmp_path):
    """No import of the package, NumPy, nbval or Jupyter for the sake of this plugin."""
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    assert 'gcmagic_nbval' in sys.modules\n"
        "    heavy = {'gcmagic', 'numpy', 'nbval', 'nbformat', 'IPython', 'jupyter_client'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:nbval", "-p", "no:cacheprovider"]
    command += ["-p", "no:hypothesispytest"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_comparable_leaves_the_outputs_themselves_alone():
    message = {
        "header": {"msg_type": "display_data"},
        "content": {"data": {"text/plain": "t", "text/html": "h"}, "metadata": {}},
    }
    outputs = [output_from_msg(message)]
    assert plugin.comparable(outputs)[0]["data"] == {"text/plain": "t"}
    assert outputs[0].data == {"text/plain": "t", "text/html": "h"}
