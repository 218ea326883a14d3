"""FAIL is said of an array only where it is wrong at another point as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .comparison import FAIL, Comparison, Status
from .derivatives import noise_of
from .evaluation import Evaluator
from .phase import NOISE_BOUND, Phase, Settings, compare
from .problem import Problem

# components of an array that are looked at again
SAMPLE = 32
POINTS = 2


def jittered(problem: Problem, theta: np.ndarray, seed: int) -> np.ndarray:
    """Theta + 0.2 max(rms, 1) N(0, 1), array by array: away from kinks and special values."""
    rng = np.random.default_rng(seed)
    moved = np.array(theta)
    for block in problem.layout.blocks:
        rms = float(np.sqrt(np.mean(theta[block.slice] ** 2)))
        moved[block.slice] += 0.2 * max(rms, 1.0) * rng.standard_normal(block.size)
    return moved


def confirmed(
    problem: Problem, phase: Phase, settings: Settings, evaluator: Evaluator | None = None
) -> Phase:
    """The phase with every FAIL taken back that no jittered point confirms.

    One unlucky point makes right code look wrong: a kink of the cost, or saturation, within the
    step. Where no jittered point has a finite cost, there is nothing to take a FAIL back with.
    """
    wrong = [block for block in phase.blocks if block.verdict is FAIL]
    if not wrong:
        return phase
    open_names = {block.name for block in wrong}
    nfev, finite = 0, False
    for k in range(POINTS):
        theta = jittered(problem, phase.theta, settings.seed + 1 + k)
        cost, gradient = problem.cost_at(theta), problem.gradient_at(theta)
        nfev += 1
        if not (np.isfinite(cost) and np.all(np.isfinite(gradient))):
            continue
        finite = True
        measured = noise_of(problem, theta, cost, settings.seed)
        nfev += measured.nfev
        plain = replace(settings, epsilon=None)
        for block in [b for b in wrong if b.name in open_names]:
            found, used = compare(
                problem,
                theta,
                block.block,
                gradient,
                cost,
                NOISE_BOUND * measured.level,
                plain,
                evaluator,
                _again(block),
            )
            nfev += used
            if found.verdict is FAIL:
                open_names.discard(block.name)
    if not finite:
        open_names = set()
    blocks = tuple(_taken_back(b) if b.name in open_names else b for b in phase.blocks)
    return replace(phase, blocks=blocks, nfev=phase.nfev + nfev)


def _again(block: Comparison) -> np.ndarray:
    """Offsets to look at again: the furthest off, and some more of the wrong ones."""
    worst = block.worst(SAMPLE // 2)
    wrong = np.flatnonzero(block.status == Status.WRONG)
    spread = wrong[np.linspace(0, wrong.size - 1, SAMPLE // 2).astype(int)]
    return block.components[np.unique(np.concatenate([worst, spread]))]


def _taken_back(block: Comparison) -> Comparison:
    status = np.where(block.status == Status.WRONG, Status.UNCONFIRMED, block.status)
    return replace(block, status=status.astype(np.int8))
