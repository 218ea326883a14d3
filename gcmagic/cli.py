"""The command line: run notebooks and say which of their checks pass."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__

if TYPE_CHECKING:
    from .jupyter.notebooks import Check

PASSED, NOT_PASSED, COULD_NOT_RUN = 0, 1, 2

DESCRIPTION = """\
Run notebooks from top to bottom, each in a new kernel, and print a line a gradient check:
the notebook, the cell with the number that Jupyter shows beside it, the verdict, the reason.
"""

EPILOG = """\
exit status:
  0  every check is PASS
  1  a check is FAIL or INCONCLUSIVE
  2  a notebook could not be run to its end, or holds no check

examples:
  python -m gcmagic homework.ipynb
  python -m gcmagic --timeout 60 submissions/*.ipynb
  python -m gcmagic --save notebooks/01-two-sided-differences.ipynb
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv
        The arguments, without the program's name; those of the process by default.

    Returns
    -------
    int
        The exit status: 0 all checks pass, 1 one does not, 2 a notebook could not be run.
    """
    options = parser().parse_args(argv)
    try:
        from .jupyter import notebooks  # noqa: F401 - asks for the extra before anything runs
    except ModuleNotFoundError as missing:
        _complain(
            f"Python has no module {missing.name}, which running notebooks needs; "
            'pip install "gcmagic[notebooks]"'
        )
        return COULD_NOT_RUN
    try:
        return max([_run(path, options.timeout, options.save) for path in options.notebooks])
    except KeyboardInterrupt:
        _complain("stopped by the keyboard")
        return COULD_NOT_RUN


def parser() -> argparse.ArgumentParser:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m gcmagic",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "notebooks", nargs="+", type=Path, metavar="NOTEBOOK.ipynb", help="notebooks to run"
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=600,
        metavar="SECONDS",
        help="the longest that one cell may take (default: 600)",
    )
    parser.add_argument(
        "--save",
        action="store_true",
        help="store the new outputs in the notebook, without widgets and run times; "
        "a notebook that does not run to its end is left as it is",
    )
    parser.add_argument("--version", action="version", version=f"gcmagic {__version__}")
    return parser


def _run(path: Path, timeout: int, store: bool) -> int:
    from .jupyter import notebooks

    verdicts = []

    def tell(check: Check) -> None:
        verdicts.append(check.verdict)
        print(f"{path}  cell {check.cell}  {check.verdict}  {check.text}", flush=True)

    try:
        notebook = notebooks.run(path, timeout=timeout, tell=tell)
        if not verdicts:
            raise notebooks.NotebookError(
                "ran, but holds no gradient check; needed: a cell that shows a report, "
                "%gradcheck or gcm.check(...) as its last line"
            )
        if store:
            notebooks.save(notebook, path)
    except notebooks.Stopped as stopped:
        _complain(f"{path}: {stopped}" + "; not saved" * store)
        return COULD_NOT_RUN if store else NOT_PASSED
    except notebooks.NotebookError as error:
        _complain(f"{path}: {error}")
        return COULD_NOT_RUN
    return PASSED if all(verdict == "PASS" for verdict in verdicts) else NOT_PASSED


def _complain(message: str) -> None:
    print(f"gcmagic: {message}", file=sys.stderr, flush=True)


def _seconds(text: str) -> int:
    try:
        seconds = int(text)
    except ValueError:
        seconds = 0
    if seconds < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; needed: whole seconds, 1 or more")
    return seconds
