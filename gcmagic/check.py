"""check(): the one verb. The only module that knows all of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np

from .batched import BatchedEvaluator
from .comparison import FAIL, INCONCLUSIVE, PASS, THRESHOLD
from .confirm import confirmed, jittered
from .diagnosis.rules import diagnose
from .directions import coordinates, sample_for
from .errors import GradcheckFailed, InputError
from .evaluation import Evaluator, progress_bar
from .findings import Finding
from .initial import random_start
from .parallel import ParallelEvaluator
from .phase import Phase, Settings, check_at
from .problem import Problem
from .report import Report
from .sandbox import Snapshot, untouched
from .schemes import CENTRAL, Scheme, as_scheme
from .training import Step, descend

# seconds; a check that would take longer looks at a sample
BUDGET = 60.0
# a PASS whose floor is above this would hide a gradient that is off by a hundredth of a percent
SHARP = 1e-5
# how many more points what is open is looked at: a unit may be idle at one of them, and at another
SETTLING = 4


def check(
    fun: Callable[[Any], Any],
    grad: Callable[[Any], Any],
    params: Any,
    *,
    epsilon: float | None = None,
    scheme: Scheme | str = CENTRAL,
    layers: str | Sequence[str] | None = None,
    threshold: float = THRESHOLD,
    steps: int = 5,
    learning_rate: float | None = None,
    init: str = "given",
    seed: int = 0,
    budget: float | None = BUDGET,
    n_jobs: int = 1,
    raise_on_failure: bool = False,
) -> Report:
    """Check a gradient written by hand against the cost that it is the gradient of.

    Parameters
    ----------
    fun
        ``fun(params) -> float``, the cost J.
    grad
        ``grad(params)``, dJ/dparams in the structure of `params`.
    params
        An array, a number, or dicts, lists and tuples of them. Not changed: `fun` and `grad` get
        copies, in float64.
    epsilon
        The step, in the units of the parameters, the same for every component. By default
        1e-5 max(1, |theta_i|) for centred differences, more where J is large.
    scheme
        ``"central"``, ``"forward"``, ``"richardson"``, ``"complex-step"``, or a `Scheme`.
    layers
        Names of the parameter arrays to check; all by default.
    threshold
        The difference that is called small; also the relative error of a single component that
        is let pass.
    steps
        Training steps before the second point; 0 leaves it out.
    learning_rate
        The rate of these steps; by default one that lowers the cost.
    init
        ``"given"`` starts at `params`, ``"random"`` at values of their scale, biases included.
    seed
        For all that is drawn at random.
    budget
        Seconds that the check should take at most. Where all components would take longer, a
        random sample of every array is checked, and the report says so; None checks all.
    n_jobs
        Processes to share the components among, -1 for one a core; under
        ``joblib.parallel_config("dask")`` the workers of a cluster. A cost that had to be frozen
        stays in this process.
    raise_on_failure
        Raise `GradcheckFailed`, an AssertionError, with the report as its message.

    Returns
    -------
    Report
        One phase a point; ``report.passed``, ``report.verdict``, ``report.difference``.

    Raises
    ------
    GradcheckError
        Where the question cannot be answered as asked: what arrived, what was needed, what to do.

    Examples
    --------
    >>> import numpy as np
    >>> import gcmagic as gcm
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> gcm.check(lambda w: np.sum(w**3), lambda w: 3 * w**2, x).verdict
    PASS
    >>> gcm.check(lambda w: np.sum(w**3), lambda w: 2 * w**2, x).verdict
    FAIL
    """
    return check_problem(
        Problem(fun, grad, params),
        epsilon=epsilon,
        scheme=scheme,
        layers=layers,
        threshold=threshold,
        steps=steps,
        learning_rate=learning_rate,
        init=init,
        seed=seed,
        budget=budget,
        n_jobs=n_jobs,
        raise_on_failure=raise_on_failure,
    )


def check_problem(
    problem: Problem,
    *,
    epsilon: float | None = None,
    scheme: Scheme | str = CENTRAL,
    layers: str | Sequence[str] | None = None,
    threshold: float = THRESHOLD,
    steps: int = 5,
    learning_rate: float | None = None,
    init: str = "given",
    seed: int = 0,
    budget: float | None = BUDGET,
    n_jobs: int = 1,
    raise_on_failure: bool = False,
) -> Report:
    """`check` for a Problem, as discovery makes them; the options are the same."""
    if init not in ("given", "random"):
        raise InputError(f"init is {init!r}; needed: 'given' or 'random'")
    if not (isinstance(steps, (int, np.integer)) and steps >= 0):
        raise InputError(f"steps is {steps!r}; needed: 0, 1, 2, ...")
    if not (isinstance(seed, (int, np.integer)) and seed >= 0):
        raise InputError(f"seed is {seed!r}; needed: 0, 1, 2, ...")
    if not (_is_number(threshold) and 0 < threshold < 1):
        raise InputError(f"threshold is {threshold!r}; needed: between 0 and 1, such as 1e-7")
    if learning_rate is not None and not (_is_number(learning_rate) and learning_rate > 0):
        raise InputError(f"learning_rate is {learning_rate!r}; needed: a positive number")
    if layers is not None and not isinstance(layers, (str, list, tuple)):
        raise InputError(f"layers is {layers!r}; needed: names of parameter arrays")
    if budget is not None and not (_is_number(budget) and budget > 0):
        raise InputError(f"budget is {budget!r}; needed: a number of seconds, or None")
    names = tuple(block.name for block in problem.layout.select(layers))
    settings = Settings(as_scheme(scheme), epsilon, threshold, names, seed)
    if not (isinstance(n_jobs, (int, np.integer)) and n_jobs != 0):
        raise InputError(f"n_jobs is {n_jobs!r}; needed: a number of processes, -1 for all cores")
    evaluator: Evaluator = BatchedEvaluator(progress_bar)
    theta = problem.layout.flatten(problem.params)

    with (
        untouched(problem.fun, problem.grad, *problem.roots) as snapshot,
        np.errstate(all="ignore"),  # what is not finite is a finding, not a warning
        redirect_stdout(StringIO()),  # thousands of calls print what one call prints
    ):
        problem, frozen = _repeatable(problem, theta, snapshot)
        if n_jobs != 1 and not frozen:
            evaluator = ParallelEvaluator(BatchedEvaluator(), n_jobs)
        if init == "random":
            name, theta, told = random_start(problem, theta, seed)
        else:
            name, told = "given parameters", ()
        points = 2 if steps else 1
        settings, sampled = _within(budget, problem, theta, settings, points, evaluator)
        told = (*frozen, *told, *sampled)
        phases = [_phase(problem, name, theta, settings, evaluator, told)]
        if steps:
            after, told = _train(problem, theta, steps, learning_rate)
            if after is not None:
                name = f"after {after[0]} training step{'s' if after[0] > 1 else ''}"
                phases.append(_phase(problem, name, after[1].theta, settings, evaluator, told))
            elif phases[0].verdict is not INCONCLUSIVE:  # else the first point says why already
                phases[0] = replace(phases[0], findings=(*phases[0].findings, *told))
        phases += _settle(problem, phases, settings, evaluator)
    report = Report(tuple(phases), settings, problem)
    if raise_on_failure and report.verdict is FAIL:
        raise GradcheckFailed(report)
    return report


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and bool(np.isfinite(value))


def _within(
    budget: float | None,
    problem: Problem,
    theta: np.ndarray,
    settings: Settings,
    points: int,
    evaluator: Evaluator,
) -> tuple[Settings, tuple[Finding, ...]]:
    """The settings with a sample where all components would take longer than the budget."""
    blocks = problem.layout.select(settings.layers)
    start = perf_counter()
    problem.cost_at(theta)
    seconds = perf_counter() - start
    sample = sample_for(blocks, seconds, budget, points)
    if sample is not None:  # many copies in one call may be quicker than one by one: try some
        largest = max(blocks, key=lambda block: block.size)
        tried = coordinates(largest, min(4096, max(2, int(3 / seconds))), settings.seed)
        at = largest.start + tried
        start = perf_counter()
        evaluator(problem, theta, at, theta[at, None] + np.array([-1e-5, 1e-5]))
        seconds = min(seconds, (perf_counter() - start) / (2 * tried.size))
        sample = sample_for(blocks, seconds, budget, points)
    if sample is None:
        return settings, ()
    share = 1 - 0.01 ** (1 / sample)
    return replace(settings, sample=sample), (
        Finding(
            "sampled",
            "",
            f"only a sample was checked: {sample} components of every array that has more",
            f"a bug in {share:.0%} or more of the components of an array is caught with a "
            "probability of 99 %; a rarer one may be missed",
            "Take fewer examples (--data X[:, :16],Y[:, :16]) or more time (--budget SECONDS).",
        ),
    )


def _repeatable(
    problem: Problem, theta: np.ndarray, snapshot: Snapshot
) -> tuple[Problem, tuple[Finding, ...]]:
    """The problem with every call starting from the same state, where it needs that to repeat.

    Dropout then draws the same mask in forward, in backward and at every nudge, so that the cost
    is a function of theta again; what is carried from call to call starts anew as well.
    """

    def at_once(checked: Problem) -> np.ndarray:
        return np.append(checked.gradient_at(theta), checked.cost_at(theta))

    first, second = at_once(problem), at_once(problem)
    moved = snapshot.changed()  # marks what the calls move, for the quick restore below
    if not moved or np.allclose(first, second, rtol=1e-12, atol=0.0, equal_nan=True):
        return problem, ()

    def from_same_state(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def call(params: Any) -> Any:
            snapshot.restore(thorough=False)
            return function(params)

        return call

    held = replace(
        problem,
        fun=from_same_state(problem.fun),
        grad=from_same_state(problem.grad),
        roots=(problem.fun, problem.grad, *problem.roots),  # behind closures of our own now
    )
    if not np.array_equal(at_once(held), at_once(held), equal_nan=True):
        return problem, ()
    what = problem.cost_name if first[-1] != second[-1] else problem.gradient_name
    return held, (
        Finding(
            "frozen",
            "",
            f"{what} changes from call to call; it was frozen for this check",
            f"put back before every call: {', '.join(moved)}",
            "Nothing, where this is dropout or sampling: the check holds for the mask that was "
            "drawn. Otherwise look for what one call leaves behind for the next, such as gradients "
            "that are added to and never set to zero.",
        ),
    )


def _phase(
    problem: Problem,
    name: str,
    theta: np.ndarray,
    settings: Settings,
    evaluator: Evaluator,
    told: tuple[Finding, ...],
) -> Phase:
    phase = check_at(problem, name, theta, settings, evaluator)
    phase = confirmed(problem, phase, settings, evaluator)
    return replace(phase, findings=(*told, *diagnose(phase, settings)))


def _settle(
    problem: Problem, phases: list[Phase], settings: Settings, evaluator: Evaluator
) -> list[Phase]:
    """Look at what the points so far leave open, or see too badly, at some jittered points."""
    report = Report(tuple(phases), settings, problem)
    if any(phase.refused for phase in phases):
        return []
    for k, theta in enumerate(jittered(problem, phases[0].theta, settings.seed, SETTLING)):
        left = tuple(name for name in report.names if _is_open(report, name))
        if not left:
            break
        name = f"jittered {k + 1}"
        phase = _phase(problem, name, theta, replace(settings, layers=left), evaluator, ())
        with_it = replace(report, phases=(*report.phases, phase))
        if not phase.refused and any(_told_more(report, with_it, name) for name in left):
            report = with_it
    return list(report.phases[len(phases) :])


def _told_more(before: Report, after: Report, name: str) -> bool:
    """Whether the last point of `after` says something of an array that was not known."""
    if after.verdict_of(name) is not before.verdict_of(name):
        return True
    fewer = np.sum(after.open_components(name)) < np.sum(before.open_components(name))
    floors = [min((b.floor for b in r.blocks_of(name)), default=1.0) for r in (before, after)]
    return bool(fewer or floors[1] < 0.1 * floors[0])


def _is_open(report: Report, name: str) -> bool:
    """Whether no point so far has said FAIL, or PASS with an error that would show small bugs."""
    verdict = report.verdict_of(name)
    if verdict is not PASS:
        return verdict is INCONCLUSIVE and not report.is_beyond_settling(name)
    if any(phase.is_single_precision for phase in report.phases):
        return False  # it is as coarse at any point
    return not any(b.floor <= SHARP for b in report.blocks_of(name) if b.verdict is PASS)


def _train(
    problem: Problem, theta: np.ndarray, steps: int, learning_rate: float | None
) -> tuple[tuple[int, Step] | None, tuple[Finding, ...]]:
    """The last of the steps and how many there were, or why there is no point after training."""
    before = problem.cost_at(theta)
    taken = list(islice(descend(problem, theta, learning_rate), steps)) if before == before else []
    if not taken:
        return None, (
            Finding(
                "no-descent",
                "",
                "no training step lowers the cost, so there is no point after training",
                "tried steps along minus the gradient, from a tenth of the parameters' norm down",
                "Expected where the gradient is wrong or zero; otherwise give --learning-rate.",
            ),
        )
    last = taken[-1]
    told: tuple[Finding, ...] = ()
    if not last.cost < before:
        told = (
            Finding(
                "cost-rose",
                "",
                f"{len(taken)} training steps did not lower the cost",
                f"cost {before:.3g} before, {last.cost:.3g} after, at the learning rate "
                f"{last.learning_rate:g} that was given",
                "Leave --learning-rate away, or make it smaller.",
            ),
        )
    return (len(taken), last), told
