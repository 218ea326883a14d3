"""Milliseconds from a key on the epsilon slider to the new picture, in a real browser.

    python benchmarks/latency.py [--steps 30] [--sizes 1e3,1e4,1e5]

Every step is an epsilon that was visited before, so the check itself is known; what is measured is
the way to the kernel, the drawing, the encoding, the way back and the painting in the page. The
load average is printed beside it, for other work on the machine makes every figure larger.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.browser.lab import FLAGS, Notebook, chromium, serving
from tests.browser.test_panel import written

CELL = """
import numpy as np
import gcmagic as gcm
%load_ext gcmagic
w = np.linspace(1.0, 2.0, {size}).reshape(-1, 10)
g = 2 * w
report = gcm.check(lambda w: np.sum(w * w), lambda w: 2 * w + (w < 1.01), w, steps=0)
"""


def measure(browser, server, home: Path, size: int, steps: int) -> tuple[float, float, float]:
    """Median, 90th percentile and fastest of `steps` steps of the slider."""
    cells = CELL.replace("{size}", str(size)), "report.explore()"
    notebook = Notebook.open(browser, server, written(home / f"n{size}.ipynb", *cells))
    notebook.run_all(300)
    panel = notebook.panel()
    for key in ("Home", "PageUp"):  # computed here, known from then on
        panel.press(key)
        unfinished = "checking", "first look", "waiting"
        for _ in range(3000):
            notebook.page.wait_for_timeout(100)
            words = panel.status
            if panel.readout in words and not any(word in words for word in unfinished):
                break
    took = panel.latencies(*["Home", "PageUp"] * (steps // 2))
    notebook.page.close()
    return statistics.median(took), statistics.quantiles(took, n=10)[-1], min(took)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--sizes", default="1e3,1e4,1e5")
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp())
    with serving(home) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        print("components  median ms  90 % ms  fastest ms  load")
        for size in (int(float(s)) for s in asked.sizes.split(",")):
            middle, high, low = measure(browser, server, home, size, asked.steps)
            load = os.getloadavg()[0]
            print(
                f"{size:>10,}  {middle:>9.0f}  {high:>7.0f}  {low:>10.0f}  {load:.1f}", flush=True
            )
        browser.close()


if __name__ == "__main__":
    main()
