"""The notebook of the course, opened and run as a student does, and its panel moved."""

from __future__ import annotations

import pytest

from .lab import Notebook
from .test_panel import ROOT

pytestmark = pytest.mark.browser
PATH = ROOT / "notebooks" / "03-finding-the-bug.ipynb"


@pytest.fixture(scope="module")
def notebook(browser, server):
    opened = Notebook.open(browser, server, PATH)
    opened.run_all(90)
    yield opened
    opened.page.close()


def test_it_runs_and_shows_a_verdict_a_picture_and_a_panel_for_every_check(notebook):
    reports = notebook.page.locator(".gcmagic-report")
    texts = reports.all_inner_texts()
    assert ["FAIL" in text for text in texts] == [True, True, False, False]
    assert ["PASS" in text for text in texts] == [True, True, True, True]
    assert notebook.panels() == len(texts) - 1  # one is --static
    assert "(1 - A1 ** 2)" in "".join(notebook.outputs())  # the edit, below the second report
    for k in range(len(texts)):
        picture = reports.nth(k).locator("img")
        assert picture.evaluate("image => image.complete && image.naturalWidth > 500")
        assert len(picture.get_attribute("alt")) > 50


def test_its_panel_follows_epsilon_layer_and_point(notebook):
    panel = notebook.panel()
    first, before = panel.status, panel.picture()
    assert first.startswith("all layers, epsilon 1e-5, random initialisation: ")
    assert "components off, worst W1[" in first

    panel.press("Home")
    panel.wait_for_status("all layers, epsilon 1e-12, random initialisation: ")
    second = panel.wait_for_status("components off")
    before = panel.wait_for_picture(before)

    assert panel.layers() == ["all", "✗ W1", "✗ b1", "✓ W2", "✓ b2"]
    panel.select("✓ b2")
    third = panel.wait_for_status("b2, epsilon 1e-12, random initialisation: ")
    before = panel.wait_for_picture(before)

    panel.choose("after 5 training steps")
    fourth = panel.wait_for_status("b2, epsilon 1e-12, after 5 training steps: ")
    before = panel.wait_for_picture(before)

    panel.press("End", "PageDown", "PageDown", "PageDown")
    fifth = panel.wait_for_status("b2, epsilon 1e-6, after 5 training steps: all 10 components")
    panel.wait_for_picture(before)
    assert len({first, second, third, fourth, fifth}) == 5


def test_running_its_check_again_replaces_the_panel(notebook):
    panels = notebook.panels()
    old = notebook.panel().status
    notebook.run_cell_with("report = %gradcheck --repair 0\nreport")
    assert notebook.panels() == panels
    panel = notebook.panel()
    assert panel.status.startswith("all layers, epsilon 1e-5, random initialisation: ")
    assert panel.status != old
    shown = panel.picture()
    panel.select(panel.layers()[-1])
    panel.wait_for_picture(shown)
