"""The network of notebook 03, through the magic: right code, and five bugs of one line each."""

import json
from pathlib import Path

import pytest
from IPython.utils.capture import capture_output

import gcmagic as gcm
from tests.shells import shell_of_its_own

(NOTEBOOK,) = (Path(__file__).parent.parent / "notebooks").glob("03-*.ipynb")
CELLS = [
    "".join(cell["source"])
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    if cell["cell_type"] == "code"
]
(MENDED,) = [c.removeprefix("%%gradcheck\n") for c in CELLS if c.startswith("%%gradcheck")]
DATA = "\n".join(
    [
        "import numpy as np",
        "from sklearn.datasets import load_digits",
        "digits = load_digits()",
        "X = digits.data[:16].T / 16.0",
        "Y = np.eye(10)[:, digits.target[:16]]",
    ]
)
BUGS = {
    "1/m missing": ("dZ2 @ A1.T / m", "dZ2 @ A1.T", ("W2",)),
    "bias averaged twice": (
        "dZ2, axis=1, keepdims=True) / m",
        "dZ2, axis=1, keepdims=True) / m**2",
        ("b2",),
    ),
    "wrong derivative": ("(1 - A1**2)", "(1 - A1)", ("W1", "b1")),
    "sign": ("dW1 = dZ1", "dW1 = -dZ1", ("W1",)),
    "extra sigma'": ("dZ2 = A2 - Y", "dZ2 = (A2 - Y) * A2 * (1 - A2)", ("W1", "b1", "W2", "b2")),
}


@pytest.fixture
def shell():
    passes = [cell for cell in CELLS if cell.startswith(("def initialise", "def forward"))]
    with shell_of_its_own(DATA, *passes, "parameters = initialise()") as shell:
        yield shell


def check(shell, backward):
    shell.run_cell(backward, store_history=True)
    with capture_output():
        report = shell.run_cell("%gradcheck", store_history=True).result
    assert isinstance(report, gcm.Report)
    return report


def test_the_right_backward_pass_is_below_1e_8_at_both_points(shell):
    report = check(shell, MENDED)
    assert sum(block.analytic.size for block in report.phases[0].blocks) == 2410
    assert [phase.name for phase in report.phases] == [
        "random initialisation",
        "after 5 training steps",
    ]
    assert all(phase.difference < 1e-8 for phase in report.phases)
    assert report.verdict is gcm.PASS


@pytest.mark.parametrize("bug", BUGS)
def test_each_bug_is_fail_on_its_arrays_and_no_others(shell, bug):
    right, wrong, arrays = BUGS[bug]
    assert MENDED.count(right) == 1
    report = check(shell, MENDED.replace(right, wrong))
    assert report.verdict is gcm.FAIL
    assert report.wrong == arrays
