"""Random directions: all components at once, then the arrays one by one.

One short step along five directions over all arrays screens every component in eleven evaluations.
Where that does not do, two of them take longer steps, which show less and say how far they are off.
Where they are off, or an array is too small beside the others to be seen, each array gets
directions of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .comparison import SURE, Probe, Status
from .directional import Directional, directional
from .directions import proved, random_directions
from .evaluation import Evaluator
from .first_look import BACKWARD_ROUNDING
from .parameters import Block
from .phase import Settings
from .problem import Problem
from .proving import FINE, Proof, prove
from .schemes import UNIT_ROUNDOFF

DIRECTIONS = 2
# what is looked at has to have its part of the doubt: short steps along all arrays, longer ones,
# short ones along those that are not off by themselves, and longer ones along one array
SHORT, TOGETHER, BESIDE, ALONE = 0.5, 0.1, 0.25, 0.1
# so many arrays take less together than a second direction for each does
MANY = 3
# so many times its error a slope is off by no kink or unknown noise
CLEARLY = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Screening:
    """What directions say at one theta.

    Attributes
    ----------
    probes
        By name of the array.
    seen
        The slopes that each probe comes from.
    nfev
        Evaluations of the cost.
    """

    probes: dict[str, Probe]
    seen: dict[str, Directional]
    nfev: int

    @property
    def off(self) -> tuple[str, ...]:
        """Names of the arrays that are wrong along a direction."""
        return tuple(name for name, p in self.probes.items() if p.status == Status.WRONG)


def screen(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    gradient: np.ndarray,
    cost: float,
    settings: Settings,
    evaluator: Evaluator | None = None,
) -> Screening:
    """Which arrays are wrong, along directions over all of them and where need be over each."""
    proof = prove(problem, theta, blocks, gradient, cost, settings, SHORT, evaluator)
    if proof is not None and proof.agrees:
        return _agreeing(blocks, gradient, proof, cost)
    together = _along(problem, theta, blocks, gradient, cost, settings, evaluator, proof)
    left = [b for b in blocks if together.probes[b.name].status != Status.AGREES]
    if not left or len(blocks) == 1:
        return together
    probes, seen = dict(together.probes), dict(together.seen)
    nfev = together.nfev
    alone = {b.name: _Alone(problem, theta, b, gradient, cost, settings, evaluator) for b in left}
    doubt = ALONE / len(left)
    if together.off:
        for block in left:
            told = alone[block.name].first(together.seen[block.name], doubt)
            probes, seen = probes | told.probes, seen | told.seen
            nfev += told.nfev
        left = [b for b in left if probes[b.name].status != Status.WRONG]
        if len(left) >= MANY:
            proof = prove(problem, theta, left, gradient, cost, settings, BESIDE, evaluator)
            nfev += 0 if proof is None else proof.nfev
            if proof is not None and proof.agrees:
                told = _agreeing(left, gradient, proof, cost)
                probes, seen, left = probes | told.probes, seen | told.seen, []
    for block in left:
        told = alone[block.name].rest(doubt)
        probes, seen = probes | told.probes, seen | told.seen
        nfev += told.nfev
    return Screening(probes, seen, nfev)


def _agreeing(
    blocks: Sequence[Block], gradient: np.ndarray, proof: Proof, cost: float
) -> Screening:
    """What short steps prove of every array."""
    steps = np.array([line.step(0) for line in proof.lines])
    errors = np.full(steps.size, proof.error)
    rounding = UNIT_ROUNDOFF * abs(cost)
    found = Directional(proof.slopes, errors, steps, rounding, proof.nfev, proof.lines[0])
    return judged(blocks, gradient, proof.directions, found, 1.0, proof.bound)


def _along(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    gradient: np.ndarray,
    cost: float,
    settings: Settings,
    evaluator: Evaluator | None,
    proof: Proof | None,
) -> Screening:
    """Directions that move all of `blocks`, by longer steps than those of the `proof`."""
    lines = lines_over(theta.size, blocks, settings)
    begun, nfev, bound = (), 0, np.inf
    if proof is not None:
        nfev, bound = proof.nfev, proof.bound
    if proof is not None and proof.is_off:
        one = directional(problem, theta, lines[:1], cost=cost, evaluator=evaluator)
        told = judged(blocks, gradient, lines[:1], one, TOGETHER)
        left = lines[0] @ gradient - one.values[0]
        if told.off and abs(left) > CLEARLY * one.errors[0]:
            return replace(told, nfev=nfev + told.nfev)
        begun, nfev = (one.first,), nfev + one.nfev - one.first.nfev
    found = directional(problem, theta, lines, cost=cost, begun=begun, evaluator=evaluator)
    told = judged(blocks, gradient, lines, found, TOGETHER, bound)
    return replace(told, nfev=nfev + told.nfev)


class _Alone:
    """Directions that move one array, one by one: the first settles it where it is wrong."""

    def __init__(
        self,
        problem: Problem,
        theta: np.ndarray,
        block: Block,
        gradient: np.ndarray,
        cost: float,
        settings: Settings,
        evaluator: Evaluator | None,
    ) -> None:
        self.block, self.gradient = block, gradient
        self.lines = lines_over(theta.size, [block], settings)
        self.one: Directional | None = None

        def slopes(lines: np.ndarray, like: Directional | None = None) -> Directional:
            return directional(problem, theta, lines, cost=cost, like=like, evaluator=evaluator)

        self.slopes = slopes

    def first(self, like: Directional, doubt: float) -> Screening:
        """By the first direction, with the steps and errors of others."""
        self.one = self.slopes(self.lines[:1], like)
        return judged([self.block], self.gradient, self.lines[:1], self.one, doubt)

    def rest(self, doubt: float) -> Screening:
        """By all of them, with steps of their own where those of others do not do."""
        nfev = 0
        if self.one is not None:
            more = self.slopes(self.lines[1:], self.one)
            both = self.one.joined(more)
            told = judged([self.block], self.gradient, self.lines, both, doubt)
            nfev = more.nfev
            if told.probes[self.block.name].status != Status.NOISY:
                return replace(told, nfev=nfev)
        found = self.slopes(self.lines)
        told = judged([self.block], self.gradient, self.lines, found, doubt)
        return replace(told, nfev=nfev + told.nfev)


def lines_over(size: int, blocks: Sequence[Block], settings: Settings) -> np.ndarray:
    """The directions over these arrays, one a row of `size` numbers."""
    seed = [settings.seed, blocks[0].start, len(blocks)]
    return random_directions(size, blocks, DIRECTIONS, seed)


def judged(
    blocks: Sequence[Block],
    gradient: np.ndarray,
    lines: np.ndarray,
    found: Directional,
    doubt: float,
    known: float = np.inf,
) -> Screening:
    """What the slopes along `lines` say of every array that they move.

    Parameters
    ----------
    doubt
        The part of the doubt that is spent on this.
    known
        A bound on every component that is proved already.
    """
    parts = {b.name: lines[:, b.slice] @ gradient[b.slice] for b in blocks}
    analytic = sum(parts.values(), np.zeros(len(lines)))
    left = analytic - found.values
    norms = np.sqrt(sum(lines[:, b.slice] ** 2 @ gradient[b.slice] ** 2 for b in blocks))
    error = found.errors + BACKWARD_ROUNDING * UNIT_ROUNDOFF * norms
    wrong = bool(np.any(np.abs(left) > 3 * error))
    finite = bool(np.all(np.isfinite(left) & np.isfinite(error)))
    bound = min(known, bounded(left, error, doubt))
    probes = {}
    for block in blocks:
        own = gradient[block.slice]
        largest = float(np.max(np.abs(own)))
        numeric = parts[block.name] - left
        moves = largest > 0 or bool(np.any(np.abs(numeric) > error))
        status = Status.NOISY
        if (
            finite
            and not wrong
            and bound <= FINE * (largest if largest else float(np.max(np.abs(gradient))))
        ):
            status = Status.AGREES
        elif wrong:
            status = Status.WRONG
        probes[block.name] = Probe(parts[block.name], numeric, error, status, moves, bound)
    return Screening(
        probes,
        {b.name: found for b in blocks},
        found.nfev,
    )


def bounded(left: np.ndarray, error: np.ndarray, doubt: float) -> float:
    """The bound on every component that slopes prove which `left` so much, with this part of doubt.

    The error hides a component by what that changes of it, which is not more than all of it: it
    counts but once.
    """
    return proved(np.abs(left), 1 - doubt * (1 - SURE)) + float(np.max(error))
