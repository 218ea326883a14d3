"""check(): the one verb. The only module that knows all of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from .batched import BatchedEvaluator
from .budget import components_of, one_point_only, within
from .clock import Clock
from .comparison import FAIL, INCONCLUSIVE, THRESHOLD
from .complex_parameters import conjugates, real_problem
from .errors import GradcheckFailed, GradientShapeError
from .evaluation import Evaluator
from .exposing import expose
from .findings import Finding
from .gradient_shapes import gradient_shape
from .guarded import (
    Guard,
    Unguarded,
    adds_small,
    explained,
    guards_of,
    may_be_guarded,
    without,
)
from .initial import random_start
from .options import BUDGET, Options
from .pace import not_batched, slow
from .parallel import ParallelEvaluator
from .problem import Problem, with_spread
from .progress import Bar
from .repeatable import exhausted_named, left_behind, prepared, with_casts
from .report import Report
from .room import enough_room
from .sandbox import unseen
from .schemes import CENTRAL, Scheme
from .settling import point, settle
from .training import train
from .units import with_units


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
    fast: bool = False,
    repair: float = 5.0,
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
        Seconds that the check of a right gradient takes at most. Where all components would take
        longer, `fast` is taken, at one point where two would, and the report says so; what takes
        longer at its least is refused after a call or two, with an estimate. A wrong gradient may
        take 2.5 times as long: no FAIL is told without making sure of it. None checks all.
    n_jobs
        Processes to share the components among, -1 for one a core; under
        ``joblib.parallel_config("dask")`` the workers of a cluster. A cost that had to be frozen
        stays in this process.
    fast
        Screen all components at once along random directions, in some twenty evaluations a point,
        and look at those by themselves that are off; the report says what that proves.
    repair
        Seconds that a failed check may look for the edit to the source that makes it pass, its
        findings have the code ``"repair"``; 0 for none.
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
    __tracebackhide__ = _is_failed_check
    return check_problem(
        real_problem(fun, grad, params),
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
        fast=fast,
        repair=repair,
        raise_on_failure=raise_on_failure,
    )


def check_problem(problem: Problem, **options: Any) -> Report:
    """`check` for a Problem, as discovery makes them; the options are the same."""
    __tracebackhide__ = _is_failed_check
    asked = Options(**options)
    report = _checked(problem, asked)
    guards = _guards(problem) if report.verdict is FAIL and may_be_guarded(report) else ()
    if guards:
        with without(problem.fun, guards):
            again = _checked(problem, replace(asked, n_jobs=1))
        report = explained(report, again, guards)
    if asked.repair and report.verdict is FAIL:
        report = replace(report, repairs=repairs_of(report, asked.repair))
    if asked.raise_on_failure and report.verdict is FAIL:
        raise GradcheckFailed(report)
    return report


def repairs_of(report: Report, seconds: float) -> tuple[Finding, ...]:
    """The edit that makes a failed check pass, and what else its source says.

    Where the cost adds small numbers inside its logs and the gradient has none, it is looked for
    with the logs alone: the gradient of these is the one that was meant.
    """
    # twenty-five modules that only a FAIL needs
    from .diagnosis.repair import repair

    problem = report.problem
    if isinstance(problem.fun, Unguarded):
        fun, guards = problem.fun.fun, problem.fun.guards
        report = replace(report, problem=replace(problem, fun=fun))
    else:
        fun, guards = problem.fun, _guards(problem)
        if guards and not adds_small(problem):
            params = problem.layout.unflatten(report.phases[0].theta)
            settings, names = report.settings, report.settings.layers
            asked = Options(epsilon=settings.epsilon, scheme=settings.scheme, layers=names, steps=0)
            with without(fun, guards):
                report = _checked(replace(problem, params=params), asked)
        else:
            guards = ()
    with without(fun, guards):
        return repair(report, seconds)


def _guards(problem: Problem) -> tuple[Guard, ...]:
    with unseen(problem.fun, problem.grad, *problem.roots):
        return guards_of(problem)


def _checked(problem: Problem, asked: Options) -> Report:
    """The check itself, for any outcome."""
    settings = asked.settings(problem.layout)
    progress = Bar()
    clock = Clock(asked.budget, progress.estimate)
    evaluator: Evaluator = BatchedEvaluator(progress)

    with (
        enough_room(problem),  # the outermost: all is put back before it speaks
        unseen(problem.fun, problem.grad, *problem.roots) as snapshot,
        exhausted_named(snapshot),
        progress,
    ):
        theta = problem.layout.flatten(problem.params)
        problem = with_casts(problem)
        try:
            ready = prepared(problem, theta, snapshot, clock)
        except GradientShapeError:
            snapshot.restore()
            problem = with_spread(problem, theta)
            snapshot.restore()
            ready = prepared(problem, theta, snapshot, clock)
        problem, frozen = ready.problem, ready.frozen
        if asked.n_jobs != 1 and not frozen:
            evaluator = ParallelEvaluator(BatchedEvaluator(), asked.n_jobs, progress)
        if asked.init == "random":
            name, theta, told = random_start(problem, theta, asked.seed)
            calls = None
        else:
            name, told, calls = "given parameters", (), ready.calls
        points = 2 if asked.steps else 1
        plan = within(clock, problem, theta, settings, points, evaluator)
        settings, points = plan.settings, plan.points
        progress.expect(points * components_of(problem.layout.select(settings.layers), settings))
        said = (*frozen, *ready.writes, *told, *plan.findings)
        began = perf_counter()
        phases = [point(problem, name, theta, settings, evaluator, said, calls=calls)]
        clock.point = perf_counter() - began
        if points == 2 and clock.is_tight:
            phases[0] = replace(phases[0], findings=(*phases[0].findings, one_point_only()))
        elif points == 2:
            after, told = train(problem, theta, asked.steps, asked.learning_rate)
            if after is not None:
                name = f"after {after[0]} training step{'s' if after[0] > 1 else ''}"
                step, first = after[1], phases[0]
                phases.append(
                    point(
                        *(problem, name, step.theta, settings, evaluator, told, first),
                        reached=step.cost,
                    )
                )
            elif phases[0].verdict is not INCONCLUSIVE:  # else the first point says why already
                phases[0] = replace(phases[0], findings=(*phases[0].findings, *told))
        phases = settle(problem, phases, settings, evaluator, clock)
        phases = expose(problem, phases, settings, evaluator, clock)
        phases = with_units(problem, phases, settings)
        phases = [conjugates(problem, phase) for phase in phases]
    apart = not_batched(evaluator)
    beyond = (*slow(apart, phases), *left_behind(snapshot))
    phases[0] = replace(phases[0], findings=(*phases[0].findings, *beyond))
    report = Report(tuple(phases), settings, problem, not_batched=apart)
    _held_to_shapes(report)
    return report


def _held_to_shapes(report: Report) -> None:
    """Refuse a gradient of another shape that is not told as wrong: it is not right either."""
    spread = report.problem.spread
    wrong = {b.name for phase in report.phases for b in phase.blocks if b.verdict is FAIL}
    for block in report.problem.layout.blocks:
        if block.name in set(spread) - wrong:
            raise gradient_shape(block, spread[block.name], report.problem.layout.blocks)


def _is_failed_check(raised: Any) -> bool:
    """Whether pytest shall leave our functions out: the report says it all; an error does not."""
    return raised.errisinstance(GradcheckFailed)
