"""The search: the cheapest edits of the likeliest statements first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from types import CodeType

import numpy as np

from .edits import edits_at
from .edits.look import Look
from .effects import effects
from .scope import Scope
from .sites import Edit, Site, Switch, sites, variants
from .target import Target
from .trial import Trial
from .units import Unit

# candidates that are tried at most: counted, so that every machine comes to the same end
LIMIT = 10000
# edits of one function that are compiled together
CHUNK = 96
# how many levels a statement is put back: what is returned; one that has an effect on right arrays
# too, or nobody knows on which; one that has it on some wrong ones; all others
RETURNED, WIDER, PART, ELSEWHERE = 1, 2, 3, 5
# and what the cost runs through as well
SHARED = 3
DEEPEST = 4


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
    """A site with its rank, what it has an effect on, and its edits once they are asked for."""

    site: Site
    rank: int
    look: Look
    moves: frozenset[str] | None = None
    _made: set[int] = field(default_factory=set)
    _levels: dict[int, list[Edit]] = field(default_factory=dict)

    def edits(self, level: int) -> list[Edit]:
        """Its edits of one level."""
        made = min(level, 2)
        if made not in self._made:
            self._made.add(made)
            for edit in edits_at(self.look, made):
                self._levels.setdefault(edit.level, []).append(edit)
        return self._levels.get(level, [])


Seen = Callable[[Edit, int, np.ndarray, frozenset[str]], None]


@dataclass(slots=True, eq=False)
class Line:
    """A search that goes on, one key after the other, from one state of the user's code.

    Attributes
    ----------
    places
        The sites with their ranks.
    wrong
        The arrays to mend.
    key
        The next level of edits and rank of statements together.
    hits
        Edits that mend everything.
    """

    places: Sequence[Place]
    wrong: frozenset[str]
    key: int = 0
    hits: list[Hit] = field(default_factory=list)

    @property
    def stop(self) -> int:
        """The last key: one beyond the first hit."""
        if self.hits:
            return self.hits[0].key + 1
        return max((place.rank for place in self.places), default=-1) + DEEPEST

    @property
    def ended(self) -> bool:
        """Whether nothing is left to try."""
        return self.key > self.stop


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

    def line(self, units: Sequence[Unit], base: np.ndarray, wrong: frozenset[str]) -> Line:
        """A search over all sites, with ranks from the arrays that they have an effect on."""
        found: list[Place] = []
        for unit in units:
            every = sites(unit)
            moved = effects(unit, every, self.trial, self.target, base, wrong)
            scope = Scope(unit, units)
            for k, site in enumerate(every):
                place = Place(site, 0, Look.at(site, scope, tuple(every)), moved[k])
                place.rank = self.rank(place, wrong)
                found.append(place)
        return Line(found, wrong, min((place.rank for place in found), default=0))

    def rank(self, place: Place, wrong: frozenset[str]) -> int:
        """How many levels a statement is put back where these arrays are to be mended."""
        right, moves = frozenset(self.target.names) - wrong, place.moves
        if moves is None:
            rank = WIDER
        elif wrong <= moves:
            rank = WIDER if moves & right else RETURNED if place.site.returns else 0
        else:
            rank = PART if moves & wrong and not moves & right else ELSEWHERE
        return rank + (SHARED if place.site.unit.ran.code in self.behind else 0)

    def step(self, line: Line, seen: Seen | None = None) -> None:
        """Try the edits of one key; `seen` gets those that break nothing."""
        right = frozenset(self.target.names) - line.wrong
        key = line.key
        near = [place for place in line.places if 0 <= key - place.rank <= DEEPEST]
        edits = (edit for place in near for edit in place.edits(key - place.rank))
        for edit, gradient, good in self.tried(edits, right):
            if good >= frozenset(self.target.names):
                line.hits.append(Hit(edit, key, good))
            elif seen is not None:
                seen(edit, key, gradient, good)
        if not self.over:  # else there was more of it
            line.key += 1

    @property
    def over(self) -> bool:
        """Whether there were enough candidates, or there is no more time."""
        return self.trial.count > self.limit or perf_counter() > self.deadline

    def tried(
        self, edits: Iterable[Edit], right: frozenset[str]
    ) -> Iterator[tuple[Edit, np.ndarray, frozenset[str]]]:
        """The edits that leave the arrays of `right` so, with their gradients."""
        for chunk in chunks(edits):
            yield from self._chunk(chunk, right)
            if self.over:
                return

    def _chunk(
        self, edits: list[Edit], right: frozenset[str]
    ) -> Iterator[tuple[Edit, np.ndarray, frozenset[str]]]:
        unit, switch = edits[0].site.unit, Switch()
        try:
            code = variants(unit, edits, switch)
        except (SyntaxError, ValueError, TypeError, RecursionError):
            if len(edits) > 1:  # one of them is at fault
                half = len(edits) // 2
                yield from self._chunk(edits[:half], right)
                yield from self._chunk(edits[half:], right)
            return
        found = []
        with unit.running(code):
            for k, edit in enumerate(edits, 1):
                switch.now = k
                gradient = self.trial.gradient(self.target.theta)
                good = self.target.right(gradient)
                if gradient is None or not right <= good:
                    continue
                # the cost is looked at for those alone that mend something
                if right < good and unit.ran.code in self.guarded and not self.same_cost():
                    continue
                found.append((edit, gradient, good))
        yield from found

    def same_cost(self) -> bool:
        """Whether the cost is what it was, with the code that stands now."""
        now = self.trial.cost(self.target.theta)
        return now is not None and abs(now - self.cost) <= 1e-12 * abs(self.cost)


def chunks(edits: Iterable[Edit]) -> Iterator[list[Edit]]:
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
