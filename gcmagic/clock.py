"""The time that a check may take, and what the calls of the user's functions take of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter

from .errors import InputError
from .notation import duration
from .parameters import ParameterLayout

# what fits into so many seconds is short for any budget
SHORT = 1.0
# evaluations of a point along random directions, beside those of a few components: the cost, the
# slopes, its noise, what its units show; and calls of the gradient
SCREENED, GRADIENTS = 20, 2
# evaluations before it, and calls of the gradient
BEFORE = 2
# evaluations of a component of right code, at most, and the points that a check looks at
EACH, POINTS = 4, 2
# one call that takes so many times what it may take is enough to know
HOPELESS = 4
# no call takes less, whatever a coarse clock shows
TICK = 1e-7


class Clock:
    """The time that a check may take, what is left of it, and what its calls take.

    Parameters
    ----------
    budget
        Seconds, None for no bound.
    tell
        Called with the seconds that the check takes at most if the gradient is right, as soon as
        that is known.

    Attributes
    ----------
    budget
        As given.
    cost, gradient
        Seconds that a call takes, the least that was seen; 0 before one was.
    point
        Seconds that the first point took; 0 before there was one.
    """

    __slots__ = ("_began", "_seen", "_tell", "budget", "cost", "gradient", "point")

    def __init__(self, budget: float | None, tell: Callable[[float], None] | None = None) -> None:
        self._began, self.budget, self._tell = perf_counter(), budget, tell
        self.cost = self.gradient = self.point = 0.0
        self._seen = 0

    @property
    def left(self) -> float:
        """Seconds that are left, infinite where there is no bound."""
        if self.budget is None:
            return math.inf
        return max(self.budget, SHORT) - (perf_counter() - self._began)

    @property
    def is_tight(self) -> bool:
        """Whether another point like the first one would take more than there is."""
        return self.left < self.point

    def saw(self, *, cost: float | None = None, gradient: float | None = None) -> None:
        """Note the seconds that a call took."""
        if cost is not None:
            self._seen += 1
            self.cost = max(min(self.cost or cost, cost), TICK)
        if gradient is not None:
            self.gradient = min(self.gradient or gradient, gradient)

    def screening(self, arrays: int) -> float:
        """Seconds of one point along random directions, with one component of every array."""
        return (SCREENED + 2 * arrays) * self.cost + GRADIENTS * self.gradient

    def hold(self, layout: ParameterLayout) -> None:
        """Refuse a check of which not even the least fits, tell how long another one takes.

        Raises
        ------
        InputError
            What a call takes, what the least would and the whole, and what to do.
        """
        all_of_it = EACH * POINTS * layout.size * self.cost
        if self._tell is not None:
            self._tell(min(all_of_it, self.budget or all_of_it))
        if self.budget is None:
            return
        most = max(self.budget, SHORT) * (HOPELESS if self._seen < 2 else 1)
        least = BEFORE * (self.cost + self.gradient) + self.screening(len(layout.blocks))
        if least <= most:
            return
        whole = 2 * layout.size * self.cost
        raise InputError(
            f"one call of the cost takes {duration(self.cost)}: the least that a check does would "
            f"take {duration(least)}, all {layout.size:,} components {duration(whole)}, and the "
            f"budget is {duration(self.budget)}; needed: fewer examples (--data X[:, :16],"
            f"Y[:, :16]) or more time (--budget {math.ceil(1.5 * least)})"
        )
