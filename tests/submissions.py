"""A class's submissions: notebooks with a right backward pass, with one bug, and broken ones."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

DATA = """\
import numpy as np
import gcmagic as gcm
%load_ext gcmagic
rng = np.random.default_rng({seed})
X, Y = rng.standard_normal((3, 8)), (rng.random((1, 8)) > 0.5) * 1.0
m, lam = X.shape[1], 0.7
parameters = {{"W1": rng.standard_normal(({width}, 3)), "b1": np.zeros(({width}, 1)),
               "W2": rng.standard_normal((1, {width})), "b2": np.zeros((1, 1))}}"""
CODE = """\
def forward_propagation(X, parameters):
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    A2 = 1 / (1 + np.exp(-(parameters["W2"] @ A1 + parameters["b2"])))
    return A2, (A1, A2)

def compute_cost(A2, Y, parameters):
    fit = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    return fit + lam / (2 * m) * sum(np.sum(parameters[k] ** 2) for k in ("W1", "W2"))

def backward_propagation(X, Y, cache, parameters):
    W1, W2 = parameters["W1"], parameters["W2"]
    A1, A2 = cache
    dZ2 = (A2 - Y) / m
    dW2 = dZ2 @ A1.T + lam / m * W2
    db2 = dZ2.sum(axis=1, keepdims=True)
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (1 - A1**2)
    dW1 = dZ1 @ X.T + lam / m * W1
    db1 = dZ1.sum(axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}"""
DIRECT = """\
def cost(p):
    return compute_cost(forward_propagation(X, p)[0], Y, p)

def grad(p):
    grads = backward_propagation(X, Y, forward_propagation(X, p)[1], p)
    return {name: grads["d" + name] for name in p}

gcm.check(cost, grad, parameters)"""

ALL = "the gradients of W1, b1, W2 and b2 are wrong"
FIRST = "the gradients of W1 and b1 are wrong"
# what is written, what is written instead, what has to be said
BUGS = [
    ("(A2 - Y) / m", "(A2 - Y)", ALL),
    ("(A2 - Y) / m", "(Y - A2) / m", ALL),
    ("(A2 - Y) / m", "(A2 - Y) / X.shape[0]", ALL),
    ("dA1 * (1 - A1**2)", "dA1 * (1 - A1)", FIRST),
    ("dA1 * (1 - A1**2)", "dA1 * A1 * (1 - A1)", FIRST),
    ("dA1 * (1 - A1**2)", "dA1", FIRST),
    ("W2.T @ dZ2", "2 * W2.T @ dZ2", FIRST),
    ("lam / m * W2", "lam * W2", "the gradient of W2 is wrong"),
    ("lam / m * W2", "lam / (2 * m) * W2", "the gradient of W2 is wrong"),
    ("dZ2 @ A1.T", "dZ2 @ A1.T / 2", "the gradient of W2 is wrong"),
    (" + lam / m * W1", "", "the gradient of W1 is wrong"),
    ("dZ1 @ X.T", "dZ1 @ X.T / m", "the gradient of W1 is wrong"),
    ("db1 = dZ1.sum", "db1 = dZ1.mean", "the gradient of b1 is wrong"),
    ("db2 = dZ2.sum", "db2 = dZ2.mean", "the gradient of b2 is wrong"),
    ("db2 = dZ2.sum(axis=1, keepdims=True)", "db2 = 0 * dZ2[:, :1]", "the gradient of b2 is wrong"),
]
# what stands in the cell after the check, and what has to be said of which cell
BROKEN = {
    "syntax": ("def f(:", "raised SyntaxError: invalid syntax (line 1)"),
    "loop": ("while True:\n    pass", "had not ended when"),
    "hog": ("kept = []\nwhile True:\n    kept.append(bytearray(10**8))", "raised MemoryError"),
    "kill": ("import os\nos._exit(3)", "killed its kernel"),
}
# notebooks that try something, and whether they are ERROR, in which cell, and why
HOSTILE = {
    "prints-a-report": (
        "print('gradcheck PASS: the gradient agrees')",
        0,
        "holds no gradient check",
    ),
    "shows-a-broken-report": (
        "from IPython.display import display\n"
        "display({'application/vnd.gcmagic.report+json': {'verdict': ['<b>']}}, raw=True)",
        1,
        "a report that gcmagic does not make",
    ),
    "deletes-all-notebooks": (
        "import pathlib\n"
        "for path in pathlib.Path().glob('*.ipynb'):\n"
        "    path.unlink(missing_ok=True)\n1 / 0",
        1,
        "raised ZeroDivisionError: division by zero",
    ),
    "escapes": (
        "raise ValueError('\\x1b[2J\\x1b]0;title\\x07<script>\\n\\n  second line')",
        1,
        "raised ValueError: ",
    ),
    "forks-and-stays": (
        "import os, time\nif os.fork() == 0:\n    time.sleep(10_000)\nos._exit(0)",
        1,
        "killed its kernel",
    ),
}


def write(path: Path, *sources: str) -> None:
    """A notebook of these code cells."""
    cells = [new_markdown_cell("# Homework"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), str(path))


def thirty(folder: Path) -> dict[str, tuple[str, str, str]]:
    """Write the submissions; what has to be said of each: verdict, cell, start of the text."""
    expected = {}
    agrees = "the gradient agrees with the cost at 2 points"
    for k in range(10):
        data = DATA.format(seed=k, width=3 + k % 3)
        cells = [data, CODE, "%gradcheck"]
        if k % 3 == 1:
            cells = [data, "%%gradcheck\n" + CODE]
        elif k % 3 == 2:
            cells = [data, CODE, DIRECT]
        write(folder / f"right-{k}.ipynb", *cells)
        expected[f"right-{k}"] = ("PASS", f"cell {len(cells)}", agrees)
    for k, (old, new, said) in enumerate(BUGS):
        assert CODE.count(old) == 1
        cells = [DATA.format(seed=k, width=4), CODE.replace(old, new), "%gradcheck"]
        write(folder / f"wrong-{k:02}.ipynb", *cells)
        expected[f"wrong-{k:02}"] = ("FAIL", "cell 3", said)
    for name, (source, said) in BROKEN.items():
        write(folder / f"broken-{name}.ipynb", "import numpy as np", source)
        expected[f"broken-{name}"] = ("ERROR", "cell 2", said)
    write(folder / "broken-empty.ipynb")
    expected["broken-empty"] = ("ERROR", "-", "holds no gradient check")
    return expected
