"""What appears below a report, and what stands in for one that is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.display import display

from ..report import MIME, Report

if TYPE_CHECKING:
    from .dashboard import Dashboard


class Stage:
    """Shows panels when a cell has run, and closes those of the cell's earlier runs.

    The report is the value of its cell and appears by itself; IPython shows values last, so the
    panel has to wait for the end of the cell to stand below it.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._waiting: list[tuple[Report, bool]] = []
        self._panels: dict[str, Dashboard] = {}

    def open(self) -> None:
        """Begin to listen for the ends of cells."""
        self._shell.events.register("post_run_cell", self._after_cell)

    def close(self) -> None:
        """Listen no longer, and close every panel."""
        self._shell.events.unregister("post_run_cell", self._after_cell)
        for panel in self._panels.values():
            panel.close()
        self._panels.clear()

    def remember(self, report: Report, static: bool) -> None:
        """To be shown at the end of this cell."""
        self._waiting.append((report, static))

    def _after_cell(self, result: ExecutionResult) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        cell = _cell_of(result)
        earlier = self._panels.pop(cell, None)
        if earlier is not None:
            earlier.close()
        # result.result alone will not do: the cell that %%gradcheck runs inside this one empties it
        shown = [result.result, *self._shell.user_ns.get("Out", {}).values()]
        for report, static in waiting:
            if not any(value is report for value in shown):  # named, or not the last of its cell
                _show_line(report)
            elif not static and getattr(self._shell, "kernel", None) is not None:
                self._panels[cell] = panel = _open_panel(report)
                display(panel.widget)


def _open_panel(report: Report) -> Dashboard:
    from .dashboard import Dashboard  # widgets and figures: only where they can be shown

    return Dashboard(report)


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
