"""``%gradcheck --watch``: the check again when a cell has redefined what it checks."""

from __future__ import annotations

import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.display import display

from ..adapters.rebound import failure, rebound
from ..discovery.limit import TimeLimitReached, limited
from ..discovery.trial import quiet
from ..errors import BindingError, CheckInterrupted, GradcheckError
from ..report import Report
from ..sandbox import global_names
from .sentences import changed
from .showing import Stage

Check = Callable[[], Report]
PATIENCE = 3.0  # seconds that one run of what raised may take


class Follower:
    """Looks after every cell whether a function that was checked is another one now.

    Parameters
    ----------
    shell
        Whose cells.
    stage
        Where the panels are that say what has changed.
    """

    def __init__(self, shell: InteractiveShell, stage: Stage) -> None:
        self._shell = shell
        self._stage = stage
        self._check: Check | None = None
        self._first: Report | None = None
        self._last: Report | None = None
        self._seen: dict[str, Any] = {}
        self._fresh = False

    def follow(self, report: Report, check: Check) -> None:
        """Watch what `report` is about; `check` makes another one. One check is watched at a time.

        Parameters
        ----------
        report
            What is known now.
        check
            Makes the check again, in the namespace as it is then.
        """
        if self._check is None:
            self._shell.events.register("post_run_cell", self._after_cell)
        self._check, self._first, self._last = check, report, report
        self._fresh = True  # the cell that is running defines nothing new

    def skip(self) -> None:
        """The next cell to end is checked by the one that runs it."""
        self._fresh = True

    def end(self) -> bool:
        """Watch no longer; whether anything was watched."""
        if self._check is None:
            return False
        self._shell.events.unregister("post_run_cell", self._after_cell)
        self._check = self._first = self._last = None
        self._seen = {}
        return True

    def _after_cell(self, result: ExecutionResult) -> None:
        now = definitions(self._shell.user_ns)
        seen, self._seen = self._seen, now
        if self._fresh:
            self._fresh = False
            return
        other = {name for name in now.keys() | seen.keys() if now.get(name) is not seen.get(name)}
        if other & self._names(now, seen):
            self._again()

    def _names(self, *spaces: dict[str, Any]) -> set[str]:
        """The names that the functions which are checked go by, and all that these call."""
        assert self._last is not None
        words = self._last.problem.how + " " + self._last.problem.cost_name
        found: set[str] = set()
        for space in spaces:
            left = [name for name in space if _is_word(name, words)]
            while left:
                name = left.pop()
                if name not in found:
                    found.add(name)
                    left += [n for n in called(space.get(name)) if n in space]
        return found

    def _why(self, error: BaseException) -> str:
        """What went wrong; where nothing can be bound because the user's code raises, that.

        A forward that only raises has no cache to show, so discovery knows of no binding any more.
        The one that held before the cell still tells which call fails.
        """
        assert self._last is not None
        if isinstance(error, BindingError):
            raised = ""
            with suppress(TimeLimitReached), quiet(), limited(PATIENCE):
                raised = failure(rebound(self._last.problem, self._shell.user_ns))
            if raised:
                return f"not checked: {raised}"
        return str(error)

    def _again(self) -> None:
        """Check, and tell what became of the verdict: in the panel, and below the cell."""
        assert self._check is not None
        assert self._first is not None
        assert self._last is not None
        panel = self._stage.panel_of(self._first)
        try:
            report = self._check()
        except (GradcheckError, CheckInterrupted) as error:
            words = f"gradcheck --watch: {self._why(error)}"
            if panel is not None:
                panel.say(words)
        else:
            change = changed(self._last, report)
            self._last = report
            words = f"gradcheck --watch: {change}"
            if panel is not None:
                panel.show(report, change)
        display({"text/plain": words}, raw=True)


def definitions(space: dict[str, Any]) -> dict[str, Any]:
    """The functions, classes and objects of the user's in a namespace."""
    return {
        name: value
        for name, value in space.items()
        if not name.startswith("_") and (_is_code(value) or _is_code(type(value)))
    }


def called(value: Any) -> set[str]:
    """The global names that a function, or a method of a class or an object, looks up."""
    codes = []
    if isinstance(value, types.FunctionType):
        codes = [value.__code__]
    elif value is not None:
        kind = value if isinstance(value, type) else type(value)
        members = [member for base in kind.__mro__ for member in vars(base).values()]
        codes = [m.__code__ for m in members if isinstance(m, types.FunctionType)]
    return {name for code in codes for part in global_names(code) for name in part}


def _is_code(value: Any) -> bool:
    """A function or a class that a cell has defined."""
    return isinstance(value, (types.FunctionType, type)) and value.__module__ == "__main__"


def _is_word(name: str, text: str) -> bool:
    """Whether `text` names it."""
    return name in text and name in _split(text)


def _split(text: str) -> set[str]:
    return set("".join(c if c.isidentifier() or c.isdigit() else " " for c in text).split())
