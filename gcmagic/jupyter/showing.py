"""What appears below a report, and what stands in for one that is not shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.display import display

from .. import report_text
from ..check import repairs_of
from ..comparison import FAIL
from ..errors import InputError
from ..report import MIME, Report

if TYPE_CHECKING:
    from .dashboard import Dashboard


ATTRIBUTE = "_gcmagic_stage"  # of the shell: it outlives a reload of these modules

# failed reports of one cell that are repaired, each within its seconds
REPAIRED = 3


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A report that is to be shown, and how."""

    report: Report
    static: bool
    seconds: float
    apply: bool


class Stage:
    """Shows panels when a cell has run, and closes those of the cell's earlier runs.

    The report is the value of its cell and appears by itself; IPython shows values last, so the
    panel has to wait for the end of the cell to stand below it.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._waiting: list[_Waiting] = []
        self._opened: list[Dashboard] = []  # in the cell that is running
        self._panels: dict[str, list[Dashboard]] = {}

    @classmethod
    def of(cls, shell: InteractiveShell) -> Stage:
        """The one of that shell, opened where there is none."""
        stage = getattr(shell, ATTRIBUTE, None)
        if stage is None:
            stage = cls(shell)
            setattr(shell, ATTRIBUTE, stage)
            shell.events.register("post_run_cell", stage._after_cell)
        return stage

    def close(self) -> None:
        """Listen no longer, and close every panel."""
        if getattr(self._shell, ATTRIBUTE, None) is self:
            delattr(self._shell, ATTRIBUTE)
            self._shell.events.unregister("post_run_cell", self._after_cell)
        for panel in self._every():
            panel.close()
        self._opened.clear()
        self._panels.clear()

    def remember(
        self, report: Report, static: bool, seconds: float = 0.0, apply: bool = False
    ) -> None:
        """To be shown at the end of this cell, and to be repaired then if it says FAIL."""
        self._waiting.append(_Waiting(report, static, seconds, apply))

    def open_panel(self, report: Report) -> Dashboard:
        """A panel that belongs to the cell that is running."""
        from .dashboard import Dashboard  # widgets and figures: only where they can be shown

        self._opened.append(Dashboard(report))
        return self._opened[-1]

    def panel_of(self, report: Report) -> Dashboard | None:
        """The panel that was opened on `report`, with its repair or without, if it is there."""
        return next(
            (panel for panel in self._every() if panel.origin.phases is report.phases), None
        )

    def _every(self) -> list[Dashboard]:
        return [*self._opened, *(panel for panels in self._panels.values() for panel in panels)]

    def _after_cell(self, result: ExecutionResult) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting and not self._opened:
            return
        # result.result alone will not do: the cell that %%gradcheck runs inside this one empties it
        shown = [result.result, *self._shell.user_ns.get("Out", {}).values()]
        repaired = 0
        for one in waiting:
            report, unseen = one.report, not any(value is one.report for value in shown)
            if unseen:  # named, or not the last of its cell
                _show_line(report)
            if one.seconds and report.verdict is FAIL and repaired < REPAIRED:
                repaired += 1
                report = self._repair(one)
            if not unseen and not one.static and _is_looked_at(self._shell):
                display(self.open_panel(report).widget)
        if self._opened:
            cell = _cell_of(result)
            for earlier in self._panels.pop(cell, []):
                earlier.close()
            self._panels[cell], self._opened = self._opened, []

    def _repair(self, one: _Waiting) -> Report:
        """The report with the repair, which appears below it; names for it stand for the new one.

        The repair may take seconds, so it comes when the report is there.
        """
        try:
            found = repairs_of(one.report, one.seconds)
        except KeyboardInterrupt:  # enough of it
            return one.report
        if not found:
            return one.report
        whole = replace(one.report, repairs=found)
        for space in (self._shell.user_ns, self._shell.user_ns.get("Out", {})):
            for name, value in list(space.items()):
                if value is one.report:
                    space[name] = whole
        data = {"text/plain": report_text.repairs(found)}
        if _is_looked_at(self._shell):
            from .. import report_html  # figures: only where they can be shown

            data["text/html"] = report_html.repairs(found)
        display(data, raw=True)
        if one.apply:
            text = report_text.mended(found)
            if text:
                self._shell.set_next_input(text)
        return whole


def explore(report: Report) -> Any:
    """The panel on `report`, for the cell that is running."""
    shell = get_ipython()
    if shell is None or not in_jupyter(shell):
        raise InputError(
            "the panel needs a notebook, and this is none; report.figure() gives a picture and "
            "print(report) the text"
        )
    return Stage.of(shell).open_panel(report).widget


def in_jupyter(shell: InteractiveShell) -> bool:
    """Whether there is a front end for widgets, and not a terminal alone."""
    return getattr(shell, "kernel", None) is not None


def _is_looked_at(shell: InteractiveShell) -> bool:
    """Whether somebody will see pictures; a program that reads verdicts asks for none."""
    formatter: Any = shell.display_formatter
    return in_jupyter(shell) and "text/html" in formatter.active_types


def _cell_of(result: ExecutionResult) -> str:
    info = result.info
    return str(getattr(info, "cell_id", None) or getattr(info, "raw_cell", ""))


def _show_line(report: Report) -> None:
    """One line for a report that nobody shows, so that no verdict is lost."""
    data: dict[str, Any] = {
        "text/plain": f"gradcheck {report.summary}",
        MIME: report.to_dict(components=False),
    }
    display(data, raw=True)
