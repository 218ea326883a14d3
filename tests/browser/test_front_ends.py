"""A notebook run, moved, edited, saved and reopened, in JupyterLab and in Notebook 7."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from gcmagic.notation import exponent
from gcmagic.plots import VIEWS

from .lab import Notebook, serving
from .test_panel import written

pytestmark = pytest.mark.browser

DATA = """
import numpy as np
%load_ext gcmagic
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(5, 12)), rng.normal(size=(2, 12))
params = {"W1": rng.normal(size=(4, 5)), "b1": np.zeros((4, 1)),
          "W2": rng.normal(size=(2, 4)), "b2": np.zeros((2, 1))}

def compute_cost(A2, Y):
    return 0.5 * np.sum((A2 - Y) ** 2) / Y.shape[1]
"""
FORWARD = """
def forward(X, params):
    A1 = np.tanh(params["W1"] @ X + params["b1"])
    A2 = params["W2"] @ A1 + params["b2"]
    cache = (A1, A2)
    return A2, cache
"""
BACKWARD = """
def backward(X, Y, cache, params):
    A1, A2 = cache
    dZ2 = (A2 - Y) / Y.shape[1]
    dZ1 = params["W2"].T @ dZ2 * (1 - A1**2)
    return {"dW1": dZ1 @ X.T, "db1": dZ1.sum(axis=1, keepdims=True),
            "dW2": 2 * dZ2 @ A1.T, "db2": dZ2.sum(axis=1, keepdims=True)}
"""
MENDED = BACKWARD.replace("2 * dZ2", "dZ2").strip()
CELLS = (DATA, FORWARD, BACKWARD, "report = %gradcheck --watch\nreport")


def data_of(notebook):
    """The report's figures, written down by the kernel."""
    path = notebook.server.folder / "report.json"
    notebook.execute("import json; open('report.json', 'w').write(json.dumps(report.to_dict()))")
    return json.loads(path.read_text())


def sentence(data, place, name):
    """What the line of text has to say of one wrong array."""
    phase = data["phases"][place]
    block = next(b for b in phase["blocks"] if b["name"] == name)
    pairs = list(zip(block["analytic"], block["numeric"], strict=True))
    worst = max(range(len(pairs)), key=lambda k: abs(pairs[k][0] - pairs[k][1]))
    index = np.unravel_index(block["components"][worst], block["shape"])
    return (
        f"{name}, epsilon {exponent(phase['epsilon'])}, {phase['name']}: "
        f"{block['status'].count('WRONG')} of {block['checked']} components off, "
        f"worst {name}[{', '.join(map(str, index))}]: "
        f"analytic {pairs[worst][0]:.3g}, numeric {pairs[worst][1]:.3g}"
    )


@pytest.fixture(scope="module", params=["jupyterlab", "notebook"])
def notebook(request, browser, tmp_path_factory):
    home = tmp_path_factory.mktemp(request.param)
    with serving(home, request.param) as server:
        opened = Notebook.open(browser, server, written(home / "network.ipynb", *CELLS))
        opened.server = server
        opened.run_all()
        yield opened
        opened.page.close()


def test_everything_that_can_be_moved_brings_its_picture_and_its_words(notebook):
    panel, data = notebook.panel(), data_of(notebook)
    pictures = [panel.picture()]
    assert panel.layers() == ["all", "✓ W1", "✓ b1", "✗ W2", "✓ b2"]

    panel.press("PageUp")
    panel.wait_for_status(f"all layers, epsilon {panel.readout}, random initialisation: 8 of 34")
    pictures.append(panel.wait_for_picture(pictures[-1]))

    panel.drag(0.3)
    shown = panel.wait_for_status(f"epsilon {panel.readout}, random initialisation: 8 of 34")
    assert re.match(r"all layers, epsilon \de-(8|9), random", shown), shown
    pictures.append(panel.wait_for_picture(pictures[-1]))

    panel.type("2e-7")
    panel.wait_for_status("all layers, epsilon 2e-7, random initialisation: 8 of 34 components")
    pictures.append(panel.wait_for_picture(pictures[-1]))

    panel.type("1e-5")
    panel.select("✗ W2")
    assert sentence(data, 0, "W2") in panel.wait_for_status("W2, epsilon 1e-5, random init")
    pictures.append(panel.wait_for_picture(pictures[-1]))

    panel.choose("after 5 training steps")
    assert sentence(data, 1, "W2") in panel.wait_for_status("W2, epsilon 1e-5, after 5")
    pictures.append(panel.wait_for_picture(pictures[-1]))

    panel.choose("jittered")
    panel.wait_for_status("W2, epsilon 1e-5, jittered: 8 of 8 components off, worst W2[")
    pictures.append(panel.wait_for_picture(pictures[-1]))

    for view in list(VIEWS.values())[1:]:
        panel.look(view.words)
        pictures.append(panel.wait_for_picture(pictures[-1]))
        assert panel.status.startswith("W2, epsilon 1e-5, jittered: 8 of 8 components off, worst")
    assert len(set(pictures)) == len(pictures)
    assert not notebook.page.locator(
        ".jp-mod-error, .jp-OutputArea-output:has-text('Trace')"
    ).count()


def test_the_keyboard_reaches_every_control_in_order(notebook):
    panel = notebook.panel()
    panel.box.locator(".widget-slider .noUi-handle").focus()
    seen = []
    for _ in range(11):
        seen.append(
            notebook.page.evaluate(
                "() => (document.activeElement.innerText || document.activeElement.className)"
            )
        )
        notebook.page.keyboard.press("Tab")
    words = " ".join(seen)
    for control in ("noUi-handle", "heat", "all", "✗ W2", "jittered", "after 5 training steps"):
        assert control in words.replace("\xa0", " "), seen


def test_a_forward_that_fails_is_told_in_the_panel_at_once(notebook):
    panel = notebook.panel()
    notebook.execute("def forward(X, params): raise ValueError('not yet')")
    panel.wait_for_status("not checked: ValueError: not yet (line 1 of forward: ")
    notebook.execute(FORWARD)
    panel.wait_for_status("Still FAIL on W2")


def test_an_edited_cell_is_checked_again_and_the_panel_says_what_changed(notebook):
    notebook.edit(BACKWARD.strip(), MENDED)
    notebook.run_cell_with(MENDED)
    panel = notebook.panel()
    panel.wait_for_status("as FAIL on W2, now PASS")
    assert panel.layers() == ["all", "✓ W1", "✓ b1", "✓ W2", "✓ b2"]
    assert "gradcheck --watch: was FAIL on W2, now PASS" in "\n".join(notebook.outputs())
    assert notebook.panels() == 1


def test_reopened_without_a_kernel_the_report_stands_alone(notebook, browser):
    notebook.save()
    server = notebook.server
    saved = json.loads((server.folder / "network.ipynb").read_text())
    assert "state" not in saved["metadata"].get("widgets", {})
    again = Notebook.reopen_without_kernel(browser, server, "network.ipynb")
    report = again.page.locator(".gcmagic-report")
    report.wait_for()
    assert "FAIL" in report.inner_text()
    picture = report.locator("img")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 500")
    assert "W2 8 of 8" in picture.get_attribute("alt")
    again.page.close()
