"""The command line, on small notebooks in a real kernel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import gcmagic
from gcmagic.cli import main

IMPORT = "import gcmagic as gcm\nimport numpy as np"
RIGHT = "gcm.check(lambda t: t**3, lambda t: 3 * t**2, 1.0)"
WRONG = "gcm.check(lambda t: t**3, lambda t: 2 * t**2, 1.0)"
STILL = "gcm.check(lambda t: 0.0 * t, lambda t: 0.0 * t, 1.0)  # nothing to compare"


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """Write a notebook of these code cells; the tests run in its folder."""
    monkeypatch.chdir(tmp_path)

    def write(*sources: str, name: str = "nb.ipynb") -> Path:
        cells = [new_markdown_cell("# A title"), *map(new_code_cell, sources)]
        nbformat.write(new_notebook(cells=cells), name)
        return Path(name)

    return write


def test_prints_a_line_a_check_and_fails_on_a_wrong_gradient(notebook, capsys):
    show = f"from IPython.display import display\ndisplay({WRONG})\n{RIGHT}"
    path = notebook(IMPORT, RIGHT, "", show, f"hidden = {WRONG}")
    before = path.read_bytes()
    assert main(["check", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "nb.ipynb  cell 2  PASS  the gradient agrees with the cost at 2 points",
        "nb.ipynb  cell 3  FAIL  the gradient of theta is wrong",
        "nb.ipynb  cell 3  PASS  the gradient agrees with the cost at 2 points",
    ]
    assert err == ""
    assert path.read_bytes() == before


def test_passes_where_all_checks_pass_in_the_notebooks_own_folder(notebook, capsys):
    Path("sub").mkdir()
    Path("sub/beside.py").write_text("scale = 3\n")
    uses = "import beside\ngcm.check(lambda t: t**3, lambda t: beside.scale * t**2, 1.0)"
    path = notebook(IMPORT, uses, name="sub/nb.ipynb")
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out.startswith("sub/nb.ipynb  cell 2  PASS  ")


def test_inconclusive_is_not_a_pass(notebook, capsys):
    assert main(["check", str(notebook(IMPORT, STILL))]) == 1
    assert "cell 2  INCONCLUSIVE  " in capsys.readouterr().out


def test_a_check_that_raises_is_a_fail_and_ends_the_notebook(notebook, capsys):
    path = notebook(IMPORT, WRONG[:-1] + ", raise_on_failure=True)", RIGHT)
    before = path.read_bytes()
    assert main(["check", str(path)]) == 1
    assert capsys.readouterr().out == (
        "nb.ipynb  cell 2  FAIL  the gradient of theta is wrong "
        "(raises where a check fails, so the cells after it did not run)\n"
    )
    assert main(["save", str(path)]) == 2
    assert "cell 2  ERROR  not saved: raises where a check fails" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_a_notebook_that_does_not_run_to_its_end_is_not_saved(notebook, capsys):
    path = notebook(IMPORT, RIGHT, "1 / 0")
    before = path.read_bytes()
    assert main(["save", str(path)]) == 2
    assert "cell 3  ERROR  not saved: raised ZeroDivisionError: " in capsys.readouterr().out
    assert path.read_bytes() == before


def test_an_old_report_in_a_cell_that_does_not_run_is_no_check_and_is_not_kept(notebook, capsys):
    path = notebook(IMPORT, WRONG, RIGHT)
    assert main(["save", str(path)]) == 0
    data = json.loads(path.read_text())
    assert data["cells"][2]["outputs"]
    data["cells"][2]["source"] = []
    path.write_text(json.dumps(data))
    assert main(["save", str(path)]) == 0
    emptied = nbformat.read(path, as_version=4).cells[2]
    assert (emptied.outputs, emptied.execution_count) == ([], None)


def test_save_stores_the_same_bytes_twice_and_no_widgets(notebook, capsys):
    slider = "import ipywidgets\nipywidgets.IntSlider()"
    path = notebook(IMPORT, slider, RIGHT, "print('said')")
    data = json.loads(path.read_text())
    data["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    data["metadata"]["kernelspec"] = {
        "name": "mine",
        "display_name": "My own",
        "language": "python",
    }
    data["cells"][1]["metadata"]["execution"] = {"iopub.status.busy": "2020-01-01T00:00:00Z"}
    data["cells"][1]["metadata"]["tags"] = ["kept"]
    path.write_text(json.dumps(data))
    assert main(["save", str(path)]) == 0
    first = path.read_bytes()
    assert main(["save", str(path)]) == 0
    assert path.read_bytes() == first

    stored = nbformat.reads(first.decode(), as_version=4)
    assert "widgets" not in stored.metadata
    assert "version" not in stored.metadata.language_info
    assert stored.metadata.kernelspec.name == "python3"
    assert stored.cells[1].metadata == {"tags": ["kept"]}
    assert [cell.execution_count for cell in stored.cells[1:]] == [1, 2, 3, 4]
    assert stored.cells[2].outputs == []
    assert "application/vnd.gcmagic.report+json" in stored.cells[3].outputs[0].data
    assert stored.cells[4].outputs[0].text == "said\n"


def test_a_kernel_needs_no_registration(notebook, capsys, monkeypatch):
    """The registered python3 is another environment's more often than not."""
    spec = Path("jupyter/kernels/python3")
    spec.mkdir(parents=True)
    broken = {"argv": ["no-such-python"], "display_name": "broken", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(broken))
    monkeypatch.setenv("JUPYTER_PATH", str(Path("jupyter").resolve()))
    path = notebook(IMPORT, f"import sys\nassert sys.executable == {sys.executable!r}\n{RIGHT}")
    assert main(["save", str(path)]) == 0


def test_a_missing_extra_says_what_to_install(notebook, capsys, monkeypatch):
    for name in ("gcmagic.jupyter.judging", "gcmagic.jupyter.running"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.delattr(name, raising=False)
    monkeypatch.setitem(sys.modules, "nbclient", None)
    assert main(["check", str(notebook("1"))]) == 2
    assert (
        'no module nbclient, which running notebooks needs; pip install "gcmagic[notebooks]"'
        in (capsys.readouterr().err)
    )


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([], "COMMAND"),
        (["nb.ipynb"], "choose from"),
        (["check"], "PATH"),
        (["check", "nb.ipynb", "--timeout", "0"], "whole number, 1 or more"),
        (["check", "nb.ipynb", "--timeout", "soon"], "whole number, 1 or more"),
        (["check", "nb.ipynb", "--html", "no/such/folder/a.html"], "a folder that exists"),
    ],
)
def test_wrong_arguments_are_2_and_say_what_is_needed(bad, said, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(bad)
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("bad", [["--jobs", "0"], ["--no-execute", "--keep", "folder"]])
def test_options_that_make_no_sense_are_refused_before_anything_runs(bad, notebook, capsys):
    assert main(["check", str(notebook(IMPORT, RIGHT)), *bad]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert bad[0] in err


def test_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "gcmagic", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"gcmagic {gcmagic.__version__}\n"
