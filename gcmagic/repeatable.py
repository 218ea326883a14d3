"""A cost that differs from call to call, frozen: dropout, sampling, what is carried along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from .clock import Clock
from .errors import UserCodeError
from .findings import Finding
from .one_point import Calls
from .problem import Problem, casts_told
from .sandbox import Held, Snapshot
from .surplus import surplus
from .written import alike, data_of, stem, told, written

# calls that are compared where something is drawn at random
DRAWS = 10


def _alike(first: np.ndarray, second: np.ndarray) -> bool:
    if first.tobytes() == second.tobytes():
        return True
    return bool(np.allclose(first, second, rtol=1e-12, atol=0.0, equal_nan=True))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A problem that was called at theta, so that its calls repeat.

    Attributes
    ----------
    problem
        With every call starting from the same state, where it needs that to repeat.
    frozen, writes
        Findings: what is put back before every call, and what changes its parameters.
    calls
        What cost and gradient gave, where they gave it twice to the last bit.
    """

    problem: Problem
    frozen: tuple[Finding, ...]
    writes: tuple[Finding, ...]
    calls: Calls | None


def prepared(
    problem: Problem, theta: np.ndarray, snapshot: Snapshot, clock: Clock | None = None
) -> Prepared:
    """The problem, and what its first calls at `theta` showed; `clock` gets to know their times.

    Dropout then draws the same mask in forward, in backward and at every nudge, so that the cost
    is a function of theta again; what is carried from call to call starts anew as well.
    """
    clock = Clock(None) if clock is None else clock

    def at_once(checked: Problem) -> np.ndarray:
        began = perf_counter()
        gradient = checked.gradient_at(theta)
        between = perf_counter()
        cost = checked.cost_at(theta)
        clock.saw(gradient=between - began, cost=perf_counter() - between)
        clock.hold(problem.layout)
        return np.append(gradient, cost)

    if getattr(problem.grad, "rate", 0.0):  # backward updates them: that is what it is for
        first, writes = at_once(problem), ()
    else:
        first, writes = _watched(problem, theta, snapshot, clock)
    second = at_once(problem)
    same = first.tobytes() == second.tobytes()
    if same and not snapshot.drew():
        return Prepared(problem, (), writes, Calls(float(first[-1]), first[:-1]))
    moved = snapshot.changed()  # marks what the calls move, for the quick restore below
    draws = any(name.endswith("generator") for name in moved)
    for _ in range(DRAWS if draws else 0):  # two masks may be alike by chance
        if not _alike(first, second):
            break
        second = at_once(problem)
    if not moved or _alike(first, second):
        return Prepared(problem, (), writes, None)

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
        return Prepared(problem, (), writes, None)
    snapshot.restore(thorough=False)
    gone = dict(snapshot.gone())
    moved = tuple(name for name in moved if name not in gone)
    if not moved:
        return Prepared(problem, (), writes, None)
    what = problem.cost_name if first[-1] != second[-1] else problem.gradient_name
    said = Finding(
        "frozen",
        "",
        f"{what} changes from call to call; it was frozen for this check",
        f"put back before every call: {', '.join(moved)}",
        "Nothing, where this is dropout or sampling: the check holds for the mask that was "
        "drawn. Otherwise look for what one call leaves behind for the next, such as gradients "
        "that are added to and never set to zero.",
    )
    return Prepared(held, (said,), writes, None)


def left_behind(snapshot: Snapshot) -> tuple[Finding, ...]:
    """The finding that something cannot be put back; none where nothing is left to be."""
    gone = snapshot.gone()
    if not gone:
        return ()
    names, it = ", ".join(name for name, _ in gone), "it was" if len(gone) == 1 else "they were"
    said = Finding(
        "not-put-back",
        "",
        f"{names} cannot be put back as {it}",
        "; ".join(f"{name} is {what}" for name, what in gone),
        "The notebook goes on with what is left: run the cell that makes it again. What the "
        "functions make anew at each call, or a list that they index, stays as it was.",
    )
    return (said,)


@contextmanager
def exhausted_named(snapshot: Snapshot) -> Iterator[None]:
    """Tell what was used up where a function wants more of it."""
    try:
        yield
    except UserCodeError as error:
        gone = [f"{name} is {what}" for name, what in snapshot.gone()]
        if not gone or not isinstance(error.__cause__, StopIteration):
            raise
        said = f"{error}. {'; '.join(gone)}: a check calls both functions many times"
        raise UserCodeError(said) from error.__cause__


def _watched(
    problem: Problem, theta: np.ndarray, snapshot: Snapshot, clock: Clock
) -> tuple[np.ndarray, tuple[Finding, ...]]:
    """Gradient and cost at theta, and findings where they change what they are given."""
    found: list[Any] = []
    said: list[Finding] = []
    raw: list[Any] = []
    data = data_of(problem, snapshot)
    wrote: list[tuple[str, Callable[[Any], Any], Held]] = []

    def gradient(params: Any) -> np.ndarray:
        raw.append(problem.gradients(params))
        return problem.layout.flatten_gradient(raw[-1])

    for name, function in (
        (problem.cost_name, problem.cost),
        (problem.gradient_name, gradient),
    ):
        workspace = problem.layout.workspace(theta)
        began = perf_counter()
        found.append(function(workspace.params))
        if len(found) == 1:  # the cost
            clock.saw(cost=perf_counter() - began)
            clock.hold(problem.layout)
        new = written(data)
        wrote += [(name, function, held) for held in new]
        said_of = {stem(held.name) for held in new}
        data = tuple(held for held in data if stem(held.name) not in said_of)
        try:
            now = workspace.vector()
        except Exception:  # it took some away, or put others in
            continue
        if now.tobytes() == theta.tobytes():
            continue
        moved = np.flatnonzero(~alike(now, theta))
        if moved.size:
            first = int(moved[0])
            said.append(
                Finding(
                    "writes-parameters",
                    problem.layout.block_of(first).name,
                    f"{name} changes the parameters that it is given",
                    f"{problem.layout.component(first)} is {theta[first]:.6g} before the call and "
                    f"{now[first]:.6g} after it",
                    "The check gives every call a copy; a training loop does not. Write "
                    "W = W * 2 for W *= 2, or copy at the start.",
                )
            )
    for name, function, held in wrote:
        said += told(problem, theta, name, function, held, clock)
    beyond = () if problem.how else surplus(problem.params, raw[0])  # discovery tells by itself
    return np.append(found[1], found[0]), (*said, *beyond)


def with_casts(problem: Problem) -> Problem:
    """The problem with a note on what is not in float64 and checked as if it were."""
    kinds: dict[str, list[str]] = {}
    for block in problem.layout.blocks:
        if block.shape and block.dtype != "float64":
            kinds.setdefault(block.dtype, []).append(block.name)
    notes = dict.fromkeys((*problem.notes, *casts_told(kinds)))  # discovery may have said so
    return replace(problem, notes=tuple(notes)) if kinds else problem
