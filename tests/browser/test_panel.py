"""The panel in a real browser: what a user moves, and what the user then sees."""

from __future__ import annotations

import statistics
from pathlib import Path

import nbformat
import pytest

from .lab import Notebook

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]

NETWORK = """
import numpy as np
import gcmagic as gcm
from gcmagic.jupyter.dashboard import Dashboard

def network(inputs, hidden):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(inputs, 8)), rng.normal(size=(2, 8))
    params = {"W1": rng.normal(size=(hidden, inputs)) / inputs**0.5,
              "b1": np.zeros((hidden, 1)),
              "W2": rng.normal(size=(2, hidden)), "b2": np.zeros((2, 1))}

    def cost(p):
        H = activation(p["W1"] @ X + p["b1"])
        return 0.5 * np.sum((p["W2"] @ H + p["b2"] - Y) ** 2) / X.shape[1]

    def backward(p):
        H = activation(p["W1"] @ X + p["b1"])
        delta = (p["W2"] @ H + p["b2"] - Y) / X.shape[1]
        below = (p["W2"].T @ delta) * (1 - H**2)
        return {"W1": below @ X.T, "b1": below.sum(1, keepdims=True),
                "W2": 2 * delta @ H.T, "b2": delta.sum(1, keepdims=True)}

    return cost, backward, params

def activation(Z):
    return np.tanh(Z)
"""
SHOW = "panel = Dashboard(report); panel.widget"


def written(path: Path, *cells: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c.strip()) for c in cells])
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def notebook(browser, server, tmp_path_factory):
    """A small network with its panel, and below it one of 10,000 components."""
    cells = [
        NETWORK,
        "report = gcm.check(*network(3, 4)); report",
        SHOW,
        "report = gcm.check(*network(200, 50), steps=0)",
        SHOW,
    ]
    path = written(tmp_path_factory.mktemp("written") / "panel.ipynb", *cells)
    opened = Notebook.open(browser, server, path)
    opened.run_all()
    yield opened
    opened.page.close()


def test_slider_layer_and_point_each_bring_another_picture_and_other_words(notebook):
    panel = notebook.panel()
    assert panel.status.startswith("all layers, epsilon 1e-5, given parameters: 8 of 26 comp")
    assert panel.readout == "1e-5"
    before = panel.picture()
    assert before.startswith(b"\x89PNG")

    panel.press("Home")
    panel.wait_for_status("all layers, epsilon 1e-12, given parameters: 8 of 26 components off")
    assert panel.readout == "1e-12"
    before = panel.wait_for_picture(before)

    assert panel.layers() == ["all", "✓ W1", "✓ b1", "✗ W2", "✓ b2"]
    panel.select("✗ W2")
    panel.wait_for_status("W2, epsilon 1e-12, given parameters: 8 of 8 components off, worst W2[")
    before = panel.wait_for_picture(before)

    panel.choose("after 5 training steps")
    panel.wait_for_status("W2, epsilon 1e-12, after 5 training steps: 8 of 8 components off")
    panel.wait_for_picture(before)


def test_the_picture_keeps_its_place(notebook):
    panel = notebook.panel()
    panel.select("✓ W1")
    panel.wait_for_status("W1, epsilon 1e-12")
    box = panel.image.bounding_box()
    shown = panel.picture()
    panel.press("PageUp")
    panel.wait_for_picture(shown)
    assert panel.image.bounding_box() == box


def test_pictures_follow_the_slider_at_10_000_components(notebook):
    panel = notebook.panel(1)
    for epsilon in ("1e-12", "5e-11"):  # computed once, then known
        panel.press("Home" if epsilon == "1e-12" else "PageUp")
        panel.wait_for_status(f"all layers, epsilon {epsilon}, given parameters: ")
        panel.wait_for_status("10,152 components off")
    took = panel.latencies("Home", "PageUp", "Home", "PageUp")
    panel.select("✓ b1")
    panel.wait_for_status("b1, epsilon 5e-11, given parameters: all 50 components agree")
    one = panel.latencies(*["PageUp"] * 4)
    print(f"ms from key to picture: all {[*map(round, took)]}, one layer {[*map(round, one)]}")
    assert statistics.median(took) < 500  # about 100 where nothing else runs
    assert statistics.median(one) < 500


def test_what_the_cost_raises_is_read_in_the_panel(notebook):
    panel = notebook.panel(1)
    notebook.execute("def activation(Z): raise ValueError('no <such> layer')")
    panel.press("End", "PageDown")
    assert "ValueError" in panel.wait_for_status("no <such> layer")
    assert not [text for text in notebook.outputs() if "Traceback" in text]
