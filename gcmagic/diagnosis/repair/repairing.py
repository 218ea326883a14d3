"""From a failed report to the edits that mend it: search, proof, a second edit, words."""

from __future__ import annotations

import contextlib
import functools
import itertools
import warnings
from collections.abc import Iterable, Iterator, Sequence
from time import perf_counter
from types import CodeType
from typing import TYPE_CHECKING

import numpy as np

from ...comparison import FAIL
from ...findings import Finding
from ...sandbox import unseen
from .budget import LATE, candidates
from .cells import cell_of
from .data import kept
from .further import further
from .line import Hit, Line, Pair
from .pairs import Pairs
from .pool import Pool
from .proof import Proofs
from .running import code_run, functions_run
from .safety import reason
from .search import Search
from .sites import sites
from .target import Target, failing
from .told import EQUIVALENT, Repaired, findings_of, refused, stopped, unused
from .trial import TimeUp, Trial, alarm
from .units import Unit, unit_of
from .wording import Change, change, merged, unnatural

if TYPE_CHECKING:
    from ...report import Report

SECONDS = 5.0
Compiled = list[tuple[Unit, CodeType]]
# how many edits are proved that were found together, and how often; of how many texts each of two
PROVED, PROOFS, NATURAL = 6, 30, 3


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
        What the search may take on an ordinary machine. It ends by a count of candidates, so that
        every machine comes to the same end; by the clock only where that takes ten times as long.

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
    wrong = [block for block in failed[0].blocks if block.verdict is FAIL]
    if not any(np.any(block.numeric) for block in wrong):  # an edit would make a zero of it
        return ()
    problem = report.problem
    deadline = perf_counter() + LATE * seconds
    with (
        unseen(problem.fun, problem.grad, *problem.roots),
        warnings.catch_warnings(),
        alarm() as limit,
    ):
        warnings.simplefilter("ignore", SyntaxWarning)  # of edits that nobody is shown
        targets = [Target.of(phase) for phase in failed]
        proofs = Proofs(problem, report.settings, failed[0].theta, tuple(targets[1:]))
        try:
            return _repair(Trial(problem, limit), targets[0], proofs, seconds, deadline)
        except TimeUp:  # the clock rang just behind the candidate that it was set for
            return ()
        except Exception as error:  # syntax that nobody thought of may not cost the report
            return stopped(error)


def _repair(
    trial: Trial, target: Target, proofs: Proofs, seconds: float, deadline: float
) -> tuple[Finding, ...]:
    problem, theta = trial.problem, target.theta
    params = problem.layout.unflatten
    base = trial.base(theta)
    if base is None or not target.wrong or target.right(base) >= target.wrong:
        return ()
    ran = functions_run(lambda: problem.grad(params(theta)))
    in_cost = code_run(lambda: problem.fun(params(theta)))
    units: list[Unit] = [unit for unit in map(unit_of, ran.values()) if unit is not None]
    cell = cell_of(problem)
    units += [cell] if cell is not None else []
    if not units:
        from ..reference import alike  # a notebook has the source, and need not wait for this

        return alike(problem, target, trial.limit, deadline, proofs.settings.seed)
    why = reason(units)
    if why:
        return refused(why)
    every = frozenset(unit.ran.code for unit in units if sites(unit))
    guarded = every & frozenset(in_cost)
    # where cost and gradient come from one function, it is the one to edit
    behind = guarded if guarded < every else frozenset()
    cost = trial.cost(theta)
    if cost is None:
        return ()
    codes = {unit.ran.code for unit in units}
    limit = candidates(seconds, lambda: problem.grad(params(theta)), codes)
    search = Search(trial, target, deadline, cost, guarded, behind, limit, tuple(in_cost.values()))
    proofs.ran = tuple(ran.values())
    proofs.right = frozenset(target.names) - target.wrong
    wrong = tuple(name for name in target.names if name in target.wrong)
    with kept(trial, theta):
        found = _found(search, units, base, proofs)
    return findings_of(found, wrong, bool(problem.how)) if found else unused(units)


def _found(
    search: Search, units: Sequence[Unit], base: np.ndarray, proofs: Proofs
) -> Repaired | None:
    """One edit, or two together, that hold at other points as well."""
    line = search.line(units, base, search.target.wrong)
    for changes in itertools.islice(_mending(search, line, base), PROOFS):
        found = _proved(changes, proofs)
        if found:
            return _with_others(found, search, line, proofs)
    return None


