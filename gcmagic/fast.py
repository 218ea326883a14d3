"""One point in fast mode: screened by random directions, and a closer look where they are off.

In an array that is off the wrong components are located, and looked at by themselves as any
component is; where there are too many of them, or directions cannot tell, a sample is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .comparison import FAIL, SURE, Comparison, Probe, Status
from .directional import Directional, directional
from .directions import coordinates
from .evaluation import Evaluator
from .findings import Finding
from .first_look import BACKWARD_ROUNDING
from .line import ROUNDING
from .locating import Located, locate
from .noise import NOISE_BOUND, noise_of
from .notation import exponent
from .one_array import blank, compare
from .one_point import unit_step
from .parameters import Block
from .phase import EXPECTED_NOISE, Phase, Settings, cost_size
from .problem import Problem
from .refusals import not_a_number, stuck, unusable
from .schemes import UNIT_ROUNDOFF
from .screening import Screening, bounded, judged, lines_over, screen

# components of every array that are looked at by themselves in any case
BESIDE = 5
# those of an array that directions leave open, or of which many are wrong
SAMPLE = 100
# an array of which many components are wrong is looked at in full up to this size
WHOLE = 400
# wrong components of an array that are located, and how often what they leave is gone through again
LOCATED, ROUNDS = 64, 3
# the part of the doubt that is left for what the located ones leave of their arrays
BESIDE_LOCATED = 0.05
# evaluations of a component that is looked at closely, and of one that is located
LADDER, LOCATING = 12, 40
# evaluations that make sure of one wrong array: at two points beside, and in extended precision
CONFIRMING = 30


def beside(settings: Settings, arrays: int) -> int:
    """How many components of every array are looked at by themselves: fewer where time is short."""
    most = min(BESIDE, settings.sample or BESIDE)
    return int(min(most, 1 + settings.spare / (2 * arrays)))


def screen_at(
    problem: Problem,
    name: str,
    theta: np.ndarray,
    settings: Settings,
    evaluator: Evaluator | None = None,
) -> Phase:
    """Compare the gradient with the cost at `theta` along random directions."""
    blocks = problem.layout.select(settings.layers)
    cost = problem.cost_at(theta)
    gradient, repeated = problem.gradient_at(theta), problem.gradient_at(theta)
    nfev = 1
    finite = [b for b in blocks if np.all(np.isfinite(gradient[b.slice]))]
    refusal = not_a_number(problem.layout, theta)
    refusal = refusal or unusable(problem, cost, cost, gradient, repeated)
    found = Screening({}, {}, 0)
    if refusal is None and finite:
        found = screen(problem, theta, finite, gradient, cost, settings, evaluator)
        nfev += found.nfev
        if any(p.status != Status.AGREES for p in found.probes.values()):
            nfev += 1
            refusal = unusable(problem, cost, problem.cost_at(theta), gradient, repeated)
    few = replace(settings, sample=beside(settings, len(blocks)))
    # of an array that directions leave open, or of which many are wrong, with their ladders
    most = int(min(WHOLE, 1 + settings.spare / (LADDER * len(blocks))))
    some = min(settings.sample or SAMPLE, most)
    if refusal is not None:
        status = Status.NOT_FINITE if refusal.code == "not-finite" else Status.NOISY
        nothing = tuple(blank(block, gradient, status, few) for block in blocks)
        return Phase(
            name, theta, cost, np.nan, unit_step(settings, cost), nothing, (refusal,), nfev
        )

    measured = noise_of(problem, theta, cost, settings.seed, gradient=gradient)
    noise = NOISE_BOUND * max([measured.level, *(s.noise for s in found.seen.values())])
    nfev += measured.nfev
    epsilon = unit_step(settings, cost_size(cost, noise))
    slopes = np.concatenate([s.values for s in found.seen.values()] or [np.zeros(0)])
    idle = measured.still or len(finite) == len(problem.layout.blocks)
    if idle and np.any(gradient) and not np.any(slopes):
        nothing = tuple(blank(block, gradient, Status.NOISY, few) for block in blocks)
        return Phase(name, theta, cost, noise, epsilon, nothing, (stuck(problem),), nfev)

    def look(block: Block, offsets: np.ndarray) -> Comparison:
        nonlocal nfev
        compared, used = compare(
            problem, theta, block, gradient, cost, noise, settings, evaluator, offsets
        )
        nfev += used
        return compared

    compared, sampled, before = [], [], nfev
    for block in blocks:
        probe = found.probes.get(block.name)
        offsets = coordinates(block, few.sample, settings.seed)
        failed = sum(c.verdict is FAIL for c in compared)
        enough = failed and nfev - before + CONFIRMING * failed > settings.spare
        if probe is not None and probe.status == Status.WRONG and enough:
            one = blank(block, gradient, Status.NOISY, few)
            probe = replace(probe, searched=False)
        elif probe is not None and probe.status == Status.WRONG:
            probe, located, used = _closer(
                problem, theta, block, gradient, cost, settings, found, evaluator
            )
            nfev += used
            if located.many and not probe.complete:
                count = None if block.size <= most else some
                offsets = coordinates(block, count, settings.seed)
            offsets = np.union1d(offsets, np.array(located.offsets, dtype=int))
            one = look(block, offsets)
            if one.verdict is not FAIL and not located.many:
                one = look(block, coordinates(block, some, settings.seed))
            if not one.count(Status.WRONG) and _lets_pass(
                probe, gradient[block.slice], lines_over(theta.size, [block], settings), settings
            ):
                probe = replace(probe, status=Status.AGREES)
        elif probe is not None and probe.status == Status.AGREES:
            one = look(block, offsets)
        else:
            probe = None
            nan = np.flatnonzero(~np.isfinite(gradient[block.slice]))[:BESIDE]
            offsets = coordinates(block, some, settings.seed)
            one = look(block, np.union1d(offsets, nan))
            if one.components.size < block.size:
                sampled.append(block)
        if probe is not None:
            expected = EXPECTED_NOISE * UNIT_ROUNDOFF * abs(cost) * ROUNDING
            expected *= float(np.linalg.norm(1 / found.seen[block.name].steps))
            if probe.bound <= settings.threshold:
                # they prove five times as much as they are off by, or more
                expected = min(expected, settings.threshold / 5 * np.sqrt(probe.error.size))
            norm = np.linalg.norm(probe.analytic) + np.linalg.norm(probe.numeric)
            one = replace(one, probe=probe, rounding=float(expected / norm) if norm else 0.0)
        compared.append(one)
    told = tuple(_sampled(block, some) for block in sampled)
    proof = sentence(compared, settings.threshold)
    return Phase(name, theta, cost, noise, epsilon, tuple(compared), told, nfev, proof)


def _closer(
    problem: Problem,
    theta: np.ndarray,
    block: Block,
    gradient: np.ndarray,
    cost: float,
    settings: Settings,
    found: Screening,
    evaluator: Evaluator | None,
) -> tuple[Probe, Located, int]:
    """Of an array that is off: what all its directions say, and where it is wrong."""
    seen, probe = found.seen[block.name], found.probes[block.name]
    lines = lines_over(theta.size, [block], settings)
    doubt = BESIDE_LOCATED / len(found.off)
    like, nfev = seen, 0
    if seen.first.rung < 0:  # perhaps for the kinks of other arrays: this one moves fewer units
        own = directional(problem, theta, lines[:1], cost=cost, evaluator=evaluator)
        like, nfev = min(seen, own, key=lambda slopes: slopes.errors[0]), own.nfev
    located, used = _locate(problem, theta, block, gradient, cost, settings, like, evaluator)
    nfev += used
    if probe.analytic.size < len(lines):  # one was enough to name it
        rest = lines[probe.analytic.size :]
        more = directional(problem, theta, rest, cost=cost, like=seen, evaluator=evaluator)
        nfev += more.nfev
        probe = judged([block], gradient, lines, seen.joined(more), doubt).probes[block.name]
    probe = _explained(probe, located, lines[:, block.slice], doubt)
    probe = replace(probe, nfev=nfev, searched=bool(_most(settings)))
    return probe, located, nfev


def _most(settings: Settings) -> int:
    """How many wrong components of an array are located at most."""
    return int(min(LOCATED, settings.sample or LOCATED, settings.spare / LOCATING))


def _locate(
    problem: Problem,
    theta: np.ndarray,
    block: Block,
    gradient: np.ndarray,
    cost: float,
    settings: Settings,
    like: Directional,
    evaluator: Evaluator | None,
) -> tuple[Located, int]:
    """Wrong components of one array, and the evaluations that it took."""
    nfev = 0
    found = Located(many=True)
    own = gradient[block.slice]

    def measure(weights: np.ndarray) -> tuple[float, float]:
        nonlocal nfev
        direction = np.zeros((1, theta.size))
        direction[0, block.slice] = weights
        slope = directional(problem, theta, direction, cost=cost, like=like, evaluator=evaluator)
        nfev += slope.nfev
        explained, more = found.along(weights)
        rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * float(np.linalg.norm(weights * own))
        left = float(weights @ own - slope.values[0]) - explained
        return left, float(slope.errors[0]) + rounding + more

    limit = _most(settings)
    for k in range(ROUNDS if limit else 0):
        more = locate(measure, block.size, settings.seed + k, limit - len(found.offsets))
        found = Located(
            found.offsets + more.offsets,
            found.values + more.values,
            found.errors + more.errors,
            more.many,
        )
        if more.many or not more.offsets or len(found.offsets) >= limit:
            break
    return found, nfev


def _explained(probe: Probe, located: Located, lines: np.ndarray, doubt: float) -> Probe:
    """The probe, with what the located components leave of it."""
    if not located.offsets:
        return probe
    explained, more = zip(*(located.along(line) for line in lines), strict=True)
    left = np.abs(probe.analytic - probe.numeric - np.array(explained))
    error = probe.error + np.array(more)
    complete = bool(np.all(left <= error) and len(set(located.offsets)) == len(located.offsets))
    bound = bounded(left, error, doubt) if complete else np.inf
    return replace(probe, located=tuple(sorted(located.offsets)), complete=complete, bound=bound)


def _lets_pass(probe: Probe, own: np.ndarray, lines: np.ndarray, settings: Settings) -> bool:
    """Whether it is off by no more than components may be: a backward pass in float32, say."""
    each = np.array([np.linalg.norm(line[line != 0] * own) for line in lines])
    allowed = probe.error + 2 * settings.threshold * each
    return bool(np.all(np.abs(probe.analytic - probe.numeric) <= allowed))


def sentence(blocks: Sequence[Comparison], threshold: float) -> str:
    """What is proved of all the components, and with what probability."""
    clean = [b for b in blocks if b.probe is not None and b.probe.status == Status.AGREES]
    rest = [b for b in blocks if b.probe is not None and b.probe.complete]
    covered = [b for b in (*clean, *rest) if b.probe is not None]
    if not covered:
        return ""
    bounds = [b.probe.bound for b in covered if b.probe is not None]
    # the next power of ten, and none below the threshold: rounding decides the digits
    largest = threshold
    while largest < max(bounds):
        largest *= 10
    words = f"{SURE:.1%} sure that no component of {' '.join(b.name for b in clean)}"
    if not clean:
        words = f"{SURE:.1%} sure that no component"
    words = words.replace("%", " %")
    for block in rest:
        words += f"{' and none' if block is not rest[0] or clean else ''} of {block.name} "
        words += f"beside the {len(block.probe.located)} located" if block.probe else ""
    return f"{words} is off by more than {exponent(largest)}"


def _sampled(block: Block, count: int) -> Finding:
    share = 1 - 0.01 ** (1 / count)
    return Finding(
        "sampled",
        block.name,
        f"{block.name}: random directions could not tell, so a sample of {count} components was "
        "checked",
        f"a bug in {share:.0%} or more of the components is caught with a probability of 99 %; a "
        "rarer one may be missed",
        "Take fewer examples (--data X[:, :16],Y[:, :16]) or more time (--budget SECONDS).",
    )
