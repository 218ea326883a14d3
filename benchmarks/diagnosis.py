"""How often the diagnosis is right: python -m benchmarks.diagnosis [--right 1000] [--jobs 2].

The suites of tests/suites, every bug once, and random right networks, on which nothing may be said.
Seeded throughout: the same table in every run.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from multiprocessing import Pool

from gcmagic import FAIL
from gcmagic.check import check_problem
from gcmagic.diagnosis.rules import CATALOGUE
from gcmagic.options import Options
from gcmagic.problem import Problem
from gcmagic.report import Report
from tests.suites.cases import Case
from tests.suites.held_out import HELD_OUT
from tests.suites.single import SINGLE, pairs
from tests.suites.unseen import UNSEEN

CODES = {code for rule in CATALOGUE for code in rule.codes}
SUITES: dict[str, tuple[Case, ...]] = {
    "single": SINGLE,
    "pairs": pairs(),
    "unseen": UNSEEN,
    "held_out": HELD_OUT,
}
FIRST = 3


@dataclass(frozen=True, slots=True)
class Row:
    """What the check said of one case: told apart by its place, as a Problem cannot be sent."""

    suite: str
    place: int
    detected: bool
    exact: bool
    named: bool
    rank: int | None
    first: str

    @property
    def case(self) -> Case:
        return SUITES[self.suite][self.place]


def checked(problem: Problem, seed: int = 0) -> Report:
    """One check as the magic makes it, at one point, without looking for edits."""
    plain = {"repair": 0} if "repair" in {f.name for f in fields(Options)} else {}
    return check_problem(problem, init="random", steps=0, seed=seed, **plain)


def measured(task: tuple[str, int]) -> Row:
    """Check one case of one suite."""
    suite, place = task
    case = SUITES[suite][place]
    report = checked(case.problem())
    cause = case.mutations[0] if len(case.mutations) == 1 else None
    told = [f for f in report.findings if f.code in CODES]
    rank = None
    if cause is not None and cause.cause:
        hits = [f.code == cause.cause and cause.says in f.title for f in told]
        rank = hits.index(True) if True in hits else None
    return Row(
        suite,
        place,
        report.verdict is FAIL,
        report.wrong == case.wrong(),
        bool(cause and cause.cause),
        rank,
        told[0].title if told else "",
    )


def over(names: Sequence[str], jobs: int = 1) -> Iterator[Row]:
    """The rows of whole suites."""
    tasks = [(name, place) for name in names for place in range(len(SUITES[name]))]
    if jobs == 1:
        yield from map(measured, tasks)
        return
    with Pool(jobs) as pool:
        yield from pool.imap(measured, tasks, chunksize=4)


def right(seed: int) -> tuple[str, ...]:
    """Codes of what is said of one random right network."""
    from benchmarks.networks import sample

    network = sample("normal", seed)
    problem = Problem(network.fun, network.grad, network.params)
    return tuple(finding.code for finding in checked(problem, seed).findings)


def table(rows: Iterable[Row]) -> list[str]:
    """A line a suite, and below it what was missed."""
    rows = list(rows)
    lines = [
        f"{'suite':8}{'bugs':>6}{'detected':>10}{'exact set':>11}"
        f"{'with a cause':>14}{'first':>8}{'in three':>10}"
    ]
    for suite in dict.fromkeys(row.suite for row in rows):
        mine = [row for row in rows if row.suite == suite]
        named = [row for row in mine if row.named]
        first = sum(row.rank == 0 for row in named)
        three = sum(row.rank is not None and row.rank < FIRST for row in named)
        lines.append(
            f"{suite:8}{len(mine):6}{share(sum(r.detected for r in mine), len(mine)):>10}"
            f"{share(sum(r.exact for r in mine), len(mine)):>11}{len(named):14}"
            f"{share(first, len(named)):>8}{share(three, len(named)):>10}"
        )
    for row in rows:
        if not row.exact:
            lines.append(f"other arrays called wrong: {row.case.name}")
        if row.named and row.rank != 0:
            lines.append(f"cause not first: {row.case.name}: {row.first}")
    return lines


def share(part: int, of: int) -> str:
    return f"{100 * part / of:.1f} %" if of else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suites", default=",".join(SUITES), help="single,pairs,unseen,held_out")
    parser.add_argument("--right", type=int, default=1000, help="how many right networks")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    print("\n".join(table(over([n for n in given.suites.split(",") if n], given.jobs))))
    if given.right:
        with Pool(given.jobs) as pool:
            said = list(pool.imap(right, range(given.right), chunksize=16))
        causes = sum(bool(CODES & set(codes)) for codes in said)
        others = Counter(code for codes in said for code in codes if code not in CODES)
        print(f"{given.right} right networks: {causes} with a cause told; others: {dict(others)}")


if __name__ == "__main__":
    main()
