"""Run notebooks in JupyterLab in a real browser and photograph them, to be looked at.

    python scripts/look.py FOLDER [NOTEBOOK...] [--width 1100] [--zoom 2] [--themes light,dark]

Without notebooks, all of the course. Each is photographed from top to bottom in every theme, in as
many files as it takes. Exits with 1 if a cell raises an error and is not tagged raises-exception.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.browser.lab import FLAGS, Notebook, chromium, serving

PIECE = 1500  # pixels of height in one file
LONGEST = 300  # seconds that a notebook may run
HEIGHT = """() => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const scroller = notebook.node.querySelector('.jp-WindowedPanel-outer') || notebook.node;
  notebook.activeCellIndex = 0;
  notebook.deselectAll();
  scroller.scrollTop = 0;
  return Math.ceil(scroller.scrollHeight);
}"""


SETTLED = """() => ![...document.querySelectorAll('.gcmagic-panel [role=status]')]
  .some(line => /: (checking|waiting|a first look)/.test(line.innerText))"""


def photograph(notebook: Notebook, name: str, folder: Path, width: int) -> int:
    """One file for each `PIECE` of the notebook's height; how many."""
    page = notebook.page
    page.set_viewport_size({"width": width, "height": 1000})
    page.wait_for_timeout(300)
    height = page.evaluate(HEIGHT) + 150  # with the bars above it
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(500)
    page.evaluate(HEIGHT)
    page.wait_for_timeout(300)
    count = 0
    for top in range(0, height, PIECE):
        count += 1
        clip = {"x": 0, "y": top, "width": width, "height": min(PIECE, height - top)}
        page.screenshot(path=folder / f"{name}-{count:02}.png", clip=clip)
    return count


def main() -> None:
    """Print a line a notebook."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--width", type=int, default=1100)
    parser.add_argument("--zoom", type=float, default=1.0, help="of the browser")
    parser.add_argument("--themes", default="light,dark")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    paths = asked.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    home = Path(tempfile.mkdtemp())
    with serving(home) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        failed = False
        width = round(asked.width / asked.zoom)
        for path in paths:
            begun = time.monotonic()
            notebook = Notebook.open(browser, server, path, asked.width, asked.zoom)
            notebook.command("application:toggle-left-area")
            words = "no error"
            try:
                notebook.run_all(LONGEST)
            except AssertionError as error:
                words, failed = str(error), True
            seconds = time.monotonic() - begun
            notebook.page.wait_for_function(SETTLED, timeout=60_000)  # panels go on by themselves
            for theme in asked.themes.split(","):
                notebook.theme(dark=theme == "dark")
                count = photograph(notebook, f"{path.stem}-{theme}", asked.folder, width)
            print(f"{path.name}: {seconds:.0f} s, {count} pictures, {words}", flush=True)
            notebook.page.close()
        browser.close()
    sys.exit(failed)


if __name__ == "__main__":
    main()
