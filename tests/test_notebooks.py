"""What a stored notebook has to be like; that it runs and says the same again is nbval's part."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from gcmagic.jupyter.notebooks import WIDGET, tidy

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks_numbered_without_gaps():
    assert NOTEBOOKS
    numbers = [path.name.partition("-")[0] for path in NOTEBOOKS]
    assert numbers == [f"{k:02}" for k in range(1, len(NOTEBOOKS) + 1)]


def test_ran_once_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_is_as_the_command_line_saves_it(notebook):
    """No widget, which opens as an error box; nothing that differs from run to run."""
    before = nbformat.writes(notebook)
    assert WIDGET not in before
    assert nbformat.writes(tidy(notebook)) == before


def test_says_nothing_about_the_machine_that_it_ran_on(notebook):
    text = json.dumps([cell.outputs for cell in code(notebook)])
    assert not re.findall(r"/home/|/root/|/tmp/|/Users/|site-packages|at 0x[0-9a-f]+", text)
    assert not [o for cell in code(notebook) for o in cell.outputs if o.get("name") == "stderr"]


def test_the_slider_of_the_first_notebook_draws_triangles_after_all_cells_have_run(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    names: dict[str, object] = {}
    seen = b""
    for cell in code(nbformat.read(NOTEBOOKS[0], as_version=4)):
        exec(cell.source, names)
        if "picture" in names and not seen:
            seen = names["picture"].value
    names["slider"].value = 0.01
    assert names["numbers"].value.endswith("one-sided 3.030100, two-sided 3.000100")
    assert names["picture"].value != seen
    names["slider"].value = 0.5
    assert names["picture"].value == seen
