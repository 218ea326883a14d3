"""A wrong notebook mended by --apply: the cell arrives, is run by hand, and the check passes."""

from __future__ import annotations

import pytest

from .lab import ACTIVATE, Notebook
from .test_front_ends import BACKWARD, DATA, FORWARD, MENDED
from .test_panel import written

pytestmark = pytest.mark.browser
CHECK = "%gradcheck --repair 20 --apply"
SOURCES = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .map(cell => cell.model.sharedModel.source.trim())"""


@pytest.fixture
def notebook(browser, server):
    cells = (DATA, FORWARD, BACKWARD, "")
    opened = Notebook.open(browser, server, written(server.folder / "wrong.ipynb", *cells))
    opened.run_all()
    opened.edit("", CHECK)
    yield opened
    opened.page.close()


def test_the_mended_cell_comes_next_and_makes_the_check_pass(notebook):
    page = notebook.page
    page.evaluate(ACTIVATE, CHECK)
    notebook.command("notebook:run-cell")
    page.wait_for_function(f"() => ({SOURCES})().length === 5", timeout=60_000)
    *before, new = page.evaluate(SOURCES)
    assert before == [DATA.strip(), FORWARD.strip(), BACKWARD.strip(), CHECK]
    assert new == MENDED
    shown = "\n".join(notebook.outputs())
    assert "FAIL" in shown
    assert "with this change the gradient is right" in shown

    notebook.run_cell_with(new)  # by hand: nothing is applied by itself
    notebook.run_cell_with(CHECK)
    page.locator(".gcmagic-report", has_text="FAIL").wait_for(state="detached")
    assert page.locator(".gcmagic-report").inner_text().startswith("✓ PASS")
    assert len(page.evaluate(SOURCES)) == 5  # nothing to mend: no further cell
