"""Random directions: all components at once, then the arrays one by one.

Two directions over all arrays screen every component in eleven evaluations. Where they are off, or
an array is too small beside the others to be seen, each array gets directions of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .comparison import SURE, Probe, Status
from .directional import Directional, directional
from .directions import proved, random_directions
from .evaluation import Evaluator
from .first_look import BACKWARD_ROUNDING
from .parameters import Block
from .phase import Settings
from .problem import Problem
from .schemes import UNIT_ROUNDOFF

DIRECTIONS = 2
# differences that they take: three steps for the first, two for the second
SLOPES = 5
# what is proved of a component has to be this small beside the largest gradient in its array
FINE = 0.01


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
    together = _along(problem, theta, blocks, gradient, cost, settings, evaluator)
    left = [b for b in blocks if together.probes[b.name].status != Status.AGREES]
    if not left or len(blocks) == 1:
        return together
    probes, seen = dict(together.probes), dict(together.seen)
    nfev = together.nfev
    for block in left:
        like = together.seen[block.name] if together.off else None
        alone = _along(problem, theta, [block], gradient, cost, settings, evaluator, like)
        if like is not None and alone.probes[block.name].status == Status.NOISY:
            nfev += alone.nfev  # perhaps with steps of its own
            alone = _along(problem, theta, [block], gradient, cost, settings, evaluator)
        probes |= alone.probes
        seen |= alone.seen
        nfev += alone.nfev
    return Screening(probes, seen, nfev)


def _along(
    problem: Problem,
    theta: np.ndarray,
    blocks: Sequence[Block],
    gradient: np.ndarray,
    cost: float,
    settings: Settings,
    evaluator: Evaluator | None,
    like: Directional | None = None,
) -> Screening:
    """Directions that move all of `blocks`; like others, one alone where it settles the matter."""
    lines = lines_over(theta.size, blocks, settings)

    def slopes(chosen: np.ndarray) -> Directional:
        return directional(problem, theta, chosen, cost=cost, like=like, evaluator=evaluator)

    if like is None:
        return judged(blocks, gradient, lines, slopes(lines))
    one = slopes(lines[:1])
    early = judged(blocks, gradient, lines[:1], one)
    return early if early.off else judged(blocks, gradient, lines, one.joined(slopes(lines[1:])))


def lines_over(size: int, blocks: Sequence[Block], settings: Settings) -> np.ndarray:
    """The directions over these arrays, one a row of `size` numbers."""
    seed = [settings.seed, blocks[0].start, len(blocks)]
    return random_directions(size, blocks, DIRECTIONS, seed)


def judged(
    blocks: Sequence[Block], gradient: np.ndarray, lines: np.ndarray, found: Directional
) -> Screening:
    """What the slopes along `lines` say of every array that they move."""
    parts = {b.name: lines[:, b.slice] @ gradient[b.slice] for b in blocks}
    analytic = sum(parts.values(), np.zeros(len(lines)))
    left = analytic - found.values
    norms = np.sqrt(sum(lines[:, b.slice] ** 2 @ gradient[b.slice] ** 2 for b in blocks))
    error = found.errors + BACKWARD_ROUNDING * UNIT_ROUNDOFF * norms
    wrong = bool(np.any(np.abs(left) > 3 * error))
    finite = bool(np.all(np.isfinite(left) & np.isfinite(error)))
    bound = proved(np.abs(left) + error, SURE)
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
