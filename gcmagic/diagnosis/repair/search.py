"""The search: the cheapest edits of the likeliest statements first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from types import CodeType

import numpy as np

from .edits import edits_at
from .edits.analogy import edits as analogies
from .edits.look import Look
from .effects import effects
from .scope import Scope
from .sites import Edit, Site, Switch, sites, variants
from .target import Target
from .trial import Trial
from .units import Unit

# candidates that are tried at most: counted, so that every machine comes to the same end
LIMIT = 6000
# edits of one function that are compiled together
CHUNK = 96
# how many levels a statement is put back: what is returned; one that has an effect on right arrays
# too, or nobody knows on which; one that has it on some wrong ones; all others
RETURNED, WIDER, PART, ELSEWHERE = 1, 2, 3, 5
# and what the cost runs through as well
SHARED = 3
DEEPEST = 4
# levels that are still looked at once an edit mends some arrays, before a second one is added
PATIENCE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """An edit that mends something.

    Attributes
    ----------
    edit
        The edit.
    key
        How far the search had gone: the level of the edit and the rank of its statement.
    right
        The arrays that are right with it.
    """

    edit: Edit
    key: int
    right: frozenset[str]


@dataclass(slots=True, eq=False)
class Place:
    """A site with its rank, and its edits once they are asked for."""

    site: Site
    rank: int
    look: Look
    _levels: dict[int, list[Edit]] | None = None

    def edits(self, level: int) -> list[Edit]:
        """Its edits of one level."""
        if level == 0:
            return [edit for edit in analogies(self.look) if edit.level == 0]
        if level == 1:  # most searches end here: what goes further is not made yet
            near = replace(self.look, limit=1)
            return [edit for edit in edits_at(near) if edit.level == 1]
        if self._levels is None:
            self._levels = {}
            for edit in edits_at(self.look):
                self._levels.setdefault(edit.level, []).append(edit)
        return self._levels.get(level, [])


@dataclass(slots=True, eq=False)
class Search:
    """What a search for edits works with.

    Attributes
    ----------
    trial
        Runs the gradient.
    target
        What it has to agree with.
    deadline
        When there is no more time.
    cost
        J at the target's point.
    guarded
        Code that the cost runs through as well; its edits have to leave the cost alone.
    behind
        The same, where there is other code that is edited first.
    limit
        Candidates that are tried at most.
    """

    trial: Trial
    target: Target
    deadline: float
    cost: float
    guarded: frozenset[CodeType] = field(default_factory=frozenset)
    behind: frozenset[CodeType] = field(default_factory=frozenset)
    limit: int = LIMIT

    def places(self, units: Sequence[Unit], base: np.ndarray, wrong: frozenset[str]) -> list[Place]:
        """All sites, with ranks from the arrays that they have an effect on."""
        right = frozenset(self.target.names) - wrong
        found: list[Place] = []
        for unit in units:
            every = sites(unit)
            moved = effects(unit, every, self.trial, self.target, base, wrong)
            scope = Scope(unit, units)
            for k, site in enumerate(every):
                moves = moved[k]
                if moves is None:
                    rank = WIDER
                elif wrong <= moves:
                    rank = WIDER if moves & right else RETURNED if site.returns else 0
                else:
                    rank = PART if moves & wrong and not moves & right else ELSEWHERE
                rank += SHARED if unit.ran.code in self.behind else 0
                found.append(Place(site, rank, Look.at(site, scope, tuple(every))))
        return found

    def run(
        self, places: Sequence[Place], wrong: frozenset[str], start: int | None = None
    ) -> tuple[list[Hit], list[Hit], int]:
        """Edits that mend everything, and those that mend a part and break nothing.

        The last thing returned is how far it went; with `start` it goes on from there, and no
        part makes it stop.
        """
        names = frozenset(self.target.names)
        right = names - wrong
        hits: list[Hit] = []
        parts: list[Hit] = []
        stop = DEEPEST + ELSEWHERE + SHARED
        key = start or 0
        while key <= stop and not self.over:
            near = [place for place in places if 0 <= key - place.rank <= DEEPEST]
            edits = (edit for place in near for edit in place.edits(key - place.rank))
            for edit, gradient in self._tried(edits):
                good = self.target.right(gradient)
                if right <= good and good & wrong:
                    (hits if good == names else parts).append(Hit(edit, key, good))
            if hits:
                stop = min(stop, hits[0].key + 1)
            elif parts and start is None:
                stop = min(stop, max(parts[0].key + PATIENCE, PART + 1))
            key += 1
        return hits, parts, key

    @property
    def over(self) -> bool:
        """Whether there were enough candidates, or there is no more time."""
        return self.trial.count > self.limit or perf_counter() > self.deadline

    def _tried(self, edits: Iterable[Edit]) -> Iterator[tuple[Edit, np.ndarray | None]]:
        for chunk in _chunks(edits):
            yield from self._chunk(chunk)
            if self.over:
                return

    def _chunk(self, edits: list[Edit]) -> Iterator[tuple[Edit, np.ndarray | None]]:
        unit, switch = edits[0].site.unit, Switch()
        try:
            code = variants(unit, edits, switch)
        except (SyntaxError, ValueError, TypeError, RecursionError):
            if len(edits) > 1:  # one of them is at fault
                half = len(edits) // 2
                yield from self._chunk(edits[:half])
                yield from self._chunk(edits[half:])
            return
        found = []
        with unit.running(code):
            for k, edit in enumerate(edits, 1):
                switch.now = k
                gradient = self.trial.gradient(self.target.theta)
                if gradient is not None and unit.ran.code in self.guarded:
                    gradient = gradient if self._same_cost() else None
                found.append((edit, gradient))
        yield from found

    def _same_cost(self) -> bool:
        now = self.trial.cost(self.target.theta)
        return now is not None and abs(now - self.cost) <= 1e-12 * abs(self.cost)


def _chunks(edits: Iterable[Edit]) -> Iterator[list[Edit]]:
    """Edits of one function that can be compiled together: at different statements, or at one."""
    waiting: list[Edit] = []
    for edit in edits:
        apart = waiting and (
            waiting[0].site.unit is not edit.site.unit
            or len(waiting) >= CHUNK
            or edit.span != waiting[0].span
            or (edit.span > 1 and waiting[0].site is not edit.site)
        )
        if apart:
            yield waiting
            waiting = []
        waiting.append(edit)
    if waiting:
        yield waiting
