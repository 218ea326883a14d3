"""Without the user's source: the edit of a right network that has the user's wrong gradient.

The network is one with the user's own cost; see `matching`. Where none has it, nothing is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import GradcheckError
from ...findings import Finding
from ...nearby import jittered
from ...problem import Problem
from ..repair.running import functions_run
from ..repair.search import Search
from ..repair.target import Target
from ..repair.trial import Trial
from ..repair.units import unit_of
from ..repair.wording import Change, change
from .matching import Reference, reference

# two gradients are one where they differ by less than this, relative to the larger
EQUAL = 1e-8
# candidates that are tried at most
LIMIT = 4000


def alike(
    problem: Problem, target: Target, limit: Any, deadline: float, seed: int = 0
) -> tuple[Finding, ...]:
    """Which line of a right network has to go wrong for the user's gradient to come out.

    Parameters
    ----------
    problem
        What was checked.
    target
        The point, and which arrays are wrong there.
    limit
        Sets the clock for a candidate.
    deadline
        When there is no more time.
    seed
        For the points that settle it.
    """
    right = reference(problem, target.theta, seed)
    if right is None:
        return ()
    try:
        wanted = problem.gradient_at(target.theta)
    except GradcheckError:
        return ()
    theta = target.theta
    base = right.problem.gradient_at(theta)
    if not np.isfinite(wanted).all():
        return ()
    blocks = problem.layout.blocks
    apart = {b.name for b in blocks if not _equal(wanted[b.slice], base[b.slice])}
    if not apart:
        return ()
    scale = np.array([np.linalg.norm(wanted[b.slice]) for b in blocks])
    sought = replace(
        target,
        names=tuple(b.name for b in blocks),
        wrong=frozenset(apart),
        places=np.arange(theta.size),
        starts=np.array([b.start for b in blocks]),
        numeric=wanted,
        far=np.maximum(EQUAL * scale, 1e-300) ** 2,
        worst=np.maximum(EQUAL * scale, 1e-300),
    )
    trial = Trial(right.problem, limit)
    trial.base(theta)
    ran = functions_run(lambda: right.problem.grad(right.problem.layout.unflatten(theta)))
    units = [unit for unit in map(unit_of, ran.values()) if unit is not None]
    cost = trial.cost(theta)
    if not units or cost is None:
        return ()
    search = Search(trial, sought, deadline, cost, limit=LIMIT)
    line = search.line(units, base, frozenset(apart))
    while not (line.ended or search.over):
        search.step(line)
    changes = [made for hit in line.hits[:40] if (made := change(hit.edit)) is not None]
    # what people leave out comes before what they add
    changes.sort(key=lambda made: (made.growth, made.line))
    for made in changes[:6]:
        if _holds(problem, right, made, theta, seed):
            return (_told(right, made, blocks, apart),)
    return ()


def _holds(problem: Problem, right: Reference, made: Change, theta: np.ndarray, seed: int) -> bool:
    """Whether the gradients are one at two points that were not looked at."""
    unit = made.unit.reparsed(made.mended)
    if unit is None:
        return False
    with unit.running(unit.compiled()):
        for point in jittered(problem, theta, seed + 300, 2):
            try:
                a, b = problem.gradient_at(point), right.problem.gradient_at(point)
            except GradcheckError:
                return False
            if not all(_equal(a[block.slice], b[block.slice]) for block in problem.layout.blocks):
                return False
    return True


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.linalg.norm(a - b) <= EQUAL * max(np.linalg.norm(a), np.linalg.norm(b)))


def _told(right: Reference, made: Change, blocks: Any, apart: set[str]) -> Finding:
    kind = f"{right.activation} layers and " if right.shape.depth > 1 else ""
    called = ", ".join(
        f"{name} is your {block.name}"
        for name, block in zip(right.shape.names, blocks, strict=True)
        if name != block.name
    )
    reads = f"reads {made.after}" if made.after else "is left out"
    return Finding(
        "alike",
        " ".join(block.name for block in blocks if block.name in apart),
        f"your gradient equals that of a network in which {made.before} {reads}",
        f"the cost is that of {kind}{right.loss}"
        + (f" with L2, lambda = {right.lam:g}" if right.lam else "")
        + ", at three points; the gradients are equal at three points, too",
        "There is no source to look at, so this is the line of a right network. "
        + (f"In it {called}." if called else "Look at the same step of yours."),
    )
