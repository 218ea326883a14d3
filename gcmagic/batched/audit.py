"""A few random components of every array one by one, which the copies have to agree with."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..evaluation import PlainCalls
from ..problem import Problem
from .batch import Untraceable

# components of every array, each at one of its points
AUDITED = 3
RTOL = 1e-9
ROUNDING = 512 * 2.0**-53


class Audit:
    """Plain calls at one theta, and what they take; what the arrays of one evaluation share.

    Attributes
    ----------
    seconds
        The time of one of them, as the last array showed it.
    limit
        Bytes that the copies may take.
    """

    def __init__(self, problem: Problem, theta: np.ndarray, limit: float) -> None:
        self._problem = problem
        self._theta = theta
        self._random = random.Random(theta.size)  # NumPy's takes ten times as long for three
        self._calls: PlainCalls | None = None
        self._writes = False
        self._centre = 0.0
        self.seconds = 0.0
        self.limit = limit

    def of(self, components: np.ndarray, points: np.ndarray) -> Chosen:
        """Some of these components, and their costs."""
        count = min(AUDITED, len(components))
        places = np.array(sorted(self._random.sample(range(len(components)), count)))
        columns = np.array([self._random.randrange(points.shape[1]) for _ in range(count)])
        first = self._calls is None
        if self._calls is None:
            self._centre = self._problem.cost_at(self._theta)
            self._calls = PlainCalls(self._problem, self._theta)
        chosen, at = components[places], points[places, columns, None]
        wanted, times = [], [time.thread_time()]
        for row in self._calls.rows(chosen, at, self._writes):
            wanted.append(row)
            times.append(time.thread_time())
        # the first may find cold memory
        self.seconds = min(after - before for before, after in pairwise(times))
        if first and self._calls.moved():  # it writes into its parameters: new ones at every call
            self._writes = True
            wanted = list(self._calls.rows(chosen, at, self._writes))
        return Chosen(places, columns, np.array(wanted)[:, 0], self._centre)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Components by their place, each with a column of its points and the cost there."""

    places: np.ndarray
    columns: np.ndarray
    wanted: np.ndarray
    centre: float

    def compare(self, values: np.ndarray, start: int, stop: int) -> None:
        """Hold what the copies gave for the places from `start` to `stop` against the plain calls.

        Raises
        ------
        Untraceable
            Where they differ by more than rounding.
        """
        ready = (self.places >= start) & (self.places < stop)
        plain = self.wanted[ready]
        mine = values[self.places[ready], self.columns[ready]]
        hold(mine, plain, self.centre)


def hold(mine: np.ndarray, plain: np.ndarray, centre: np.ndarray | float) -> None:
    """Compare what copies gave with what plain calls gave, beside a `centre` that is known.

    Raises
    ------
    Untraceable
        Where they differ by more than rounding.
    """
    with np.errstate(invalid="ignore"):
        allowed = RTOL * np.abs(plain - centre)
        allowed += ROUNDING * np.maximum(np.abs(plain), np.abs(centre))
        agrees = (np.abs(mine - plain) <= allowed) | (mine == plain)
    agrees |= np.isnan(mine) & np.isnan(plain)
    if not agrees.all():
        raise Untraceable("audit: the copies and the plain calls give different costs")
