"""A row of the table: a namespace in the style of a course notebook, and what must be found."""

from __future__ import annotations

import copy
import itertools
import linecache
import textwrap
import types
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gcmagic.discovery import discover, discover_cell
from gcmagic.sandbox import untouched

_numbers = itertools.count()


@dataclass(frozen=True)
class Row:
    name: str
    family: str
    source: str
    params: str
    backward: str
    cost: str
    wrong: str = ""
    hints: dict[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    unchecked: str = ""

    def broken(self, name: str, old: str, new: str, wrong: str) -> Row:
        assert self.source.count(old) >= 1, (self.name, old)
        return replace(
            self, name=f"{self.name}: {name}", source=self.source.replace(old, new), wrong=wrong
        )

    def cells(self) -> list[str]:
        return [cell.strip("\n") + "\n" for cell in textwrap.dedent(self.source).split("# %%\n")]

    def namespace(self) -> dict[str, Any]:
        return run_cells(self.cells())

    def found(self, namespace: dict[str, Any]):
        if self.backward == "the cell":
            return discover_cell(self.cells()[-1], namespace, **self.hints)
        return discover(namespace, cells=self.cells(), **self.hints)


def run_cells(cells: list[str]) -> dict[str, Any]:
    """Run cells as a notebook does; their source is there for inspect.getsource."""
    namespace: dict[str, Any] = types.ModuleType("__main__").__dict__
    namespace["np"] = np
    for cell in cells:
        name = f"<cell {next(_numbers)}>"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        exec(compile(cell, name, "exec"), namespace)
    return namespace


def disagreeing(problem, seed: int = 0, step: float = 1e-5) -> list[str]:
    """Names of the arrays whose gradient is not the central difference of the cost."""
    layout = problem.layout
    rng = np.random.default_rng(seed)
    theta = layout.flatten(problem.params)
    theta = theta + 0.05 * rng.standard_normal(theta.size)
    wrong = []
    with untouched(*problem.roots) as snapshot:
        # a copy: what lies in the layers is put back in place
        given = copy.deepcopy(problem.grad(layout.unflatten(theta)))
        snapshot.restore()
        for block in layout.blocks:
            numeric = np.empty(block.size)
            for k in range(block.size):
                pair = []
                for sign in (1, -1):
                    moved = theta.copy()
                    moved[block.start + k] += sign * step
                    pair.append(problem.cost_at(moved))
                    snapshot.restore()
                numeric[k] = (pair[0] - pair[1]) / (2 * step)
            path = layout.paths[layout.blocks.index(block)]
            value: Any = given
            for key in path:
                value = value[key]
            value = np.asarray(value, dtype=float)
            if value.size != block.size or not np.allclose(
                value.reshape(-1), numeric, rtol=1e-4, atol=1e-7
            ):
                wrong.append(block.name)
    return wrong
