"""Slopes of the cost along any directions, with the error that each one carries.

A direction is a component of a turned problem, ``t -> J(theta + t @ directions)`` at t = 0, so that
all that is known about components (schemes, ladder, evaluators) holds for directions as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .batched.points import FEW, MOST, NUMBER, QUICK, Known, tried
from .errors import GradcheckError
from .evaluation import Evaluator, SerialEvaluator
from .noise import SINGLE, noise_of
from .problem import Problem
from .schemes import UNIT_ROUNDOFF, first_steps

# from one step of a direction to the next
RATIO = 4.0
# the steps that the first direction begins with, as powers of the ratio
FIRST = (0, 1)
# steps below the first that are tried where these are too large, and how many more where the jump
# of the slope falls with them: it comes from kinks nearby, of which smaller steps meet fewer
FURTHER, FURTHER_FALLING = 2, 2
# rounding of a slope, as a multiple of (spread of one J) / h: four of its deviations
ROUNDING = 3.0
# the noise that the default step is made for, in units of u |J|
EXPECTED = 30.0
# a direction that bends more than this many times what the first did tells its own error
ALIKE = 8.0
# the error of a slope beside its jump, in units of the jump
CORNER = 10.0
# the divided difference that no cubic has at -4, -1, 0, 1, 4: what is left is rounding
_RAW = np.array([1 / 480, -1 / 30, 1 / 16, -1 / 30, 1 / 480])
RESIDUE: list[float] = (_RAW / np.linalg.norm(_RAW)).tolist()


@dataclass(frozen=True, slots=True)
class Directional:
    """Slopes along some directions.

    Attributes
    ----------
    values, errors
        The slope and its absolute error, one a direction, in the units of J.
    steps
        The smaller of the two steps that each comes from, in units of the direction.
    noise
        The spread of one J by rounding.
    nfev
        Evaluations of the cost.
    first
        What is known of the first of them, for other directions to go by.
    """

    values: np.ndarray
    errors: np.ndarray
    steps: np.ndarray
    noise: float
    nfev: int
    first: Line = field(repr=False)

    def joined(self, other: Directional) -> Directional:
        """These slopes and others that were taken like them."""
        return replace(
            self,
            values=np.append(self.values, other.values),
            errors=np.append(self.errors, other.errors),
            steps=np.append(self.steps, other.steps),
            nfev=self.nfev + other.nfev,
        )


def turned(problem: Problem, theta: np.ndarray, directions: np.ndarray) -> Problem:
    """The cost as a function of t in ``theta + t @ directions``, at t = 0.

    Parameters
    ----------
    directions
        One row a direction, as long as theta.
    """

    def moved(params: Any) -> Any:
        t = np.asarray(params["direction"])
        point = theta.astype(t.dtype)
        for k in np.flatnonzero(t):  # one or two of them; the others cost nothing
            point += t[k] * directions[k]
        return problem.layout.views(point)

    def gradient(params: Any) -> Any:
        found = problem.layout.flatten_gradient(problem.grad(moved(params)))
        return {"direction": directions @ found}

    return Problem(
        lambda params: problem.fun(moved(params)),
        gradient,
        {"direction": np.zeros(len(directions))},
        cost_name=problem.cost_name,
        gradient_name=problem.gradient_name,
    )


def directional(
    problem: Problem,
    theta: np.ndarray,
    directions: np.ndarray,
    *,
    cost: float | None = None,
    noise: float | None = None,
    like: Directional | None = None,
    evaluator: Evaluator | None = None,
) -> Directional:
    """Slopes of the cost at `theta` along `directions`.

    Neighbouring steps give extrapolated slopes, and these an error::

        R(h) = (16 D(h) - D(4h)) / 15
        err  = 4/3 |R(h) - R(h/4)| + 3 noise / h    from three steps
        err  = |D(4h) - D(h)| / 3 + 3 noise / h     from two

    the first wherever D converges with the first power of h or better. The first direction takes
    three steps; the others two, and its error, unless they bend much more than it does. A jump of
    the slope at theta itself is added to the error. What rounding does to J is seen in the same
    values: in what a cubic leaves of them.

    Parameters
    ----------
    directions
        One row a direction, as long as theta; components of about size one.
    cost
        J at `theta`; evaluated where it is not known.
    noise
        The spread of one J by rounding, where it is known.
    like
        Slopes along directions that move no less, at the same theta: their steps, noise and error
        are taken over.

    Returns
    -------
    Directional
        Six evaluations for the first direction and four for every other; two to eight more where a
        step was too large, and seven or more for the noise where these values do not show it (a
        cost in float32, or one that does not move).

    Examples
    --------
    >>> import numpy as np
    >>> from gcmagic.problem import Problem
    >>> cube = Problem(lambda w: np.sum(w**3), lambda w: 3 * w**2, np.array([1.0, 2.0]))
    >>> found = directional(cube, np.array([1.0, 2.0]), np.array([[1.0, 1.0], [1.0, -1.0]]))
    >>> bool(np.all(np.abs(found.values - [15, -9]) <= found.errors))
    True
    """
    nfev = 0
    if cost is None:
        cost, nfev = problem.cost_at(theta), 1
    at = turned(problem, theta, directions)
    evaluate = SerialEvaluator() if evaluator is None else evaluator
    if like is not None:
        lines = [Line(k, cost, like.first.base) for k in range(len(directions))]
        _climb(lines, like.first, like.noise, at, evaluate)
        return _ended(lines, like.first, like.noise, nfev)
    known, size = noise, abs(cost)
    if noise is not None:
        size = max(size, noise / (EXPECTED * UNIT_ROUNDOFF))
    else:
        noise = UNIT_ROUNDOFF * abs(cost)
    lines: list[Line] = []
    while True:
        bases = first_steps(directions, size)
        if [line.base for line in lines] != bases.tolist():  # else their values are there already
            nfev += sum(line.nfev for line in lines)
            lines = [Line(k, cost, h) for k, h in enumerate(bases)]
        for group in (lines[:1], lines[1:]):  # the others go by what the first one shows
            _climb(group, lines[0], noise, at, evaluate)
        found = _noise(lines, cost) if known is None else known
        if found is not None:
            return _ended(lines, lines[0], found, nfev)
        measured = noise_of(problem, theta, cost, 0)
        known = noise = measured.level
        size = max(size, noise / (EXPECTED * UNIT_ROUNDOFF))
        nfev += measured.nfev


def ahead(
    problem: Problem,
    starts: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray, float]],
    seconds: float,
    limit: float = 2.0**28,
) -> list[Known]:
    """Evaluators that know J one step to either side on some lines: of many, from one call of it.

    Parameters
    ----------
    starts
        Theta, directions, a step along each, and J at theta.
    seconds
        What a call of the cost takes.
    limit
        Bytes that the copies may take.

    Returns
    -------
    list
        One a start; they know nothing where the cost cannot be run on many copies at once.
    """
    nothing = [Known({}) for _ in starts]
    count = sum(2 * len(directions) + 1 for _, directions, _, _ in starts)
    size = problem.layout.size
    if not starts or seconds > QUICK or count * size > MOST or size * NUMBER > seconds:
        return nothing  # calls one by one are as quick
    thetas = np.empty((count, size))
    known: dict[int, float] = {}
    asked: list[np.ndarray] = []
    row = 0
    for theta, directions, steps, cost in starts:
        known[row] = cost
        asked.append(steps[:, None] * np.array([-1.0, 1.0]))
        thetas[row : row + asked[-1].size + 1] = theta
        row += 1
        moved = thetas[row : row + asked[-1].size].reshape(*asked[-1].shape, size)
        moved += asked[-1][..., None] * directions[:, None]
        row += asked[-1].size
    few = count < FEW
    values = _called(problem, thetas, known) if few else tried(problem, thetas, known, limit)
    if values is None:
        return nothing
    found = iter(np.delete(values, list(known)).tolist())
    for evaluator, steps in zip(nothing, asked, strict=True):
        for k, row in enumerate(steps.tolist()):
            evaluator.values.update({(k, t): next(found) for t in row})
    return nothing


def _called(problem: Problem, thetas: np.ndarray, known: dict[int, float]) -> np.ndarray | None:
    """J at each row of `thetas`; None where it cannot be had."""
    rows = enumerate(thetas)
    try:
        return np.array([known[k] if k in known else problem.cost_at(row) for k, row in rows])
    except GradcheckError:
        return None


def _ended(lines: list[Line], first: Line, noise: float, nfev: int) -> Directional:
    return Directional(
        np.array([line.value() for line in lines]),
        np.array([line.error(noise, first) for line in lines]),
        np.array([line.step(line.rung) for line in lines]),
        noise,
        nfev + sum(line.nfev for line in lines),
        first,
    )


def _climb(lines: list[Line], first: Line, noise: float, at: Problem, evaluate: Evaluator) -> None:
    """Find for each line the rung whose slope has the least error, step by step together."""
    start = first.rung
    if first in lines and not first.costs:
        _take([(first, rung) for rung in FIRST], at, evaluate)
        _take([(first, 2 if first.is_smooth(noise) else -1)], at, evaluate)
        start = 0
    else:
        new = [(line, rung) for rung in (start, start + 1) for line in lines]
        _take([(line, rung) for line, rung in new if rung not in line.costs], at, evaluate)
    for line in lines:
        line.rung = start
    left = lines
    for more in range(FURTHER + FURTHER_FALLING + 1):
        left = [line for line in left if line.wants_less(noise, first)]
        if more >= FURTHER:
            left = [line for line in left if line.jump_falls()]
        few = [line for line in left if len(line.costs) < 3 + FURTHER + FURTHER_FALLING]
        _take([(line, min(line.costs) - 1) for line in few], at, evaluate)


def _take(wanted: list[tuple[Line, int]], at: Problem, evaluate: Evaluator) -> None:
    """Evaluate J on lines at rungs, all in one go."""
    if not wanted:
        return
    steps = np.array([line.step(rung) for line, rung in wanted])
    places = np.array([line.k for line, _ in wanted])
    points = steps[:, None] * np.array([-1.0, 1.0])
    costs = evaluate(at, np.zeros(at.layout.size), places, points)
    for (line, rung), (below, above) in zip(wanted, costs.tolist(), strict=True):
        line.put(rung, below, above)


class Line:
    """The values of J on one line through theta, at steps of base * 4**rung."""

    def __init__(self, k: int, cost: float, base: float) -> None:
        self.k, self.cost, self.base = k, cost, float(base)
        self.costs: dict[int, tuple[float, float]] = {}
        self.differences: dict[int, float] = {}
        self.gaps: dict[int, float] = {}
        self.rung = 0
        self.nfev = 0

    def put(self, rung: int, below: float, above: float) -> None:
        """Take down what one step gave."""
        self.costs[rung] = (below, above)
        self.differences[rung] = (above - below) / (2 * self.step(rung))
        self.gaps[rung] = (above - 2 * self.cost + below) / self.step(rung)
        self.nfev += 2

    def wants_less(self, noise: float, first: Line) -> bool:
        """Choose the rung of least error; whether a step below all those taken may do better."""
        errors = {rung: self._error(rung, noise, first) for rung in sorted(self.costs)[:-1]}
        self.rung = min(errors, key=errors.__getitem__)
        rounding = ROUNDING * noise / self.step(self.rung)
        return errors[self.rung] > 10 * rounding and self.rung <= min(self.costs) + 1

    def is_smooth(self, noise: float) -> bool:
        """Whether a step above the first two is likely to do better than one below them.

        With D(h) = s + a h^2 + b h^4 the first two steps show a; b is about 0.3 a^2 / s, as of a
        sine, and R at the second step is off by 4096 b h^4. So is the fourth derivative about
        6 a J'' / s, and (20 / 12) (4 h)^3 times that passes there for a jump.
        """
        if self._corner(0, noise):
            return False
        second = abs(self.differences[1] - self.differences[0]) / (RATIO**2 - 1)
        slope = max(abs(self.differences[0]), abs(self.cost))
        rounding = slope * ROUNDING * noise / self.step(0)
        jump = 10 * RATIO**3 * second * abs(self.gaps[0])
        return not (RATIO**6 * 0.3 * second**2 > rounding or jump > rounding)

    def step(self, rung: int) -> float:
        """The step h."""
        return self.base * RATIO**rung

    def value(self) -> float:
        """The extrapolated slope."""
        return self._slope(self.rung)

    def error(self, noise: float, first: Line) -> float:
        """The absolute error of the slope."""
        return self._error(self.rung, noise, first)

    def residues(self) -> list[float]:
        """What cubics leave of the values, in units of the spread of one J.

        Only up to the rung that was chosen: beyond it J is no cubic, but has kinks, say.
        """
        left = []
        far, near, middle, *_ = RESIDUE
        for rung in range(min(self.costs), self.rung + 1):
            below, above = self.costs[rung]
            beyond, over = self.costs[rung + 1]
            rest = far * (beyond + over) + near * (below + above) + middle * self.cost
            left.append(abs(rest))
        return left

    def is_coarse(self) -> bool:
        """Whether J moves too coarsely to show its noise: not at all, or in single precision."""
        if any(below == above for below, above in self.costs.values()):
            return True
        return all(
            float(np.float32(value)) == value for pair in self.costs.values() for value in pair
        )

    def _slope(self, rung: int) -> float:
        near, far = self.differences[rung], self.differences[rung + 1]
        return (RATIO**2 * near - far) / (RATIO**2 - 1)

    def _bent(self, rung: int) -> float:
        return abs(self.differences[rung + 1] - self.differences[rung])

    def _error(self, rung: int, noise: float, first: Line) -> float:
        bent = self._bent(rung) / 3
        if rung - 1 in self.costs:
            bent = min(bent, 4 / 3 * abs(self._slope(rung) - self._slope(rung - 1)))
        elif self is not first and rung in first.costs and rung - 1 in first.costs:
            like = first._bent(rung)
            if like and self._bent(rung) <= ALIKE * like:
                theirs = 4 / 3 * abs(first._slope(rung) - first._slope(rung - 1))
                bent = min(bent, theirs * max(1.0, self._bent(rung) / like))
        error = bent + self._corner(rung, noise) + ROUNDING * noise / self.step(rung)
        return error if math.isfinite(error) else math.inf

    def _corner(self, rung: int, noise: float) -> float:
        """The jump of the slope at theta: what is left at h = 0 of (J(h) - 2 J + J(-h)) / h.

        Many times that, for where several units are at zero their jumps cancel in part.
        """
        return CORNER * max(0.0, self._jump(rung) - 4 * ROUNDING * noise / self.step(rung))

    def _jump(self, rung: int) -> float:
        return abs(RATIO * self.gaps[rung] - self.gaps[rung + 1]) / (RATIO - 1)

    def jump_falls(self) -> bool:
        """Whether the smallest step shows a smaller jump than the one above; not one at theta."""
        low = min(self.costs)
        return low + 2 in self.costs and self._jump(low) < self._jump(low + 1) / 2


def _noise(lines: list[Line], cost: float) -> float | None:
    """The spread of one J, from what the lines leave of cubics; None where that does not tell."""
    if any(line.is_coarse() for line in lines):
        return None
    left = [residue for line in lines for residue in line.residues()]
    if any(map(math.isnan, left)):
        return None
    # half of the absolute values of a normal variable lie below 0.67 deviations
    left.sort()
    middle = (left[(len(left) - 1) // 2] + left[len(left) // 2]) / 2
    noise = max(UNIT_ROUNDOFF * abs(cost), middle / 0.67)
    return noise if noise <= SINGLE * UNIT_ROUNDOFF * abs(cost) else None
