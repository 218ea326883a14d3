"""How long %gradcheck takes to find what it checks, in a namespace with 500 names.

    python benchmarks/discovery.py [--names 500] [--repeats 5]

Every notebook is one of the test table's, one a family, with functions, arrays and cells that have
nothing to do with it added until the namespace holds that many names. The times are
those of the processor: the first run, and the least of the repeats, which find the source of the
cells parsed. Beside them one forward and one backward pass of the same notebook, and the ratio of
the first run to it. The run fails where the first takes 0.3 s or more.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from gcmagic.discovery import discover, discover_cell
from tests.discovery.namespaces import ROWS
from tests.discovery.rows import Row, run_cells

LIMIT = 0.3


def filler(names: int) -> list[str]:
    """Cells of other things: functions with likely and unlikely names, arrays, numbers."""
    words = ("helper", "plot", "loss_curve", "model_eval", "network_stats")
    cells = []
    for start in range(0, names, 10):
        lines = []
        for k in range(start, min(start + 10, names), 2):
            lines.append(
                f"def {words[k % 5]}_{k}(a, b):\n    c = np.tanh(a) + {k} * b\n    return c"
            )
            lines.append(f"array_{k} = np.ones(({k % 9 + 1}, 4))")
        cells.append("\n".join(lines) + "\n")
    return cells


def least(repeats: int, work: Callable[[], Any]) -> float:
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def measure(row: Row, names: int, repeats: int) -> tuple[int, float, float, float]:
    cells = row.cells()
    others = filler(names - len(run_cells(cells)))
    cells = [*cells[:-1], *others, cells[-1]]
    namespace = run_cells(cells)

    def found() -> Any:
        if row.backward == "the cell":
            return discover_cell(cells[-1], namespace, **row.hints)
        return discover(namespace, cells=cells, **row.hints)

    start = time.process_time()
    problem = found()
    first = time.process_time() - start

    def once() -> None:
        problem.cost(problem.params)
        problem.grad(problem.params)

    return len(namespace), first, least(repeats, found), least(20 * repeats, once)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--names", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    first = {row.family: row for row in reversed(ROWS) if not row.wrong}
    print(f"{'notebook':<42}{'names':>6}{'first':>10}{'again':>10}{'one pass':>12}{'ratio':>8}")
    slow = []
    for family in "TFLSIDVKPO":
        row = first[family]
        with contextlib.redirect_stdout(io.StringIO()):  # what the notebooks print
            count, taken, again, once = measure(row, asked.names, asked.repeats)
        name = f"{family}: {row.name}"
        times = f"{taken:>8.3f} s{again:>8.3f} s{1e3 * once:>9.3f} ms"
        print(f"{name:<42}{count:>6}{times}{taken / once:>8.0f}")
        slow += [name] if taken >= LIMIT else []
    if slow:
        sys.exit(f"{LIMIT} s or more: {', '.join(slow)}")


if __name__ == "__main__":
    main()
