"""Data that a cost or backward writes into: ``X -= X.mean(axis=0)`` where a new array was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from typing import Any

import numpy as np

from .clock import Clock
from .errors import UserCodeError
from .findings import Finding
from .frames import is_frame
from .notation import apart
from .problem import Problem, raised_at, raised_in
from .sandbox import Held, Snapshot, untouched

# what data are called where nothing was bound; discovery knows more names
NAMES = frozenset(
    f"{name}{part}" for name in ("X", "x", "Y", "y") for part in ("", "_train", "_batch")
)
# calls that it takes to tell data from a buffer, and room for twice as many
CALLS = 8


INDICES, WORDS = re.compile(r"(\[\d+\])+$"), re.compile(r"\w+")
# numbers in a list that are looked at: all of them become an array at each call
MOST = 100_000


def data_of(problem: Problem, snapshot: Snapshot) -> tuple[Held, ...]:
    """The data that the functions reach, with what they hold.

    Arrays, lists of numbers and data frames; of the notebook, of an object (``self.X``), of a dict.
    """
    names = NAMES | set(problem.data)
    found = [
        held
        for held in snapshot.arrays
        if type(held.array) is np.ndarray and _is_called(held.name, names)
    ]
    for name, value in snapshot.tables:
        if _is_called(name, names) and not any(stem(name) == stem(held.name) for held in found):
            numbers = _numbers(value)
            if numbers is not None and numbers.size:
                found.append(Held(name, value, np.array(numbers)))  # those of a frame are a view
    return tuple(held for held in found if held.saved.dtype.kind in "biuf")


def written(data: tuple[Held, ...]) -> tuple[Held, ...]:
    """Those that hold other numbers by now; of ``X[0]``, ``X[1]``, ... the first."""
    found: dict[str, Held] = {}
    for held in data:
        now = _numbers(held.array)
        if now is not None and _other(now, held.saved):
            found.setdefault(stem(held.name), held)
    return tuple(found.values())


def stem(name: str) -> str:
    """``X`` of ``X[0]``."""
    return INDICES.sub("", name) if name.endswith("]") else name


def _is_called(name: str, names: Set[str]) -> bool:
    """Whether it is ``X``, ``net.X``, ``data['X']`` or ``X[0]``."""
    if name in names:
        return True
    if not name.endswith("]") and "." not in name:
        return False
    words = WORDS.findall(stem(name))
    return bool(words) and words[-1] in names


def _numbers(value: Any) -> np.ndarray | None:
    """The numbers of an array, a list or a data frame; None where they are none, or too many."""
    if isinstance(value, np.ndarray):
        return value
    if not isinstance(value, list):
        return value.to_numpy() if is_frame(value) else None
    first = value[0] if value else None
    if len(value) * (len(first) if isinstance(first, list) else 1) > MOST:
        return None
    if not isinstance(first, (list, float, int)):
        return None
    try:
        return np.array(value)
    except ValueError:  # rows of different lengths
        return None


def _put(value: Any, numbers: np.ndarray) -> None:
    """Fill an array, a list or a data frame."""
    if isinstance(value, np.ndarray):
        np.copyto(value, numbers)
    elif not isinstance(value, list):
        value.iloc[:] = numbers
    elif numbers.ndim == 1:
        value[:] = numbers.tolist()
    else:
        for row, part in zip(value, numbers, strict=True):
            _put(row, part)


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
        The array, list or data frame.
    clock
        Tells whether there is time for the calls.
    """
    if clock.left < CALLS * (clock.cost + clock.gradient):
        return ()
    is_array = isinstance(held.array, np.ndarray)

    def after(content: np.ndarray, at: np.ndarray, *, writeable: bool = True) -> np.ndarray:
        with untouched(problem.fun, problem.grad, *problem.roots):
            _put(held.array, content)
            if is_array:
                held.array.flags.writeable = writeable
            try:
                function(problem.layout.workspace(at).params)
            finally:
                if is_array:
                    held.array.flags.writeable = True
            return np.array(_numbers(held.array))

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
    writer, line = f"computing {name}", ""
    try:  # an array says where it is written to
        after(held.saved, theta, writeable=not is_array)
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
