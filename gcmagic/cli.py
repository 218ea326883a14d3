"""The command line: judge notebooks by the gradient checks in them, and store their outputs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from . import __version__, class_table
from .submissions import ERROR, Check, Submission, plain

PASSED, NOT_PASSED, COULD_NOT_RUN = 0, 1, 2

EPILOG = """\
examples:
  python -m gcmagic check homework.ipynb
  python -m gcmagic check submissions/ --jobs 4 --timeout 60 --html class.html --csv class.csv
  python -m gcmagic check --no-execute submissions/
  python -m gcmagic exercises week-3.ipynb week-3-solutions.py
  python -m gcmagic save notebooks/01-two-sided-differences.ipynb
"""

CHECK = """\
Run notebooks from top to bottom, each in a process of its own, and print a line a gradient check:
the notebook, the cell with the number that Jupyter shows beside it, the verdict, the reason. A
notebook that cannot be run to its end gets a line with ERROR; the others are judged all the same.
"""

CHECK_EPILOG = """\
exit status:
  0  every check is PASS
  1  a check is FAIL or INCONCLUSIVE
  2  a notebook could not be run to its end, or holds no check

Notebooks run as you, with your files and your network: limits of time and memory are for
mistakes, not for malice. Judge notebooks of people whom you do not trust in a container.
"""

SAVE = """\
Run notebooks from top to bottom and store the new outputs in them, without widgets and run times.
A notebook that does not run to its end is left as it is.
"""

SAVE_EPILOG = """\
exit status:
  0  all are stored, whatever their verdicts
  2  one could not be run to its end
