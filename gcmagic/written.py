"""Data that a cost or backward writes into: ``X -= X.mean(axis=0)`` where a new array was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .clock import Clock
from .errors import UserCodeError
from .findings import Finding
from .notation import apart
from .problem import Problem, raised_at, raised_in
from .sandbox import Held, Snapshot, untouched

# what data are called where nothing was bound; discovery knows more names
NAMES = frozenset(
    f"{name}{part}" for name in ("X", "x", "Y", "y") for part in ("", "_train", "_batch")
)
# calls that it takes to tell data from a buffer, and room for twice as many
CALLS = 8


def data_of(problem: Problem, snapshot: Snapshot) -> tuple[Held, ...]:
    """The arrays of data that the functions reach, with what they hold."""
    names = NAMES | set(problem.data)
    return tuple(
        held
        for held in snapshot.arrays
        if held.name in names and type(held.array) is np.ndarray and held.saved.dtype.kind in "biuf"
    )


def written(data: tuple[Held, ...]) -> tuple[Held, ...]:
    """Those that hold other numbers by now."""
    return tuple(held for held in data if _other(held.array, held.saved))


def told(
    problem: Problem,
    theta: np.ndarray,
    name: str,
    function: Callable[[Any], Any],
    held: Held,
    clock: Clock,
) -> tuple[Finding, ...]:
    """The finding that a function writes into data; none where the array is a buffer.

    What is written into a buffer follows from the parameters, or from nothing that it held before.
    The calls that show that start from the data as they were and leave no trace.

    Parameters
    ----------
    problem, theta
        What is checked, and where.
    name, function
        Of the two functions, the one that was seen to write.
    held
        The array.
    clock
        Tells whether there is time for the calls.
    """
    if clock.left < CALLS * (clock.cost + clock.gradient):
        return ()

    def after(content: np.ndarray, at: np.ndarray, *, writeable: bool = True) -> np.ndarray:
        with untouched(problem.fun, problem.grad, *problem.roots):
            np.copyto(held.array, content)
            held.array.flags.writeable = writeable
            try:
                function(problem.layout.workspace(at).params)
            finally:
                held.array.flags.writeable = True
            return np.array(held.array)

    try:
        now = after(held.saved, theta)
        if not _other(now, held.saved) or _other(now, after(held.saved, 1.01 * theta + 1e-3)):
            return ()
    except Exception:
        return ()
    try:
        if not _other(now, after(_unlike(held.saved), theta)):
            return ()
    except Exception:  # it reads what the array holds
        pass
    writer, line = name, ""
    try:
        after(held.saved, theta, writeable=False)
    except Exception as error:
        raised = error.__cause__ if isinstance(error, UserCodeError) else error
        frame = raised_in(raised) if raised is not None and "read-only" in str(raised) else None
        if frame is not None and raised is not None:
            writer, line = frame.name, raised_at(raised)
    first = np.argwhere(~alike(now, held.saved))[0].tolist()
    place = f"{held.name}[{', '.join(map(str, first))}]" if first else held.name
    # where a cell has run it before, only rounding is left
    was, became = apart(held.saved.item(*first), now.item(*first), 6)
    said = Finding(
        "writes-data",
        "",
        f"{writer} changes {held.name}, the data",
        f"{place} is {was} before a call and {became} after it{line}",
        "The check puts the data back; the notebook does not: what it computes depends on how "
        "often a cell ran. Write X = X - X.mean(axis=0), which makes a new array, for "
        "X -= X.mean(axis=0).",
    )
    return (said,)


def _other(now: np.ndarray, saved: np.ndarray) -> bool:
    if now.shape != saved.shape or now.tobytes() == saved.tobytes():
        return False  # what was given another shape is no array of data any more
    return not bool(np.all(alike(now, saved)))


def alike(now: np.ndarray, saved: np.ndarray) -> np.ndarray:
    """Which numbers are the same, NaN as well."""
    return np.asarray((now == saved) | ((now != now) & (saved != saved)))


def _unlike(saved: np.ndarray) -> np.ndarray:
    """Other data of the same kind."""
    return ~saved if saved.dtype.kind == "b" else (saved * 2 + 1).astype(saved.dtype)
