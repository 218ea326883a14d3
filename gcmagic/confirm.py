"""FAIL is said of an array only where it is wrong at another point as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .comparison import FAIL, INCONCLUSIVE, PASS, Comparison, Status, Verdict, difference
from .evaluation import Evaluator
from .extended import right_in_extended_precision, slopes_right_in_extended_precision
from .first_look import FEW
from .ladder import steady
from .nearby import jittered
from .noise import NOISE_BOUND, noise_of
from .one_array import CLIMBED, compare, doubt
from .phase import Phase, Settings
from .problem import Problem
from .rough import hidden

# components of an array that are looked at again
SAMPLE = 32
# of these, looked at first
PILOTS = 4
# parameters from which on an array is looked at as a whole in extended precision
MANY = 20_000
# the floor of a point that speaks against a difference, in units of it
TELLING = 0.3
# noise of J, in parts of the largest |J| here and beside, from which on no step is small enough
ROUGH = 0.01


def confirmed(
    problem: Problem, phase: Phase, settings: Settings, evaluator: Evaluator | None = None
) -> Phase:
    """The phase with every FAIL taken back that the jittered points contradict.

    One unlucky point makes right code look wrong: a kink of the cost, or saturation, within the
    step. A FAIL stands where a jittered point confirms it and none finds the same components
    right; and where no jittered point has a finite cost, for then nothing speaks against it. None
    stands of a cost that is rough: so noisy beside all that it is that every step may alias.
    """
    if not any(block.count(Status.WRONG) for block in phase.blocks):
        return phase
    phase = _without_rounding(problem, phase, settings, evaluator)
    wrong = {block.name: block for block in phase.blocks if block.count(Status.WRONG)}
    if not wrong:
        return phase
    nfev, looked, largest = 0, False, abs(phase.cost)
    seen: dict[str, set[Verdict]] = {name: set() for name in wrong}
    few = phase.theta.size < FEW
    for theta in list(jittered(problem, phase.theta, settings.seed))[:: -1 if few else 1]:
        if few and all(PASS in verdicts for verdicts in seen.values()):
            break  # the less saturated one has taken it back
        cost, gradient = problem.cost_at(theta), problem.gradient_at(theta)
        nfev += 1
        if not (np.isfinite(cost) and np.all(np.isfinite(gradient))):
            continue
        looked, largest = True, max(largest, abs(cost))
        plain = replace(settings, epsilon=None)
        noise = phase.ordinary_noise(theta, cost, gradient) if few else np.nan
        if not np.isfinite(noise):
            measured = noise_of(problem, theta, cost, settings.seed, gradient=gradient)
            noise, nfev = NOISE_BOUND * measured.level, nfev + measured.nfev
        for name, block in wrong.items():
            again = _again(block, settings)
            found, used = compare(
                problem, theta, block.block, gradient, cost, noise, plain, evaluator, again
            )
            nfev += used
            # a PASS that would not show what is wrong here speaks against nothing
            if found.verdict is not PASS or found.floor <= TELLING * _off(block, again):
                stray = phase.is_single_precision and is_stray(block, found)
                seen[name].add(INCONCLUSIVE if stray else found.verdict)
    if looked and phase.noise > ROUGH * largest:  # sin(1e7 x) has no step that shows its slope
        noisy = tuple(_called(block, Status.NOISY) for block in phase.blocks)
        return replace(phase, blocks=noisy, nfev=phase.nfev + nfev)
    blocks = tuple(
        _called(block, Status.UNCONFIRMED)
        if looked and block.name in wrong and not _stands(seen[block.name])
        else block
        for block in phase.blocks
    )
    return replace(phase, blocks=blocks, nfev=phase.nfev + nfev)


def _without_rounding(
    problem: Problem, phase: Phase, settings: Settings, evaluator: Evaluator | None
) -> Phase:
    """The phase with what only rounding makes wrong called noisy: stairs in J, or errors of g."""
    blocks, nfev = [], 0
    for block in phase.blocks:
        if block.count(Status.WRONG):
            places = np.searchsorted(block.components, _again(block, settings))
            stays, used = np.ones(1, dtype=bool), 0
            whole = phase.theta.size > MANY
            if whole:  # a call in extended precision takes a hundred times as long: few of them
                stays, used = _beyond_rounding(problem, phase, block)
                nfev += used
            elif places.size > 2 * PILOTS:  # where rounding makes the worst, it makes the others
                few = np.array(block.worst(PILOTS))
                stays, used = _stay(problem, phase, block, few, settings, evaluator)
                nfev += used
            if np.any(stays):
                stays, used = _stay(problem, phase, block, places, settings, evaluator, whole)
                nfev += used
            noisy = np.zeros(block.status.size, dtype=bool)
            if np.any(stays):
                noisy[places[~stays]] = True
            else:  # then those that were not looked at again are no better
                noisy[:] = True
            block = _called(block, Status.NOISY, noisy)
        blocks.append(block)
    return replace(phase, blocks=tuple(blocks), nfev=phase.nfev + nfev)


def _stay(
    problem: Problem,
    phase: Phase,
    block: Comparison,
    places: np.ndarray,
    settings: Settings,
    evaluator: Evaluator | None,
    no_rounding: bool = False,
) -> tuple[np.ndarray, int]:
    """Which of the wrong components at `places` rounding does not explain."""
    asked = doubt(
        phase.theta,
        block.block.start + block.components[places],
        block.analytic[places],
        phase.cost,
        phase.noise,
        float(np.max(np.abs(block.analytic))),
        settings.threshold,
    )
    stays, nfev = np.ones(places.size, dtype=bool), 0
    if not no_rounding:
        numeric = block.numeric[places]
        right, nfev = right_in_extended_precision(problem, phase.theta, asked, numeric)
        stays = ~right
    if np.any(stays):
        left = np.flatnonzero(stays)
        stays[left], used = steady(problem, phase.theta, asked.only(left), evaluator)
        nfev += used
    if np.any(stays):
        few = np.flatnonzero(stays)[:PILOTS]
        at = asked.components[few], asked.analytic[few], asked.steps[few]
        uneven, used = hidden(problem, phase.theta, *at, phase.cost, phase.noise, evaluator)
        stays[few[uneven]], nfev = False, nfev + used
        if np.all(uneven):
            stays[:] = False
    return stays, nfev


def _beyond_rounding(problem: Problem, phase: Phase, block: Comparison) -> tuple[np.ndarray, int]:
    """Whether what is wrong, all of it along one direction, is more than rounding; one truth."""
    off = np.where(block.status == Status.WRONG, block.analytic - block.numeric, 0.0)
    off /= np.linalg.norm(off)
    line = np.zeros((1, phase.theta.size))
    line[0, block.block.start + block.components] = off
    slopes = np.array([[off @ block.analytic], [off @ block.numeric]])
    right, nfev = slopes_right_in_extended_precision(problem, phase.theta, line, *slopes)
    return ~right, nfev


def is_stray(block: Comparison, found: Comparison) -> bool:
    """Whether of what is wrong at one point, more is right at another than wrong.

    The steps that float32 asks for are so long that kinks lie within them at any point: of several
    components one is bent at each, and not by a bug.
    """
    wrong = block.components[block.status == Status.WRONG]
    status = found.status[np.isin(found.components, wrong)]
    return int(np.sum(status == Status.WRONG)) < int(np.sum(status == Status.AGREES))


def _stands(seen: set[Verdict]) -> bool:
    return FAIL in seen and PASS not in seen


def _again(block: Comparison, settings: Settings) -> np.ndarray:
    """Offsets to look at again: the furthest off, and some more of the wrong ones."""
    half = int(min(SAMPLE // 2, PILOTS // 2 + settings.spare / CLIMBED))
    worst = block.worst(half)
    wrong = np.flatnonzero(block.status == Status.WRONG)
    spread = wrong[np.linspace(0, wrong.size - 1, half).astype(int)]
    return block.components[np.unique(np.concatenate([worst, spread]))]


def _off(block: Comparison, offsets: np.ndarray) -> float:
    places = np.searchsorted(block.components, offsets)
    return difference(block.analytic[places], block.numeric[places])


def _called(block: Comparison, instead: Status, where: np.ndarray | bool = True) -> Comparison:
    status = np.where((block.status == Status.WRONG) & where, instead, block.status)
    return replace(block, status=status.astype(np.int8))
