"""How many candidates so many seconds are worth: counted, so that every machine ends alike.

A stored notebook has to come out the same on a machine that is ten times slower, so no clock ends
the search; what one run of the gradient costs is told from its statements and its arrays.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

# seconds of an ordinary machine: to make, compile and judge a candidate; for a statement that
# runs; for each component of the arrays that a call leaves in its variables
CANDIDATE, STATEMENT, COMPONENT = 4e-4, 8e-6, 5e-9
# where that cannot be counted, since a debugger or the like is at work
UNKNOWN = 1e-3
# and never more than so many
MOST = 30000
# a candidate that is stopped by the clock counts for so many
STOPPED = 100
# the clock ends a search that takes so many times the seconds that it was given
LATE = 10.0


def candidates(seconds: float, call: Callable[[], Any], codes: Collection[types.CodeType]) -> int:
    """How many candidates may be tried in so many seconds.

    Parameters
    ----------
    seconds
        What the user has time for.
    call
        Computes the gradient once.
    codes
        The user's code in it.
    """
    return int(min(seconds / cost_of(call, codes), MOST))


def cost_of(call: Callable[[], Any], codes: Collection[types.CodeType]) -> float:
    """The seconds of an ordinary machine that one candidate takes."""
    if sys.gettrace() is not None:
        return UNKNOWN
    counted = _Counted(frozenset(codes))
    sys.settrace(counted.enter)
    try:
        call()
    finally:
        sys.settrace(None)
    return CANDIDATE + STATEMENT * counted.statements + COMPONENT * counted.components


class _Counted:
    """Counts the statements of some code as they run, and what it holds behind each call."""

    def __init__(self, codes: frozenset[types.CodeType]) -> None:
        self.codes = codes
        self.statements = self.components = 0

    def enter(self, frame: types.FrameType, event: str, argument: Any) -> Any:
        """What follows a frame: one of the user's own, or none."""
        return self.within if frame.f_code in self.codes else None

    def within(self, frame: types.FrameType, event: str, argument: Any) -> Any:
        """Count one event of a frame."""
        if event == "line":
            self.statements += 1
        elif event == "return":
            arrays = [v for v in frame.f_locals.values() if isinstance(v, np.ndarray)]
            self.components += sum(array.size for array in arrays)
        return self.within