def _with_others(found: Repaired, search: Search, line: Line, proofs: Proofs) -> Repaired:
    """The same with other edits of the same effect that stand at its line or beside it."""
    (shown, *second), known = found.changes, found.alike
    if second or len(known) >= EQUIVALENT:
        return found
    texts = {shown.mended, *(change.mended for change in known)}
    hits = further(search, line, shown.edit)
    others = [change for change in _changes(hits) if change.mended not in texts]
    every = _proved([(change,) for change in (shown, *known, *others)], proofs) if others else None
    return found if every is None or every.changes != found.changes else every


def _mending(search: Search, line: Line, base: np.ndarray) -> Iterator[list[tuple[Change, ...]]]:
    """What mends the gradient at the one point: edits that were found together, the best first."""
    pool = Pool(search.target, base)
    pairs = Pairs(search, line, pool)
    while not (line.hits or line.ended or search.over or pairs.due):
        pairs.single()
    while not search.over or line.hits:
        if not line.hits:
            for pair in pairs.run():
                yield _couples(pair)
            if not line.hits:
                return
        while not (line.ended or search.over):  # as far as edits are as good
            pairs.single()
        hits, line.hits = line.hits, []
        yield [(one,) for one in _changes(hits)]


def _couples(pair: Pair) -> list[tuple[Change, ...]]:
    """Two edits as text, each as natural as it can be."""
    ones, twos = (
        _changes(Hit(edit, edit.level, frozenset()) for edit in (shown, *alike))[:NATURAL]
        for shown, alike in ((pair.first, pair.first_alike), (pair.second, pair.second_alike))
    )
    found: list[tuple[Change, ...]] = []
    for one, two in sorted(
        itertools.product(ones, twos), key=lambda both: ones.index(both[0]) + twos.index(both[1])
    ):
        if one.unit is two.unit:  # its text holds both
            text = merged(one, two)
            if text is None:
                continue
            one, two = one.with_mended(text), two.with_mended(text)
        first, second = sorted((one, two), key=lambda change: (change.function, change.line))
        found.append((first, second))
    return found


def _changes(hits: Iterable[Hit]) -> list[Change]:
    """The edits as text, the most natural first, each text once."""
    found: dict[str, tuple[tuple, Change]] = {}
    for hit in sorted(hits, key=lambda hit: (hit.key, hit.edit.level))[:40]:
        made = change(hit.edit)
        if made is not None and made.mended not in found:
            found[made.mended] = ((hit.key, *unnatural(made, hit.edit.kind)), made)
    return [made for _, made in sorted(found.values(), key=lambda pair: pair[0])]


def _proved(candidates: Sequence[tuple[Change, ...]], proofs: Proofs) -> Repaired | None:
    """Those of some repairs, each of one edit or two, that hold elsewhere too."""
    if not candidates:
        return None
    made = [(changes, _compiled(changes)) for changes in candidates[:PROVED]]
    likely = functools.partial(_standing, made[0][1])
    proofs.look(likely)
    passed: list[tuple[tuple[Change, ...], Compiled]] = []
    for changes, code in made:
        with _standing(code):
            if all(point.passes() for point in proofs.points):
                passed.append((changes, code))
    if not passed:
        return None
    elsewhere: list[tuple[Change, ...]] = []
    with proofs.other_batch(likely) as point:
        for changes, code in passed if point is not None else ():
            with _standing(code):
                if point is not None and point.passes():
                    elsewhere.append(changes)
        if point is not None and not elsewhere and proofs.right and point.has(proofs.right):
            return None  # what was right is so on that batch, and what was mended is not
    best = elsewhere or [changes for changes, _ in passed]
    alike = [changes[0] for changes in best[1:]] if len(best[0]) == 1 else []
    return Repaired(best[0], tuple(alike), bool(elsewhere))


def _compiled(changes: Iterable[Change]) -> Compiled:
    units = [one.unit.reparsed(one.mended) for one in changes]
    return [(unit, unit.compiled()) for unit in units if unit is not None]


@contextlib.contextmanager
def _standing(compiled: Compiled) -> Iterator[None]:
    """The user's functions with the code of these units for a while; the last of each counts."""
    with contextlib.ExitStack() as stack:
        for unit, code in compiled:
            stack.enter_context(unit.running(code))
        yield
