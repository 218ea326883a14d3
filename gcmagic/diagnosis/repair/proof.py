"""The proof of a repair: another random point, the other points of the report, another batch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...errors import GradcheckError
from ...nearby import jittered
from ...one_point import check_at
from ...phase import Settings
from ...problem import Problem
from .batches import fewer_rows
from .data import arrays_of
from .running import Ran
from .target import Target
from .trial import Held, held, put_back

# components of an array that are looked at where a repair is proved
SAMPLE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A place to prove repairs at: a problem, J there, and the numeric gradient to agree with.

    Attributes
    ----------
    problem, target, cost
        What is looked at, what it has to agree with, and J there.
    written
        The arrays that code may write into here, with what they hold: each repair gets the same.
    """

    problem: Problem
    target: Target
    cost: float
    written: Held = ()

    def passes(self) -> bool:
        """Whether all agrees here, and J is what it was, with the code that stands now."""
        return self.has(frozenset(self.target.names))

    def has(self, names: frozenset[str]) -> bool:
        """Whether these arrays agree here, and J is what it was, with the code that stands now."""
        theta = self.target.theta
        try:
            same = abs(self.problem.cost_at(theta) - self.cost) <= 1e-12 * abs(self.cost)
            gradient = self.problem.gradient_at(theta)
        except GradcheckError:
            return False
        finally:
            put_back(self.written)
        return same and names <= self.target.right(gradient)


Standing = Callable[[], contextlib.AbstractContextManager[Any]]


@dataclass(slots=True, eq=False)
class Proofs:
    """Points that a repair has to pass beside the one it was found at, each measured once.

    Attributes
    ----------
    problem, settings
        What was checked, and how.
    start
        Where the new point is drawn.
    others
        What the report holds of other points.
    ran
        The user's functions, for the data in them.
    right
        The arrays whose gradient was right as it is.
    points
        The points that every repair has to pass; filled by `look`.
    """

    problem: Problem
    settings: Settings
    start: np.ndarray
    others: tuple[Target, ...]
    ran: tuple[Ran, ...] = ()
    right: frozenset[str] = frozenset()
    points: list[Point] = field(default_factory=list)

    def look(self, standing: Standing) -> None:
        """Measure a random point that the report has not seen, where the cost is finite.

        Within ``standing()`` the user's functions are those of a likely repair; where its
        gradient is right, there is nothing to make sure of by further evaluations.
        """
        if not self.points:
            written = _written(self.problem)
            for target in self.others:
                cost = self.problem.cost_at(target.theta)
                put_back(written)
                self.points.append(Point(self.problem, target, cost, written))
            for theta in jittered(self.problem, self.start, self.settings.seed + 100, 3):
                point = self._point(self.problem, theta, standing)
                if point is not None:
                    self.points.append(point)
                    break

    @contextlib.contextmanager
    def other_batch(self, standing: Standing) -> Iterator[Point | None]:
        """A point on other data, None where there are none that fit."""
        with fewer_rows(self.problem, self.ran) as fewer:
            theta = self.points[-1].target.theta if self.points else self.start
            yield None if fewer is None else self._point(fewer, theta, standing)

    def _point(self, problem: Problem, theta: np.ndarray, standing: Standing) -> Point | None:
        plain = replace(self.settings, sample=SAMPLE, epsilon=None)
        written = _written(problem)
        try:
            with standing():
                gradient = problem.gradient_at(theta)
            put_back(written)
            mended = replace(problem, grad=lambda _: problem.layout.unflatten(gradient))
            phase = check_at(mended, "a new point", theta, plain)
        except (GradcheckError, ArithmeticError, ValueError):
            return None
        finally:
            put_back(written)
        target = Target.of(phase)
        if phase.refused or not target.names:
            return None
        return Point(problem, target, phase.cost, written)


def _written(problem: Problem) -> Held:
    """The arrays that cost or gradient could write into, with what they hold."""
    arrays = arrays_of((problem.fun, problem.grad, *problem.roots))
    return held(array for array in arrays if array.flags.writeable)
