"""One point: everything that is measured and said at one theta."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .batched import Level
from .comparison import FAIL, INCONCLUSIVE, PASS, Comparison, Status, Verdict, difference
from .derivatives import Derivative, derivative
from .directions import coordinates
from .errors import InputError
from .evaluation import Evaluator
from .findings import Finding
from .first_look import BACKWARD_ROUNDING, are_plain, disagree, is_cheaper
from .ladder import judge
from .nearby import cost_beside
from .noise import NOISE_BOUND, is_single, noise_of, rounding_of
from .parameters import Block
from .problem import Problem
from .refusals import flat, stuck, unusable
from .rungs import RESOLUTION, Question
from .schemes import CENTRAL, UNIT_ROUNDOFF, Scheme, steps_for
from .slopes import slopes

# the error of one J that is expected before it is measured, in units of u |J|
EXPECTED_NOISE = 30.0
# J has lost digits where it is off by this many times its noise
LOST = 100.0
# and what looks like single precision is none where more bits move J by this part of its noise
HERE = 0.05
# a wrong array disagrees in every component; this many of them are judged by the ladder
LADDER_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Settings:
    """How to check: what is the same at every point."""

    scheme: Scheme = CENTRAL
    epsilon: float | None = None
    threshold: float = 1e-7
    layers: tuple[str, ...] | None = None
    seed: int = 0
    sample: int | None = None
    fast: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """What was found at one theta.

    Attributes
    ----------
    name
        ``"random initialisation"``, ``"after 5 training steps"``.
    theta, cost
        The point, and J there.
    noise
        The absolute error of one J that was assumed.
    epsilon
        The step for components of size at most one.
    blocks
        One `Comparison` a parameter array.
    findings
        What was noticed at this point.
    nfev
        Evaluations of the cost.
    lost
        Whether J has lost digits here, by saturation, that it has elsewhere: `noise` leaves it out.
    proof
        One sentence: what random directions prove here, and with what probability.
    """

    name: str
    theta: np.ndarray
    cost: float
    noise: float
    epsilon: float
    blocks: tuple[Comparison, ...]
    findings: tuple[Finding, ...]
    nfev: int
    proof: str = ""
    lost: bool = False

    @property
    def difference(self) -> float:
        """Formula (2) over all the parameters that were checked."""
        seen = [block if block.probe is None else block.probe for block in self.blocks]
        return difference(
            np.concatenate([part.analytic for part in seen]),
            np.concatenate([part.numeric for part in seen]),
        )

    def block(self, name: str) -> Comparison | None:
        """The comparison of one parameter array; None where this point left it out."""
        return next((block for block in self.blocks if block.name == name), None)

    @property
    def refused(self) -> bool:
        """Whether nothing at all could be compared here."""
        return not np.isfinite(self.noise)

    @property
    def is_single_precision(self) -> bool:
        """Whether the noise of J is that of float32 somewhere in it, at any point."""
        return not self.lost and is_single(self.noise, self.cost)

    def noise_beside(self, cost: float) -> float:
        """The spread of one J at another point, where J is `cost`: as here, or in proportion."""
        if self.lost:  # what it was here, it need not be there
            return EXPECTED_NOISE / NOISE_BOUND * UNIT_ROUNDOFF * abs(cost)
        larger = max(1.0, abs(cost / self.cost)) if self.cost else 1.0
        return self.noise / NOISE_BOUND * larger

    def ordinary_noise(self, cost: float) -> float:
        """The error of one J at another point, in proportion to J; NaN where it is not ordinary.

        Ordinary is what the precision makes it: what saturation does to J differs by the point.
        """
        ordinary = cost_size(self.cost, self.noise) == abs(self.cost) or self.is_single_precision
        ordinary = ordinary and not self.lost
        return self.noise * abs(cost / self.cost) if ordinary and self.cost else np.nan

    @property
    def verdict(self) -> Verdict:
        """FAIL where one array fails, PASS where all pass."""
        verdicts = [block.verdict for block in self.blocks]
        if FAIL in verdicts:
            return FAIL
        return PASS if verdicts and all(v is PASS for v in verdicts) else INCONCLUSIVE


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
    if every is None or not is_cheaper(gradient, every, noise, cost, threshold):
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
            problem, theta, block, gradient, cost, noise, settings, evaluator, own, part, lost
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


def cost_size(cost: float, noise: float) -> float:
    """The size of J that the default step is chosen for: |J|, or what explains the noise."""
    return max(abs(cost), noise / (NOISE_BOUND * EXPECTED_NOISE * UNIT_ROUNDOFF))


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
) -> tuple[Comparison, int]:
    """One parameter array at one theta, and the evaluations that it took.

    With `offsets`, only these components of the array; with `found`, by what is known of them.
    What J has `lost` at theta beyond its noise explains a disagreement where it is as large.
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
    doubtful = np.flatnonzero(
        np.isfinite(analytic) & (~finite | (off > allowed) | coarse) & ~hopeless
    )
    if scale == 0.0 or not doubtful.size:
        return _comparison(*parts, float(expected), found.sums), nfev

    asked = _asked(doubtful, off)
    question = doubt(theta, components[asked], analytic[asked], cost, noise, scale, threshold)
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
        steps_for(theta[components], CENTRAL, None, cost_size(cost, noise)),
        cost,
        noise,
        BACKWARD_ROUNDING * UNIT_ROUNDOFF * scale,
        scale,
        threshold,
    )


def _asked(doubtful: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Which doubtful components the ladder is spent on: the furthest off, and some of the rest."""
    if doubtful.size <= LADDER_LIMIT:
        return doubtful
    order = doubtful[np.argsort(-np.nan_to_num(off[doubtful], nan=np.inf), kind="stable")]
    half = LADDER_LIMIT // 2
    spread = np.linspace(half, order.size - 1, LADDER_LIMIT - half).astype(int)
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