"""

EXERCISES = """\
Run a notebook with exercises twice, as it is handed out and solved, and print a line an exercise:
its check has to fail as handed out and to pass solved. A cell with the tag exercise:NAME is an
exercise; the cell "# %% NAME" of the script SOLUTIONS.py takes its place.
"""

EXERCISES_EPILOG = """\
exit status:
  0  every exercise fails as handed out and passes solved
  1  one does not
  2  the notebook could not be run, or exercises and solutions do not belong together
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
        The exit status: 0 all is well, 1 a check does not pass, 2 a notebook could not be run.
    """
    options = parser().parse_args(argv)
    with suppress(AttributeError):  # a console may lack letters that a notebook's name has
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]
    try:
        from .jupyter import judging  # noqa: F401 - asks for the extra before anything runs
    except ModuleNotFoundError as missing:
        _complain(
            f"Python has no module {missing.name}, which running notebooks needs; "
            'pip install "gcmagic[notebooks]"'
        )
        return COULD_NOT_RUN
    try:
        return options.command(options)
    except KeyboardInterrupt:
        _complain("stopped by the keyboard")
        return COULD_NOT_RUN


def parser() -> argparse.ArgumentParser:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m gcmagic",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"gcmagic {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        run: Callable[[argparse.Namespace], int], text: str, help: str, epilog: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(
            run.__name__.strip("_"),
            description=text,
            help=help,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(command=run)
        return made

    check = command(_check, CHECK, "judge notebooks by the checks in them", CHECK_EPILOG)
    check.add_argument(
        "notebooks", nargs="+", type=Path, metavar="PATH", help="notebooks, or folders of them"
    )
    check.add_argument(
        "--no-execute",
        action="store_true",
        help="run nothing: believe the reports that are stored in the notebooks",
    )
    check.add_argument(
        "--checks",
        type=_count,
        default=1,
        metavar="N",
        help="how many checks a notebook has to hold; one with fewer is an ERROR (default: 1)",
    )
    _timeout(check)
    check.add_argument(
        "--memory",
        type=_count,
        default=4096,
        metavar="MB",
        help="the most memory that a process of a notebook may take, where the system "
        "has such limits, as Linux has (default: 4096; NumPy alone takes some hundreds)",
    )
    check.add_argument(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="how many notebooks are judged at once, -1 for one a core (default: 1)",
    )
    check.add_argument("--html", type=_writable, metavar="FILE", help="write a page of the results")
    check.add_argument("--csv", type=_writable, metavar="FILE", help="write a row a notebook")
    check.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="store the notebooks there as they ran; their own files are not changed",
    )
    save = command(_save, SAVE, "run notebooks and store their outputs", SAVE_EPILOG)
    save.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK.ipynb")
    _timeout(save)
    both = command(_exercises, EXERCISES, "try exercises handed out and solved", EXERCISES_EPILOG)
    both.add_argument("notebook", type=Path, metavar="NOTEBOOK.ipynb")
    both.add_argument("solutions", type=Path, metavar="SOLUTIONS.py")
    _timeout(both)
    return parser


def _check(options: argparse.Namespace) -> int:
    from .jupyter.judging import Orders, judge

    if options.no_execute and options.keep:
        _complain("--keep stores notebooks as they ran, and with --no-execute none runs")
        return COULD_NOT_RUN
    if options.jobs == 0:
        _complain("--jobs is 0; needed: a number of notebooks at once, -1 for one a core")
        return COULD_NOT_RUN
    orders = Orders(
        execute=not options.no_execute,
        timeout=options.timeout,
        memory=options.memory,
        checks=options.checks,
        jobs=options.jobs if options.jobs > 0 else os.cpu_count() or 1,
        keep=options.keep,
    )
    paths, empty = _notebooks(options.notebooks)
    found = list(empty)
    for submission in empty:
        _print(submission)
    for submission in judge(paths, orders):
        _print(submission)
        found.append(submission)
    for file, write in ((options.html, class_table.page), (options.csv, class_table.sheet)):
        if file:
            file.write_text(write(found), encoding="utf-8")
    return max(_status(submission) for submission in found)


def _status(submission: Submission) -> int:
    if submission.verdict == ERROR:
        return COULD_NOT_RUN
    return PASSED if submission.verdict == "PASS" else NOT_PASSED


def _notebooks(given: Sequence[Path]) -> tuple[list[Path], list[Submission]]:
    """The notebooks in the folders among what was given, each once; and the folders without."""
    found: dict[Path, None] = {}
    empty = []
    for path in given:
        below = [path]
        if path.is_dir():
            below = sorted(p for p in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
            if not below:
                empty.append(
                    Submission(plain(path), error="holds no notebook; needed: .ipynb files in it")
                )
        found.update(dict.fromkeys(below))
    return list(found), empty


def _save(options: argparse.Namespace) -> int:
    from .jupyter import notebooks, running

    status = PASSED
    for path in options.notebooks:
        checks: list[Check] = []
        found = Submission(plain(path))
        try:
            notebook = notebooks.parse(notebooks.read(path))
            running.run(
                notebook, path.resolve().parent, timeout=options.timeout, tell=checks.append
            )
            notebooks.save(notebook, path)
        except notebooks.NotebookError as error:
            said = f"not saved: {error}"
            found = replace(found, error=said, cell=error.cell)
            status = COULD_NOT_RUN
        _print(replace(found, checks=tuple(checks)))
    return status


def _exercises(options: argparse.Namespace) -> int:
    from .jupyter import exercises, notebooks

    name = plain(options.notebook)
    try:
        found = exercises.try_both(options.notebook, options.solutions, timeout=options.timeout)
    except notebooks.NotebookError as error:
        _print(Submission(name, error=str(error), cell=error.cell))
        return COULD_NOT_RUN
    for one in found:
        said = "as it should be" if one.good else "needed: not PASS, then PASS"
        states = f"handed out {one.handed_out}, solved {one.solved}"
        print(f"{name}  cell {one.cell}  {plain(one.name)}  {states}  {said}", flush=True)
    return PASSED if all(one.good for one in found) else NOT_PASSED


def _print(submission: Submission) -> None:
    for cell, verdict, text in submission.rows:
        where = f"cell {cell}" if cell else "-"
        print(f"{submission.path}  {where}  {verdict}  {text}", flush=True)


def _complain(message: str) -> None:
    print(f"gcmagic: {message}", file=sys.stderr, flush=True)


def _timeout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timeout",
        type=_count,
        default=600,
        metavar="SECONDS",
        help="the longest that the cells of a notebook may take together (default: 600)",
    )


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"is {text!r}; needed: a whole number, 1 or more")
    return number


def _writable(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise argparse.ArgumentTypeError(f"is {text!r}; needed: a file in a folder that exists")
    return path
