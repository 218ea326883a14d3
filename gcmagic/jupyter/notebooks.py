"""Read a notebook and the checks in its outputs; store it so that it diffs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from ..errors import GradcheckError, GradcheckFailed
from ..report import MIME
from ..submissions import VERDICTS, Check, plain

WIDGET = "application/vnd.jupyter.widget-view+json"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# a notebook that shows more is not one that a person wrote to be judged
MOST_CHECKS = 1000


class NotebookError(GradcheckError):
    """A notebook could not be run, or holds nothing to judge.

    Parameters
    ----------
    message
        What is wrong and what to do.
    cell
        The number of the cell that it is about, 0 where it is about none.
    """

    def __init__(self, message: str, cell: int = 0) -> None:
        super().__init__(message)
        self.cell = cell


def read(path: Path) -> bytes:
    """The bytes of a notebook's file.

    Raises
    ------
    NotebookError
        Where there is none, or it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotebookError("there is no such file; give the path of a notebook") from None
    except OSError as error:
        raise NotebookError(f"cannot be read ({error.strerror}); give a notebook") from None


def parse(source: bytes) -> NotebookNode:
    """A Python notebook from the bytes of its file.

    Raises
    ------
    NotebookError
        Where it is no notebook, or one in another language.
    """
    if not source.strip():
        raise NotebookError("is not a notebook (an empty file); give an .ipynb file")
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError:
        raise NotebookError("is not a notebook (not text); give an .ipynb file") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about cells without ids, which get some
            notebook: NotebookNode = nbformat.reads(text, as_version=4)
            nbformat.validate(notebook)
    except Exception as error:  # nbformat raises a dozen kinds, AttributeError among them
        reason = "no JSON" if "JSON" in type(error).__name__ else "not in Jupyter's format"
        raise NotebookError(
            f"is not a notebook ({reason}); give an .ipynb file that Jupyter opens"
        ) from None
    metadata = notebook.metadata
    language = metadata.get("language_info", metadata.get("kernelspec", {}))
    language = language.get("name" if "language_info" in metadata else "language", "python")
    if language.lower() != "python":
        raise NotebookError(f"is a notebook in {plain(language)}; gcmagic runs notebooks in Python")
    return notebook


def numbered(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """The code cells that run, with the number that Jupyter gives them in Run All Cells."""
    cells = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    yield from enumerate(cells, 1)


def checks_of(cell: NotebookNode, number: int) -> Iterator[Check]:
    """The checks in a cell's outputs: every report, shown or raised."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if MIME in data:
            yield _check(data[MIME], number)
        elif output.get("ename") == GradcheckFailed.__name__:
            said = str(output.get("evalue", "")).partition("\n")[0]  # the report's first line
            yield Check(number, "FAIL", plain(said.partition(": ")[2]))


def _check(report: Any, number: int) -> Check:
    """A check from a report's data, which anyone can have written."""
    try:
        verdict, said = report["verdict"], report["summary"].partition(": ")[2]
        findings = tuple((plain(f["code"]), plain(f["title"])) for f in report["findings"])
        if verdict in VERDICTS:
            return Check(number, verdict, plain(said), findings)
    except (TypeError, KeyError, AttributeError):
        pass
    raise NotebookError(
        "shows a report that gcmagic does not make; needed: the output of %gradcheck or "
        "gcm.check(...)",
        number,
    )


def stored_checks(notebook: NotebookNode) -> Iterator[Check]:
    """The checks in the outputs that a notebook was saved with.

    Raises
    ------
    NotebookError
        At a cell that was saved with an error, and at one that was not run though others were.
    """
    ran = any(cell.execution_count for _, cell in numbered(notebook))
    for number, cell in numbered(notebook):
        yield from checks_of(cell, number)
        stop = error_in(cell)
        if stop:
            raise NotebookError(f"raised {stop}", number)
        if ran and not cell.execution_count:
            raise NotebookError(
                "was saved without having run to its end; Restart Kernel and Run All Cells shows "
                "why",
                number,
            )


def error_in(cell: NotebookNode) -> str:
    """What a cell raised, in one line; empty where it raised nothing but a failed check."""
    shown = [o for o in cell.get("outputs", []) if o.output_type == "error"]
    if not shown or shown[-1].ename == GradcheckFailed.__name__:
        return ""
    return raised(shown[-1].ename, shown[-1].evalue)


def raised(name: object, said: object) -> str:
    """``ZeroDivisionError: division by zero``, in one line."""
    return f"{plain(name)}: {plain(said)}" if plain(said) else plain(name)


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Take out of a notebook that ran what differs from run to run, in place.

    Widgets go, because without a kernel Jupyter shows an error box in their place; so do the
    times of execution and the version of Python.
    """
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = NotebookNode(KERNELSPEC)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if WIDGET not in o.get("data", {})]
    return notebook


def save(notebook: NotebookNode, path: Path) -> None:
    """Store a notebook that ran, tidied."""
    text = nbformat.writes(tidy(notebook))  # whole before the file is touched
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")
