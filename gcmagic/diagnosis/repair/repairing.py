"""From a failed report to the edits that mend it: search, proof, a second edit, words."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from ...comparison import FAIL
from ...findings import Finding
from ...sandbox import untouched
from .cells import cell_of
from .proof import Proofs
from .running import functions_run
from .safety import reason
from .search import Hit, Search
from .target import Target, failing
from .told import Repaired, findings_of, refused, unused
from .trial import TimeUp, Trial, alarm
from .units import Unit, unit_of
from .wording import Change, change, unnatural

if TYPE_CHECKING:
    from ...report import Report

SECONDS = 5.0
# how many edits that pass are proved, and how many ways to begin a pair are followed
PROVED, BEGINNINGS = 6, 3
# candidates for a single edit that goes further, where no second one helped
DEEPER = 3000


def repair(report: Report, seconds: float = SECONDS) -> tuple[Finding, ...]:
    """Look for the edit to the user's source with which a failed check passes.

    Every small edit of the gradient function and of what it calls is run on the numeric gradient
    that the report holds; what passes is proved at a second random point and, where the data
    allow it, on fewer of them. The user's functions hold other code meanwhile, and their own again
    afterwards.

    Parameters
    ----------
    report
        A report whose verdict is FAIL; for any other nothing is done.
    seconds
        Time after which the search ends with what it has; in ordinary cases it ends long before,
        by a count of candidates.

    Returns
    -------
    tuple of Finding
        Code ``"repair"`` with ``line``, ``before``, ``after`` and ``mended``; or what else the
        source says. Empty where there is nothing to say.

    Examples
    --------
    >>> import numpy as np
    >>> import gcmagic as gcm
    >>> backward = lambda w: 2 * w**2
    >>> report = gcm.check(lambda w: np.sum(w**3), backward, np.ones(3), repair=0)
    >>> [f.code for f in repair(report)]
    ['repair']
    """
    failed = failing(report.phases)
    if report.verdict is not FAIL or not failed or seconds <= 0:
        return ()
    problem = report.problem
    deadline = perf_counter() + seconds
    with (
        untouched(problem.fun, problem.grad, *problem.roots),
        np.errstate(all="ignore"),
        redirect_stdout(io.StringIO()),
        alarm() as limit,
    ):
        targets = [Target.of(phase) for phase in failed]
        proofs = Proofs(problem, report.settings, failed[0].theta, tuple(targets[1:]))
        try:
            return _repair(Trial(problem, limit), targets[0], proofs, deadline)
        except TimeUp:  # the clock rang just behind the candidate that it was set for
            return ()


def _repair(trial: Trial, target: Target, proofs: Proofs, deadline: float) -> tuple[Finding, ...]:
    problem, theta = trial.problem, target.theta
    params = problem.layout.unflatten
    base = trial.base(theta)
    if base is None or not target.wrong or target.right(base) >= target.wrong:
        return ()
    ran = functions_run(lambda: problem.grad(params(theta)))
    in_cost = frozenset(functions_run(lambda: problem.fun(params(theta))))
    units: list[Unit] = [unit for unit in map(unit_of, ran.values()) if unit is not None]
    cell = cell_of(problem)
    units += [cell] if cell is not None else []
    if not units:
        return ()
    why = reason(units)
    if why:
        return refused(why)
    every = frozenset(unit.ran.code for unit in units)
    guarded = every & in_cost
    # where cost and gradient come from one function, it is the one to edit
    behind = guarded if guarded < every else frozenset()
    cost = trial.cost(theta)
    if cost is None:
        return ()
    search = Search(trial, target, deadline, cost, guarded, behind)
    proofs.ran = tuple(ran.values())
    wrong = tuple(name for name in target.names if name in target.wrong)
    found = _found(search, units, base, proofs)
    return findings_of(found, wrong) if found else unused(units)


def _found(
    search: Search, units: Sequence[Unit], base: np.ndarray, proofs: Proofs
) -> Repaired | None:
    """One edit, or two together."""
    wrong = search.target.wrong
    places = search.places(units, base, wrong)
    hits, parts, key = search.run(places, wrong)
    found = _proved(_changes(hits), units, proofs)
    if found or not parts:
        return found
    parts.sort(key=lambda hit: (-len(hit.right), hit.key))
    seen: set[frozenset[str]] = set()
    for first in parts:
        if first.right in seen or len(seen) >= BEGINNINGS or search.over:
            continue  # another edit with the same effect
        seen.add(first.right)
        found = _second(search, units, first, [p for p in parts if p.right == first.right], proofs)
        if found:
            return found
    search.limit += DEEPER
    hits, _, _ = search.run(places, wrong, key)
    return _proved(_changes(hits), units, proofs)


def _second(
    search: Search, units: Sequence[Unit], first: Hit, alike: list[Hit], proofs: Proofs
) -> Repaired | None:
    """A second edit beside one that mends some of the arrays."""
    beginnings = _changes(alike)
    for one in beginnings[:1]:
        now = one.unit.reparsed(one.mended)
        if now is None:
            return None
        others = [now if unit is one.unit else unit for unit in units]
        left = search.target.wrong - first.right
        with _standing([now]):
            base = search.trial.gradient(search.target.theta)
            if base is None:
                return None
            hits, _, _ = search.run(search.places(others, base, left), left)
            changes = _changes(hits)
        found = _proved(changes, others, proofs, [now])
        if found:
            second = found.changes[0]
            if second.unit is now:  # both in one function: its text holds both
                one = one.with_mended(second.mended)
            pair = sorted((one, second), key=lambda c: (c.function, c.line))
            return Repaired(tuple(pair), another_batch=found.another_batch)
    return None


def _changes(hits: Iterable[Hit]) -> list[Change]:
    """The edits as text, the most natural first, each text once."""
    found: dict[str, tuple[tuple, Change]] = {}
    for hit in sorted(hits, key=lambda hit: (hit.key, hit.edit.level))[:40]:
        made = change(hit.edit)
        if made is not None and made.mended not in found:
            found[made.mended] = ((hit.key, *unnatural(made, hit.edit.kind)), made)
    return [made for _, made in sorted(found.values(), key=lambda pair: pair[0])]


def _proved(
    changes: Sequence[Change], units: Sequence[Unit], proofs: Proofs, standing: Sequence[Unit] = ()
) -> Repaired | None:
    """Those of some edits that hold elsewhere too."""
    if not changes:
        return None
    proofs.look()
    passed: list[Change] = []
    for one in changes[:PROVED]:
        with _standing([*standing, *_units([one])]):
            if all(point.passes() for point in proofs.points):
                passed.append(one)
    if not passed:
        return None
    elsewhere: list[Change] = []
    with proofs.other_batch() as point:
        for one in passed if point is not None else ():
            with _standing([*standing, *_units([one])]):
                if point is not None and point.passes():
                    elsewhere.append(one)
    best = elsewhere or passed
    return Repaired((best[0],), tuple(best[1:]), bool(elsewhere))


def _units(changes: Iterable[Change]) -> list[Unit]:
    found = [one.unit.reparsed(one.mended) for one in changes]
    return [unit for unit in found if unit is not None]


@contextlib.contextmanager
def _standing(units: Iterable[Unit]):
    """The user's functions with the code of these units for a while; the last of each counts."""
    with contextlib.ExitStack() as stack:
        for unit in units:
            stack.enter_context(unit.running(unit.compiled()))
        yield
