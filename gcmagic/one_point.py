"""One point: everything that is measured and said at one theta."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .batched import Level
from .comparison import Status
from .derivatives import Derivative
from .directions import coordinates
from .evaluation import Evaluator
from .findings import Finding
from .first_look import FEW, are_plain, disagree, is_cheaper
from .nearby import cost_beside
from .noise import NOISE_BOUND, is_single, noise_of, rounding_of
from .one_array import blank, compare
from .parameters import Block
from .phase import Phase, Settings, cost_size
from .problem import Problem
from .refusals import flat, stuck, unusable
from .schemes import CENTRAL, UNIT_ROUNDOFF, steps_for
from .slopes import slopes

# J has lost digits where it is off by this many times its noise
LOST = 100.0
# and what looks like single precision is none where more bits move J by this part of its noise
HERE = 0.05


@dataclass(frozen=True, slots=True)
class Calls:
    """What cost and gradient gave in each of two calls at one theta, to the last bit the same."""

    cost: float
    gradient: np.ndarray


def check_at(
    problem: Problem,
    name: str,
    theta: np.ndarray,
    settings: Settings,
    evaluator: Evaluator | None = None,
    first: Phase | None = None,
    calls: Calls | None = None,
    reached: float | None = None,
) -> Phase:
    """Compare the gradient with the cost at `theta`.

    Parameters
    ----------
    first
        A point whose noise is taken over, in proportion to J, unless a component disagrees.
    calls
        What cost and gradient gave there, where they were called twice already.
    reached
        What the cost gave there, where it was called once.
    """
    layout = problem.layout
    blocks = layout.select(settings.layers)
    nfev = 2
    if calls is not None:
        cost = again = calls.cost
        gradient = repeated = calls.gradient
    else:
        nfev = 2 if reached is None else 1
        cost = problem.cost_at(theta)
        again = problem.cost_at(theta) if reached is None else reached
        gradient, repeated = problem.gradient_at(theta), problem.gradient_at(theta)
    refusal = unusable(problem, cost, again, gradient, repeated)
    if refusal is not None:
        status = Status.NOT_FINITE if refusal.code == "not-finite" else Status.NOISY
        nothing = tuple(blank(block, gradient, status, settings) for block in blocks)
        epsilon = unit_step(settings, cost)
        return Phase(name, theta, cost, np.nan, epsilon, nothing, (refusal,), nfev)

    chosen = [coordinates(block, settings.sample, settings.seed) for block in blocks]

    def differentiated(noise: float) -> list[Derivative]:
        at = Level(cost, cost_size(cost, noise), noise)
        scheme, epsilon = settings.scheme, settings.epsilon
        return slopes(problem, theta, blocks, chosen, at, scheme, epsilon, evaluator)

    threshold = settings.threshold
    noise, still = np.nan if first is None else first.ordinary_noise(cost), False
    every = differentiated(noise) if np.isfinite(noise) else None
    settled = settled_at(first, theta.size)
    if every is None or not is_cheaper(gradient, every, noise, cost, threshold, settled):
        assumed = unit_step(settings, cost_size(cost, noise))
        single = first is not None and first.is_single_precision
        measured = noise_of(problem, theta, cost, settings.seed, start=int(single))
        noise = min(NOISE_BOUND * measured.level, np.finfo(float).max)  # near overflow
        still, nfev = measured.still, nfev + measured.nfev
        other = unit_step(settings, cost_size(cost, noise)) != assumed
        if every is None or (other and not are_plain(gradient, every, noise, threshold)):
            nfev += 0 if every is None else sum(part.nfev for part in every)
            every = differentiated(noise)
    told: tuple[Finding, ...] = ()
    if not any(np.any(part.values) for part in every):
        noise, told, used = _stillness(
            problem, theta, gradient, cost, noise, blocks, every, settings
        )
        nfev += used
    lost, compared = 0.0, []
    if settings.scheme is CENTRAL and settings.epsilon is None:
        lost, used = _lost(problem, theta, gradient, every, cost, noise, threshold)
        nfev += used
    for block, own, part in zip(blocks, chosen, every, strict=True):
        found, used = compare(
            *(problem, theta, block, gradient, cost, noise, settings, evaluator, own, part, lost),
            settled=settled[block.slice],
        )
        compared.append(found)
        nfev += used
    idle = still or len(blocks) == len(layout.blocks)
    # a cost whose rounding hides such slopes is noisy, not still
    steep = any(np.any(np.abs(found.analytic) > found.error) for found in compared)
    if idle and steep and not any(np.any(found.numeric) for found in compared):
        compared = [blank(block, gradient, Status.NOISY, settings) for block in blocks]
        told = (stuck(problem),)
    epsilon = unit_step(settings, cost_size(cost, noise))
    return Phase(name, theta, cost, noise, epsilon, tuple(compared), told, nfev, lost=lost > 0)


def settled_at(first: Phase | None, size: int) -> np.ndarray:
    """Which components another point has settled: right there, and moving J. Of few only."""
    settled = np.zeros(size, dtype=bool)
    for block in () if first is None or size >= FEW else first.blocks:
        settled[block.block.start + block.components] = (
            block.status == Status.AGREES
        ) & block.moves
    return settled


def _lost(
    problem: Problem,
    theta: np.ndarray,
    gradient: np.ndarray,
    every: list[Derivative],
    cost: float,
    noise: float,
    threshold: float,
) -> tuple[float, int]:
    """How far J is off here by more than its noise, 0 where it is not, and the evaluations.

    Asked where much disagrees, and where what looks like single precision may be no such thing.
    """
    single = is_single(noise, cost) and not are_plain(gradient, every, noise, threshold)
    if not (single or disagree(gradient, every, noise, threshold)):
        return 0.0, 0
    lost = NOISE_BOUND * rounding_of(problem, theta, cost)
    return (lost if lost > (HERE if single else LOST) * noise else 0.0), 1


def _stillness(
    problem: Problem,
    theta: np.ndarray,
    gradient: np.ndarray,
    cost: float,
    noise: float,
    blocks: Sequence[Block],
    every: list[Derivative],
    settings: Settings,
) -> tuple[float, tuple[Finding, ...], int]:
    """Noise, findings and evaluations where no nudge moves J: it may move at points nearby.

    Then its noise is that of J there, if the gradient is so small that this hides it.
    """
    analytic = np.concatenate([gradient[part.components] for part in every])
    if not np.any(analytic):
        return noise, (), 0
    largest, used = cost_beside(problem, theta, cost, settings.seed)
    beside = NOISE_BOUND * 2 * UNIT_ROUNDOFF * largest
    if np.all(np.abs(analytic) * np.concatenate([part.steps for part in every]) <= beside):
        return max(noise, beside), (flat(problem, blocks, analytic),), used
    return noise, (), used


def unit_step(settings: Settings, size: float) -> float:
    """The step for a component of size at most one."""
    return float(steps_for(np.zeros(1), settings.scheme, settings.epsilon, size)[0])
