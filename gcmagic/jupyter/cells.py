"""The source of the cells that were run, for discovery to see how functions are called."""

from __future__ import annotations

from typing import Any

from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

LIMIT = 1000


class Cells:
    """Remembers cells as they begin to run.

    IPython's own history is not enough: nbval runs cells without it, and then the same notebook
    would be read differently under test.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        # those before the extension was loaded, where IPython remembers them
        self._sources: list[str] = list(getattr(shell.history_manager, "input_hist_parsed", []))

    def open(self) -> None:
        """Begin to listen."""
        self._shell.events.register("pre_run_cell", self._before_cell)

    def close(self) -> None:
        """Listen no longer."""
        self._shell.events.unregister("pre_run_cell", self._before_cell)

    @property
    def sources(self) -> list[str]:
        """What was run, oldest first, as Python."""
        return list(self._sources)

    def _before_cell(self, info: ExecutionInfo) -> None:
        raw: Any = info.raw_cell
        try:
            self._sources.append(self._shell.transform_cell(raw))
        except Exception:  # whatever is wrong with the cell, running it says so
            return
        del self._sources[:-LIMIT]
