"""Exercises that one can fail and can solve, and what is said of those that one cannot."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from gcmagic.cli import main
from gcmagic.jupyter.exercises import solutions_in, try_both

START = "import gcmagic as gcm\n%load_ext gcmagic"
CHECK = "gcm.check(lambda t: t**3, grad, 2.0)"
WRONG, RIGHT = "grad = lambda t: t**2", "grad = lambda t: 3 * t**2"
SOLUTIONS = f"""\
Solutions, for instructors.

# %% power
{RIGHT}
{CHECK}

# %% missing
{RIGHT}

# %% magic
1 + 1
gcm.check(lambda t: t**2, lambda t: 2 * t, 1.0)
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(cells: list[tuple[str, str]], solutions: str) -> list[str]:
        made = [
            new_code_cell(source, metadata={"tags": [f"exercise:{name}"] if name else []})
            for name, source in [("", START), *cells]
        ]
        nbformat.write(new_notebook(cells=made), "nb.ipynb")
        Path("solutions.py").write_text(solutions)
        return ["exercises", "nb.ipynb", "solutions.py"]

    return write


def test_a_good_exercise_fails_as_handed_out_and_passes_solved(course, capsys):
    cells = [
        ("power", f"{WRONG}\n{CHECK}"),
        ("missing", "raise NotImplementedError('your turn')"),
        ("", CHECK),
        ("magic", "%%gradcheck\nnothing = 1"),
    ]
    before = course(cells, SOLUTIONS)
    stored = Path("nb.ipynb").read_bytes()
    assert main(before) == 0
    assert capsys.readouterr().out.splitlines() == [
        "nb.ipynb  cell 2  power  handed out FAIL, solved PASS  as it should be",
        "nb.ipynb  cell 3  missing  handed out ERROR, solved PASS  as it should be",
        "nb.ipynb  cell 5  magic  handed out ERROR, solved PASS  as it should be",
    ]
    assert Path("nb.ipynb").read_bytes() == stored


def test_an_exercise_without_a_bug_without_a_check_or_unsolved_is_told(course, capsys):
    cells = [
        ("easy", f"{RIGHT}\n{CHECK}"),
        ("mute", "x = 1"),
        ("hard", f"{WRONG}\n{CHECK}"),
    ]
    solved = f"# %% easy\n{RIGHT}\n{CHECK}\n# %% mute\nx = 2\n# %% hard\n{WRONG}\n{CHECK}\n"
    assert main(course(cells, solved)) == 1
    said = [line.split("  ")[3] for line in capsys.readouterr().out.splitlines()]
    assert said == [
        "handed out PASS, solved PASS",
        "handed out nothing, solved nothing",
        "handed out FAIL, solved FAIL",
    ]


@pytest.mark.parametrize(
    ("cells", "solutions", "said"),
    [
        ([("", CHECK)], SOLUTIONS, "holds no exercise; needed: cells with a tag"),
        ([("one", CHECK)], "# %% two\n1\n", "without a solution: one; solutions without an"),
        ([("one", CHECK)], "", "without a solution: one"),
    ],
)
def test_exercises_and_solutions_have_to_belong_together(course, capsys, cells, solutions, said):
    assert main(course(cells, solutions)) == 2
    out = capsys.readouterr().out
    assert said in out
    assert out.count("\n") == 1


def test_a_solution_may_be_any_cell():
    assert solutions_in("# about\n# %% a b\n%%gradcheck\nx\n\n#%% no\n# %% c\n") == {
        "a b": "%%gradcheck\nx\n\n#%% no",
        "c": "",
    }


def test_the_exercises_of_the_course_fail_as_handed_out_and_pass_solved():
    folder = Path(__file__).parent.parent / "notebooks"
    (notebook,) = folder.glob("*-exercises.ipynb")
    tried = try_both(notebook, folder / "solutions" / "09.py", timeout=120)
    assert len(tried) == 10
    assert [exercise.name for exercise in tried if not exercise.good] == []
