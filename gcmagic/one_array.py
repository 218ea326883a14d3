"""One parameter array at one theta: each component compared, and doubted ones judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .aliased import shorter_step
from .comparison import Comparison, Status
from .derivatives import Derivative, derivative
from .directions import coordinates
from .errors import InputError
from .evaluation import Evaluator
from .extended import EXTENDED, right_in_extended_precision
from .first_look import BACKWARD_ROUNDING, FEW
from .ladder import judge
from .parameters import Block
from .phase import EXPECTED_NOISE, Settings, cost_size, usual_steps
from .problem import Problem
from .rungs import RESOLUTION, Question
from .schemes import CENTRAL, UNIT_ROUNDOFF, steps_for

# a wrong array disagrees in every component; this many of them are judged by the ladder, where
# time is short these at least
LADDER_LIMIT, PILOTS = 400, 4
# evaluations that a component on the ladder takes in each of several arrays
CLIMBED = 100


def compare(
    problem: Problem,
    theta: np.ndarray,
    block: Block,
    gradient: np.ndarray,
    cost: float,
    noise: float,
    settings: Settings,
    evaluator: Evaluator | None = None,
    offsets: np.ndarray | None = None,
    found: Derivative | None = None,
    lost: float = 0.0,
    settled: np.ndarray | None = None,
    middle: np.ndarray | None = None,
) -> tuple[Comparison, int]:
    """One parameter array at one theta, and the evaluations that it took.

    With `offsets`, only these components of the array; with `found`, by what is known of them.
    What J has `lost` at theta beyond its noise explains a disagreement where it is as large.
    Components of the array that are `settled` elsewhere and agree here take no longer steps. With
    `middle`, the ladder of each goes around that step.
    """
    scheme, threshold = settings.scheme, settings.threshold
    offsets = np.arange(block.size) if offsets is None else offsets
    components = block.start + offsets
    if found is None:
        steps = steps_for(theta[components], scheme, settings.epsilon, cost_size(cost, noise))
        found = derivative(problem, theta, components, steps, scheme, evaluator)
    analytic, numeric, nfev = gradient[components], found.values, found.nfev

    with np.errstate(invalid="ignore", divide="ignore"):
        sizes = np.abs(analytic), np.abs(numeric)
        scale = float(max(np.fmax.reduce(size, initial=0.0) for size in sizes))
        rounding = BACKWARD_ROUNDING * UNIT_ROUNDOFF * scale
        error = noise * found.amplified + rounding
        off = np.abs(analytic - numeric)
        allowed = error + threshold * (sizes[0] + sizes[1])
        expected = np.float64(EXPECTED_NOISE * UNIT_ROUNDOFF * abs(cost))
        expected *= float(_length(found.amplified))
        expected /= _length(analytic) + _length(numeric)
    coarse = error > RESOLUTION / 3 * scale
    status = np.zeros(offsets.size, dtype=np.int8)  # AGREES, as nearly always
    parts = block, offsets, analytic, numeric, error, status
    if 0.0 < scale < np.inf and (off <= allowed).all() and not coarse.any():
        return _comparison(*parts, float(expected), found.sums), nfev
    finite = np.isfinite(analytic) & np.isfinite(numeric)
    status[~finite] = Status.NOT_FINITE
    hopeless = np.zeros(offsets.size, dtype=bool)
    if lost:
        wider = lost * found.amplified
        hopeless = finite & ((off > allowed) | coarse) & (off <= wider + allowed)
        error[hopeless] += wider[hopeless]
        status[hopeless & (error > RESOLUTION / 3 * scale)] = Status.NOISY
        if theta.size < FEW and np.any(off > allowed):
            # what is known to come from saturation is asked of more bits at once: two evaluations
            # where the ladder takes ten, all of which lose these digits
            still = np.flatnonzero(finite & (off > allowed) & ~hopeless)
            asked = doubt(theta, components[still], analytic[still], cost, noise, scale, threshold)
            right, used = right_in_extended_precision(
                problem, theta, asked, numeric[still], EXTENDED[:1]
            )
            nfev += used
            status[still[right]], hopeless[still[right]] = Status.NOISY, True
    if settled is not None:
        left_open = finite & coarse & (off <= allowed) & settled[offsets]
        status[left_open] = Status.NOISY
        hopeless |= left_open
    doubtful = np.flatnonzero(
        np.isfinite(analytic) & (~finite | (off > allowed) | coarse) & ~hopeless
    )
    if scale == 0.0 or not doubtful.size:
        return _comparison(*parts, float(expected), found.sums), nfev

    if middle is None and settings.epsilon is None and scheme is CENTRAL:
        far = doubtful[off[doubtful] > allowed[doubtful]]
        step, used = None, 0
        if far.size:
            known = None if found.sums else found.only(far)
            off_there = problem, theta, components[far], analytic[far], known
            step, used = shorter_step(*off_there, cost, noise, evaluator)
        nfev += used
        if step is not None:
            usual = usual_steps(theta[components], cost, noise)
            steps = np.minimum(usual, step * np.maximum(1.0, np.abs(theta[components])))
            near = derivative(problem, theta, components, steps, CENTRAL, evaluator)
            about = problem, theta, block, gradient, cost, noise, settings, evaluator, offsets
            compared, used = compare(*about, near, lost, settled, steps)
            return compared, nfev + near.nfev + used

    # a wrong array disagrees everywhere, and some of it tells
    asked = _asked(doubtful, off, int(min(LADDER_LIMIT, PILOTS + settings.spare / CLIMBED)))
    question = doubt(theta, components[asked], analytic[asked], cost, noise, scale, threshold)
    if middle is not None:
        question = replace(question, steps=middle[asked])
    known = None
    if scheme is CENTRAL and settings.epsilon is None and not found.sums:
        known = found.only(asked)  # the middle step of the ladder
    opinion = judge(problem, theta, question, evaluator, known)
    nfev += opinion.nfev
    agreed = 2 * np.count_nonzero(opinion.status == Status.AGREES) > asked.size
    if found.sums and agreed and asked.size < doubtful.size:
        # the sums were further off than their error says, and not all can be climbed for
        again, used = compare(
            problem, theta, block, gradient, cost, noise, settings, evaluator, offsets
        )
        return again, nfev + used
    if scheme.is_complex and np.any(opinion.status == Status.AGREES):
        first = asked[np.flatnonzero(opinion.status == Status.AGREES)[0]]
        raise InputError(
            "the complex step does not apply: it gives "
            f"{block.component(int(offsets[first]))} the slope {numeric[first]:.3g}, differences "
            f"of real numbers {analytic[first]:.3g} (abs, norms, conj and arrays made as float "
            "lose the imaginary part); use --scheme central"
        )
    moved = float(np.max(np.abs(opinion.values - numeric[asked]), initial=0.0))
    status[doubtful] = Status.NOISY
    rest = np.setdiff1d(doubtful, asked)
    if np.any(opinion.status == Status.WRONG):
        # the ladder shows how far the one step was off at most; what is further off is wrong too
        status[rest[off[rest] > 3 * (error[rest] + moved) + allowed[rest]]] = Status.WRONG
    status[asked] = opinion.status
    if settings.epsilon is None:
        numeric[asked], error[asked] = opinion.values, opinion.errors
    else:
        # the numbers stay those of the epsilon that was asked for, with the error they have
        error[asked] = np.maximum(opinion.errors, np.abs(opinion.values - numeric[asked]))
        hidden = coarse[asked] & (opinion.status == Status.AGREES)
        status[asked[hidden]] = Status.NOISY
    return _comparison(*parts, float(expected), found.sums), nfev


def _length(x: np.ndarray) -> np.float64:
    """np.linalg.norm of a vector, in a third of its time."""
    return np.sqrt(x.dot(x))


def doubt(
    theta: np.ndarray,
    components: np.ndarray,
    analytic: np.ndarray,
    cost: float,
    noise: float,
    scale: float,
    threshold: float,
) -> Question:
    """The question that the ladder is asked about some components of one array."""
    return Question(
        components,
        analytic,
        usual_steps(theta[components], cost, noise),
        cost,
        noise,
        BACKWARD_ROUNDING * UNIT_ROUNDOFF * scale,
        scale,
        threshold,
    )


def _asked(doubtful: np.ndarray, off: np.ndarray, most: int) -> np.ndarray:
    """Which doubtful components the ladder is spent on: the furthest off, and some of the rest."""
    if doubtful.size <= most:
        return doubtful
    order = doubtful[np.argsort(-np.nan_to_num(off[doubtful], nan=np.inf), kind="stable")]
    half = most // 2
    spread = np.linspace(half, order.size - 1, most - half).astype(int)
    return np.sort(np.concatenate([order[:half], order[spread]]))


def _comparison(
    block: Block,
    offsets: np.ndarray,
    analytic: np.ndarray,
    numeric: np.ndarray,
    error: np.ndarray,
    status: np.ndarray,
    expected: float = 0.0,
    pre_activations: int = 0,
) -> Comparison:
    arrays = [np.array(offsets), np.array(analytic), numeric, error, status]
    for array in arrays:
        array.setflags(write=False)
    return Comparison(block, *arrays, rounding=expected, pre_activations=pre_activations)


def blank(block: Block, gradient: np.ndarray, status: Status, settings: Settings) -> Comparison:
    """An array of which nothing is known but a Status."""
    offsets = coordinates(block, settings.sample, settings.seed)
    unknown = np.full(offsets.size, np.nan)
    return _comparison(
        block,
        offsets,
        gradient[block.start + offsets],
        unknown,
        unknown.copy(),
        np.full(offsets.size, status, dtype=np.int8),
    )
