"""All components at once from one short step along each of five random directions.

How far a numeric slope is off is no matter of the gradient that is checked. So it hides no wrong
component, but by chance: where ``g @ v`` and the slope agree to t, in K directions uniform on
[-2, 2], there is a component off by more than delta with a probability of at most
(t / (2 delta))**K, whatever the error of the slopes; see `proved`. That needs no second step, and
the shortest that rounding allows, which meets the fewest kinks.

What can be had at all: rounding leaves some 0.7 n / h of a slope, n the spread of one J, and the
largest of five is 1.6 times that, so that they prove 6 n / h. A step may be as long as it meets no
kink; if the slope changes at lambda h kinks within h, all of five directions meet none in half of
all networks where h = 0.07 / lambda. So no bound below some 90 n lambda is to be had in eleven
evaluations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .comparison import SURE
from .directional import stepped
from .directions import even_directions, proved
from .evaluation import Evaluator
from .line import ROUNDING, Line
from .parameters import Block
from .phase import Settings
from .problem import Problem
from .schemes import UNIT_ROUNDOFF, step_along

# directions that are evaluated together
BATCHES = (2, 3, 1, 1)
# the step, in units of what the rounding of J goes by: |J|, and this many times what J moves by if
# each parameter is rounded, for a forward pass rounds as if its parameters were off by u
SHORTEST, WITHIN = 1.3e-8, 2.0
# and no shorter than this part of the usual one, for theta is rounded as well
DEEPEST = 16.0
# slopes that right code takes
SLOPES = 5
# where J bends, the error of a slope goes by each component of the direction as well, for D with
# the third power. So much more of the largest slope counts: then an error that comes from the very
# component that is off, and undoes as much of it as it can, hides it with a probability of 0.0009
BENDS = 3.0
# what is proved of a component has to be this small beside the largest gradient in its array
FINE = 0.01
# the slopes have to agree to this part of an array's own: so that one a ten-thousandth off shows
SHARP = 2e-5


@dataclass(frozen=True, slots=True)
class Stage:
    """How many directions are taken, and how many of them need not agree: kinks lie anywhere.

    `share` is the part of the doubt that is spent on looking then: each look has to have its own.
    """

    directions: int
    beside: int
    share: float

    def factor(self, doubt: float) -> float:
        """The bound on every component, in units of the largest slope that counts."""
        sure = 1 - doubt * self.share * (1 - SURE)
        return proved(np.full(self.directions, 0.5), sure, self.beside) + BENDS

    def bound(self, off: np.ndarray, doubt: float) -> float:
        """What is proved of every component, or can be at best by those directions there are."""
        return self.factor(doubt) * self.largest(off)

    def largest(self, off: np.ndarray) -> float:
        """The largest of those that count, of all or of as many as there are."""
        return float(np.sort(off)[-1 - self.beside]) if off.size > self.beside else 0.0


STAGES = (Stage(5, 0, 0.8), Stage(6, 1, 0.14), Stage(7, 2, 0.06))


@dataclass(frozen=True, slots=True)
class Proof:
    """What short steps along random directions say.

    Attributes
    ----------
    directions
        Those that agree, or all.
    lines
        What was evaluated along them.
    bound
        No component is off by more than this, with the probability that the doubt leaves.
    agrees
        Whether that is as little as was wanted.
    error
        How far the slopes may be off.
    is_off
        Whether the first two disagree, both: at kinks they seldom do.
    nfev
        Evaluations of the cost.
    """

    directions: np.ndarray
    lines: list[Line]
    bound: float
    agrees: bool
    error: float
    is_off: bool
    nfev: int

    @property
    def slopes(self) -> np.ndarray:
        """Of the cost along the directions."""
        return np.array([line.differences[0] for line in self.lines])


def prove(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    gradient: np.ndarray,
    cost: float,
    settings: Settings,
    doubt: float,
    evaluator: Evaluator | None = None,
) -> Proof | None:
    """Directions over all of `blocks`, until enough of them agree; None where none of it would do.

    `doubt` is the part of 1 - `SURE` that may be spent on it.

    Up to two directions may disagree, each of which takes one more: at least K - d of K have an
    ``|r @ v|`` of at most t with a probability of K! / (d! (K - d)!) (t / delta)**(K - d) or less.
    """
    base = step_along(sum(block.size for block in blocks), cost)
    step = max(SHORTEST * (abs(cost) + WITHIN * _moved(theta, gradient)), base / DEEPEST)
    wanted = _wanted(blocks, gradient, settings.threshold, SHARP * STAGES[0].factor(doubt))
    if step > base or not wanted > 0:
        return None
    quantum = UNIT_ROUNDOFF * abs(cost) / step  # J itself is rounded
    lines: list[Line] = []
    both = False
    rows: list[np.ndarray] = []
    off = np.zeros(0)
    bound, beside = np.inf, 0
    for batch, count in enumerate(BATCHES):
        seed = [settings.seed, blocks[0].start, len(blocks), batch]
        directions = even_directions(theta.size, blocks, count, seed)
        new = stepped(problem, theta, directions, cost, step, evaluator)
        lines, rows = lines + new, rows + list(directions)
        slopes = np.array([line.differences[0] for line in new])
        off = np.append(off, np.abs(directions @ gradient - slopes))
        left = [stage for stage in STAGES if stage.directions >= off.size]
        if left[0].directions == off.size:
            told = left.pop(0)
            if told.bound(off, doubt) + quantum < bound:
                bound, beside = told.bound(off, doubt) + quantum, told.beside
        both = off.size == BATCHES[0] and STAGES[0].factor(doubt) * np.min(off) + quantum > wanted
        open_ = any(stage.bound(off, doubt) + quantum <= wanted for stage in left)
        if bound <= wanted or both or not open_:
            break
    kept = np.sort(np.argsort(off, kind="stable")[: off.size - beside])
    # at a kink of theta itself, which every line shows, there is no gradient to agree with
    corner = float(np.median([abs(lines[k].gaps[0]) for k in kept]))
    smooth = corner <= FINE * float(np.max(np.abs(gradient)))
    return Proof(
        np.array([rows[k] for k in kept]),
        [lines[k] for k in kept],
        bound if smooth else np.inf,
        bool(bound <= wanted and smooth),
        float(np.max(off[kept])) + ROUNDING * quantum,
        bool(both),
        2 * off.size,
    )


def _moved(theta: np.ndarray, gradient: np.ndarray) -> float:
    """How far J moves, in units of u, where each parameter is off by u of itself."""
    return float(np.linalg.norm(theta * gradient))


def _wanted(blocks: Sequence[Block], gradient: np.ndarray, threshold: float, part: float) -> float:
    """The bound that is small enough: beside the threshold, and what there is in each array."""
    largest = float(np.max(np.abs(gradient)))
    fine, sharp = [], []
    for block in blocks:
        own = gradient[block.slice]
        most = float(np.max(np.abs(own)))
        fine.append(FINE * (most if most else largest))
        if most:
            sharp.append(part * float(np.linalg.norm(own)))
    return min(threshold, *fine, *sharp)
