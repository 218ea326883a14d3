"""A shell of its own for a test, as a notebook has one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell


@contextmanager
def shell_of_its_own(*cells: str) -> Iterator[InteractiveShell]:
    """A shell with the magics loaded and the cells run; nothing of it is left afterwards."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor")
    for cell in ("%load_ext gcmagic", *cells):
        shell.run_cell(cell, store_history=True)
    yield shell
    shell.run_cell("%unload_ext gcmagic")
    InteractiveShell.clear_instance()
