"""One point: everything that is measured and said at one theta."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .all_arrays import agreeing
from .batched import Level
from .comparison import Status
from .derivatives import Derivative
from .directions import coordinates
from .evaluation import Evaluator
from .findings import Finding
from .first_look import FEW, are_plain, disagree, is_cheaper
from .nearby import cost_beside
from .noise import (
    COARSE,
    HERE,
    NOISE_BOUND,
    SINGLE,
    is_single,
    noise_of,
    rounding_of,
    single_noise,
    takes_single,
)
from .one_array import blank, compare
from .parameters import Block
from .phase import Phase, Settings, cost_size
from .problem import Problem
from .refusals import flat, not_a_number, unmoved, unusable
from .schemes import CENTRAL, UNIT_ROUNDOFF, steps_for
from .slopes import slopes

# J has lost digits where it is off by this many times its noise
LOST = 100.0


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
    refusal = not_a_number(layout, theta)
    refusal = refusal or unusable(problem, cost, again, gradient, repeated)
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
    few = theta.size < FEW
    single = None if first is None or not first.single else True
    rounding = None
    noise, still = np.nan if first is None else first.ordinary_noise(theta, cost, gradient), False
    every = differentiated(noise) if np.isfinite(noise) else None
    settled = settled_at(first, theta.size)
    if every is None or not (
        single or is_cheaper(gradient, every, noise, cost, threshold, settled)
    ):
        assumed = unit_step(settings, cost_size(cost, noise))
        start = int(first is not None and first.is_single_precision)
        measured = noise_of(problem, theta, cost, settings.seed, start, gradient, asks=few)
        single, rounding = measured.single, measured.lost
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
    lost, compared = 0.0, None
    if not is_single(noise, cost):
        compared = agreeing(blocks, chosen, gradient, every, cost, noise, threshold)
    idle = still or len(blocks) == len(layout.blocks)
    given_up = False
    if compared is not None:
        nfev += sum(part.nfev for part in every)
    else:
        compared = []
        if settings.scheme is CENTRAL and settings.epsilon is None:
            about = problem, theta, gradient, every, cost, noise, threshold
            lost, same, used = _lost(*about, rounding)
            nfev += used
            if same and few and single is None:
                taken, _, used = takes_single(problem, theta, cost, gradient)
                nfev += max(0, used - 1)  # of which one is known
                by_it = single_noise(theta, gradient, cost) if taken else None
                if by_it is not None:
                    single, noise = True, max(noise, NOISE_BOUND * by_it)
                    nfev += sum(part.nfev for part in every)
                    every = differentiated(noise)
        # a look at each by more steps says the same, where nothing moves J as the gradient says
        given_up = few and idle and not told and _is_steep(gradient, every, noise)
        for block, own, part in zip(blocks, chosen, every, strict=True):
            if given_up:
                break
            about = problem, theta, block, gradient, cost, noise, settings, evaluator
            found, used = compare(*about, own, part, lost, settled=settled[block.slice])
            compared.append(found)
            nfev += used
    # a cost whose rounding hides such slopes is noisy, not still
    steep = any(np.any(np.abs(found.analytic) > found.error) for found in compared)
    if given_up or (idle and steep and not any(np.any(found.numeric) for found in compared)):
        compared = [blank(block, gradient, Status.NOISY, settings) for block in blocks]
        told = (unmoved(problem, theta, cost, gradient, settings.scheme, settings.epsilon),)
    epsilon = unit_step(settings, cost_size(cost, noise))
    return Phase(
        name, theta, cost, noise, epsilon, tuple(compared), told, nfev, lost=lost > 0, single=single
    )


def _is_steep(gradient: np.ndarray, every: Sequence[Derivative], noise: float) -> bool:
    """Whether no step moves J, and one would by more than its noise if the gradient is right."""
    if any(np.any(part.values) for part in every):
        return False
    return any(np.any(np.abs(gradient[p.components]) > noise * p.amplified) for p in every)


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
    rounding: float | None,
) -> tuple[float, bool, int]:
    """How far J is off here by more than its noise, 0 where it is not, and the evaluations.

    Between them, whether more bits leave it the same to the last one of those that it has. The
    `rounding` there, where that was asked already.
    Asked where much disagrees, and where what looks like single precision may be no such thing.
    """
    least = COARSE if theta.size < FEW else SINGLE  # of few, whatever arithmetic does not make
    single = is_single(noise, cost, least) and not are_plain(gradient, every, noise, threshold)
    if not (single or disagree(gradient, every, noise, threshold)):
        return 0.0, False, 0
    nfev = int(rounding is None)
    rounding = rounding_of(problem, theta, cost) if rounding is None else rounding
    lost = NOISE_BOUND * rounding
    return (lost if lost > (HERE if single else LOST) * noise else 0.0), lost == 0.0, nfev


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
