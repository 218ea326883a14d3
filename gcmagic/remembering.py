"""Values of the cost at one theta, each asked for once: a second look shares the ladder's."""

from __future__ import annotations

from typing import Any

import numpy as np

from .evaluation import Evaluator
from .problem import Problem

# components of a call that is remembered: more of them are differentiated once, not climbed for
MOST = 400


class Remembering:
    """An evaluator that calls another for the values that it has not given yet.

    It starts to look values up with the second call, as right code mostly makes one.

    Parameters
    ----------
    evaluator
        Whatever gets the values.
    theta
        The point whose values are remembered; at other points all are asked for.

    Attributes
    ----------
    saved
        How many values were given without an evaluation.
    """

    __slots__ = ("_calls", "_evaluator", "_theta", "_values", "saved")

    def __init__(self, evaluator: Evaluator, theta: np.ndarray) -> None:
        self._evaluator, self._theta = evaluator, theta
        self._calls: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._values: dict[tuple[int, float], float] = {}
        self.saved = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._evaluator, name)  # what else it can do: slopes through sums

    def __call__(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        """Evaluate; see `Evaluator`."""
        plain = theta is self._theta and points.dtype == np.float64 and len(components) <= MOST
        if not plain:
            return self._evaluator(problem, theta, components, points)
        for call in self._calls:
            for k, row, found in zip(*(part.tolist() for part in call), strict=True):
                self._values.update({(k, at): cost for at, cost in zip(row, found, strict=True)})
        self._calls = []
        rows = zip(components.tolist(), points.tolist(), strict=True)
        known = (
            [[self._values.get((k, at)) for at in row] for k, row in rows] if self._values else []
        )
        new = np.array([None in row for row in known] or np.ones(len(components)), dtype=bool)
        costs = np.empty(points.shape)
        if np.any(new):
            costs[new] = self._evaluator(problem, theta, components[new], points[new])
            self._calls.append((components[new], points[new], costs[new]))
        for place in np.flatnonzero(~new):
            costs[place] = known[place]
        self.saved += int(np.count_nonzero(~new)) * points.shape[1]
        return costs
