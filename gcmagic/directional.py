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
from .line import Line
from .noise import SINGLE, noise_of
from .problem import Problem
from .schemes import UNIT_ROUNDOFF, first_steps

# the steps that the first direction begins with, as powers of the ratio
FIRST = (0, 1)
# steps below the first that are tried where these are too large, and how many more where the jump
# of the slope falls with them: it comes from kinks nearby, of which smaller steps meet fewer
FURTHER, FURTHER_FALLING = 2, 2
# the noise that the default step is made for, in units of u |J|
EXPECTED = 30.0


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
    begun: Sequence[Line] = (),
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
    begun
        What is known of the first of the directions already; it is added to.

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
    lines = list(begun)
    while True:
        bases = first_steps(directions, size).tolist()
        if any(line.base != h for line, h in zip(lines, bases, strict=False)):
            nfev += sum(line.nfev for line in lines)
            lines = []  # else their values are there already
        lines += [Line(k, cost, h) for k, h in enumerate(bases)][len(lines) :]
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


def stepped(
    problem: Problem,
    theta: np.ndarray,
    directions: np.ndarray,
    cost: float,
    step: float,
    evaluator: Evaluator | None = None,
) -> list[Line]:
    """J, which is `cost` at theta, one step to either side along each direction."""
    lines = [Line(k, cost, step) for k in range(len(directions))]
    evaluate = SerialEvaluator() if evaluator is None else evaluator
    _take([(line, 0) for line in lines], turned(problem, theta, directions), evaluate)
    return lines


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
    new = [(first, rung) for rung in FIRST if rung not in first.costs]
    if first in lines and new:
        _take(new, at, evaluate)
        third = 2 if first.is_smooth(noise) else -1
        if third not in first.costs:
            _take([(first, third)], at, evaluate)
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
