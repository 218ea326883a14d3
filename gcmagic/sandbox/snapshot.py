"""Everything reachable from some roots, remembered and put back."""

from __future__ import annotations

import contextlib
import signal
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from .entries import Entry
from .figures import figures
from .settings import in_main_thread, settings
from .walk import Walk


class Snapshot:
    """Everything reachable from some roots, as it was when the snapshot was taken.

    Attributes
    ----------
    arrays
        The arrays among it.
    tables
        The lists and data frames among it, by their names.
    """

    __slots__ = ("_entries", "_moved", "arrays", "tables")

    def __init__(self, roots: tuple[Any, ...]) -> None:
        walk = Walk()
        self._entries = walk.entries(roots)
        self.arrays = tuple(walk.arrays)
        self.tables = tuple(walk.tables)
        self._moved: set[int] = set()

    def changed(self) -> tuple[str, ...]:
        """Names of what differs at the moment, in the order in which it was found."""
        names: dict[str, None] = {}
        for index, entry in enumerate(self._entries):
            if _differs(entry):
                self._moved.add(index)
                names[entry.name] = None
        return tuple(names)

    def gone(self) -> tuple[tuple[str, str], ...]:
        """What is not as it was and cannot be put back, after `restore`: its name and what it is.

        An iterator that was used up before is among it: nothing is drawn from it any more.
        """
        left = {entry.name: entry.gone for entry in self._entries if entry.gone and _differs(entry)}
        return tuple(left.items())

    def drew(self) -> bool:
        """Whether a random generator has moved."""
        return any(entry.differs() for entry in self._entries if entry.name.endswith("generator"))

    def restore(self, *, thorough: bool = True) -> None:
        """Put everything back: the same objects, the same bytes, the same bindings.

        Parameters
        ----------
        thorough
            False puts back only the random generators and what `changed` has ever named, which
            is quick between the evaluations of a function that was watched once.
        """
        with _interrupt_deferred():
            refused = [
                entry
                for index, entry in enumerate(self._entries)
                if (thorough or index in self._moved or entry.name.endswith("generator"))
                and not _restored(entry)
            ]
            for entry in refused:  # what stood in the way may be back by now
                _restored(entry)


@contextlib.contextmanager
def untouched(*roots: Any) -> Iterator[Snapshot]:
    """Remember what `roots` reach, and put it back on the way out, whatever happened.

    Arrays and data frames get their numbers back, dicts, lists, sets and instances their contents,
    functions their defaults, closures and the globals that they (and what they call) read or
    rebind, NumPy's, Python's and the user's random generators their states; torch's where torch is
    loaded. So do NumPy's error settings and print options, the warnings filters, what `settings`
    names (the working directory, the environment, rcParams, ...). Matplotlib's open figures are
    hidden, and what is opened meanwhile is closed. An iterator that was drawn from is told by
    `Snapshot.gone`. What a function writes to the disk, imports or sends is beyond all this.

    Parameters
    ----------
    *roots
        Functions, instances, arrays, containers. The keys of a dict name what it holds.

    Examples
    --------
    >>> weights = {"W1": np.ones(2)}
    >>> with untouched(weights) as snapshot:
    ...     weights["W1"] *= 3
    ...     snapshot.changed()
    ('W1',)
    >>> weights["W1"]
    array([1., 1.])
    """
    with contextlib.ExitStack() as around:
        try:
            around.enter_context(settings())
            around.enter_context(warnings.catch_warnings())
            around.enter_context(np.errstate())
            around.enter_context(np.printoptions())
            around.enter_context(figures())
            snapshot = Snapshot(roots)
            around.callback(snapshot.restore)
            yield snapshot
        finally:
            with _interrupt_deferred():  # a second Ctrl-C as well
                around.close()


def _differs(entry: Entry) -> bool:
    try:
        return entry.differs()
    except Exception:  # a file that was closed
        return True


def _restored(entry: Entry) -> bool:
    """Put one thing back; False where it raises: all others are to be put back nevertheless."""
    try:
        entry.restore()
    except Exception:
        return False
    return True


@contextlib.contextmanager
def _interrupt_deferred() -> Iterator[None]:
    """Hold back Ctrl-C until the block is done; a half restored notebook helps nobody."""
    if not in_main_thread():
        yield
        return
    pending: list[tuple[int, Any]] = []
    handler = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, lambda number, frame: pending.append((number, frame)))
    try:
        yield
    finally:
        # None means a handler that was not installed from Python: there is none to put back
        signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)
        if pending and callable(handler):
            handler(*pending[0])
