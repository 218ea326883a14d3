"""Run a notebook without a browser, read the checks in its outputs, store it so that it diffs."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

from ..errors import GradcheckError, GradcheckFailed
from ..report import MIME

WIDGET = "application/vnd.jupyter.widget-view+json"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
FROM_TOP = "a notebook has to run from top to bottom: Restart Kernel and Run All Cells shows where"

# nbclient logs what it raises; the command line tells it once, in its own line.
_SILENT = logging.Logger("gcmagic.notebooks")
_SILENT.addHandler(logging.NullHandler())


class NotebookError(GradcheckError):
    """A notebook could not be run, or holds nothing to judge."""


class Stopped(NotebookError):  # noqa: N818 - the notebook did what it was asked to
    """A failed check raised, as it was asked to, and ended the run."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check that a notebook made.

    Attributes
    ----------
    cell
        The number that Jupyter shows beside the cell after Run All Cells, counted from 1.
    verdict
        ``"PASS"``, ``"FAIL"`` or ``"INCONCLUSIVE"``.
    text
        What the report's first line says about it.
    """

    cell: int
    verdict: str
    text: str


def read(path: Path) -> NotebookNode:
    """Read a Python notebook.

    Raises
    ------
    NotebookError
        Where there is no file, or it is no notebook, or one in another language.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotebookError("there is no such file; give the path of a notebook") from None
    except OSError as error:
        raise NotebookError(f"cannot be read ({error.strerror}); give a notebook") from None
    except UnicodeDecodeError:
        raise NotebookError("is not a notebook (not text); give an .ipynb file") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about cells without ids, which get some
            notebook: NotebookNode = nbformat.reads(source, as_version=4)
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
        raise NotebookError(f"is a notebook in {language}; gcmagic runs notebooks in Python")
    return notebook


def run(path: Path, *, timeout: int, tell: Callable[[Check], None]) -> NotebookNode:
    """Run all cells in a new kernel of this interpreter, in the notebook's folder.

    Parameters
    ----------
    path
        The notebook; the file is not changed.
    timeout
        Seconds that a cell may take.
    tell
        Called with each check as soon as its cell has run.

    Returns
    -------
    NotebookNode
        The notebook with its new outputs.

    Raises
    ------
    NotebookError
        One line: which cell could not be run, why, and what to do.
    """
    notebook = read(path)
    for cell in notebook.cells:  # an empty cell is not run and must not keep an old report
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    number, running = 0, NotebookNode()

    def before(cell: NotebookNode, cell_index: int) -> None:
        nonlocal number, running
        number, running = number + 1, cell
        with suppress(NotImplementedError):  # Ctrl-C: nbclient's handler ends in AssertionError
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)

    def after(cell: NotebookNode, cell_index: int, execute_reply: Any) -> None:
        for check in checks_of(cell, number):
            tell(check)

    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_manager_class=_ThisInterpreter,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.resolve().parent)}},
        record_timing=False,
        store_widget_state=False,
        on_cell_execute=before,
        on_cell_executed=after,
        log=_SILENT,
    )
    try:
        client.execute(stderr=subprocess.DEVNULL)  # errors of cells come in messages
    except CellExecutionError as error:
        if error.ename == GradcheckFailed.__name__:
            raise Stopped(
                f"cell {number} raises where a check fails, so the cells after it did not run"
            ) from None
        # a display that raises is in the outputs only; the reply then says "NoneType: None"
        shown = [o for o in running.outputs if o.output_type == "error"] or [vars(error)]
        said = next(iter(shown[-1]["evalue"].splitlines()), "")
        raised = f"{shown[-1]['ename']}: {said}" if said else shown[-1]["ename"]
        raise NotebookError(f"cell {number} raised {raised}; {FROM_TOP}") from None
    except CellTimeoutError:
        raise NotebookError(
            f"cell {number} took longer than {timeout} s; give it more with --timeout"
        ) from None
    except RuntimeError as error:
        if number:
            raise NotebookError(
                f"the kernel died in cell {number}; {FROM_TOP}. Memory that runs out is the "
                "usual reason"
            ) from None
        raise NotebookError(
            f"no kernel started ({error}); needed: an ipykernel that works, "
            "python -m ipykernel_launcher shows what is wrong"
        ) from None
    return notebook


def checks_of(cell: NotebookNode, number: int) -> Iterator[Check]:
    """The checks in a cell's outputs: every report, shown or raised."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if MIME in data:
            said = _after_colon(data.get("text/plain", ""))
            yield Check(number, data[MIME]["verdict"], said)
        elif output.get("ename") == GradcheckFailed.__name__:
            yield Check(number, "FAIL", _after_colon(output["evalue"]))


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
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")


def _after_colon(text: str) -> str:
    """``gradcheck FAIL: the gradient of W2 is wrong`` without the verdict."""
    return text.partition("\n")[0].partition(": ")[2]


class _ThisInterpreterSpecs(KernelSpecManager):
    """One kernel: ipykernel in the interpreter that runs gcmagic, registered or not.

    A registered ``python3`` may be another environment's, without gcmagic in it.
    """

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=str(RESOURCES), **get_kernel_dict())


class _ThisInterpreter(AsyncKernelManager):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(kernel_spec_manager=_ThisInterpreterSpecs(), **kwargs)
