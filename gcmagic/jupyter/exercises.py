"""Exercises in both states: as handed out, where their checks fail, and solved, where they pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from ..submissions import VERDICTS, Check
from .notebooks import NotebookError, error_in, numbered, parse, read
from .running import run

TAG = "exercise:"
CELL = re.compile(r"^# %%[ \t]*(.*)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of a notebook, tried in both states.

    Attributes
    ----------
    name
        What stands after ``exercise:`` in its cell's tag.
    cell
        The number of its cell.
    handed_out, solved
        The worst verdict of the checks from its cell up to the next exercise, ``"ERROR"`` where a
        cell raises, ``"nothing"`` where there is no check.
    """

    name: str
    cell: int
    handed_out: str
    solved: str

    @property
    def good(self) -> bool:
        """Whether one can fail it and can solve it."""
        return self.handed_out not in ("PASS", "nothing") and self.solved == "PASS"


def solutions_in(text: str) -> dict[str, str]:
    """The cells of a script by name; ``# %% NAME`` begins one, as editors know it.

    Examples
    --------
    >>> solutions_in("# %% one" + chr(10) + "x = 1" + chr(10))
    {'one': 'x = 1'}
    """
    parts = CELL.split(text)[1:]
    return {name.strip(): body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def solve(notebook: NotebookNode, solutions: dict[str, str]) -> NotebookNode:
    """A copy of a notebook with each exercise's cell replaced by its solution.

    Raises
    ------
    NotebookError
        Where an exercise has no solution, or a solution no exercise.
    """
    solved = deepcopy(notebook)
    cells = {name: cell for _, cell in numbered(solved) for name in _names(cell)}
    if not cells:
        raise NotebookError(f"holds no exercise; needed: cells with a tag such as {TAG}one")
    if set(cells) != set(solutions):
        without = ", ".join(sorted(set(cells) - set(solutions))) or "none"
        surplus = ", ".join(sorted(set(solutions) - set(cells))) or "none"
        raise NotebookError(
            "and its solutions do not belong together; exercises without a solution: "
            f"{without}; solutions without an exercise: {surplus}"
        )
    for name, cell in cells.items():
        cell.source = solutions[name]
    return solved


def try_both(path: Path, solutions: Path, *, timeout: int) -> list[Exercise]:
    """Run a notebook as it is handed out and solved, and say how each exercise did.

    Parameters
    ----------
    path
        The notebook; cells with the tag ``exercise:NAME`` are the exercises.
    solutions
        A script with a cell ``# %% NAME`` for each.
    timeout
        Seconds that all cells together may take, in either state.

    Raises
    ------
    NotebookError
        Where the notebook cannot be run, or exercises and solutions do not belong together.
    """
    notebook = parse(read(path))
    solved = solve(notebook, solutions_in(read(solutions).decode("utf-8")))
    states = []
    for state in (notebook, solved):
        checks: list[Check] = []
        run(state, path.resolve().parent, timeout=timeout, tell=checks.append, allow_errors=True)
        states.append({name: (cell, worst) for name, cell, worst in _worst(state, checks)})
    return [
        Exercise(name, cell, handed_out, states[1][name][1])
        for name, (cell, handed_out) in states[0].items()
    ]


def _worst(notebook: NotebookNode, checks: list[Check]) -> Iterator[tuple[str, int, str]]:
    """Name, cell and worst verdict of each exercise in a notebook that ran."""
    cells = dict(numbered(notebook))
    starts = [(k, name) for k, cell in cells.items() for name in _names(cell)]
    ends = [k for k, _ in starts[1:]] + [len(cells) + 1]
    for (start, name), end in zip(starts, ends, strict=True):
        verdicts = [check.verdict for check in checks if start <= check.cell < end]
        worst = max(verdicts, key=VERDICTS.index, default="nothing")
        raises = any(error_in(cells[k]) for k in range(start, end))
        yield name, start, "ERROR" if raises else worst


def _names(cell: NotebookNode) -> list[str]:
    tags = cell.metadata.get("tags", [])
    return [tag.removeprefix(TAG).strip() for tag in tags if tag.startswith(TAG)]
