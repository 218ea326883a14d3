"""Two edits together: effects that add up, then the likeliest beginnings with all else beside them.

Nothing is generated or traced anew for a second edit: it is one that the search for a single edit
has tried already, tried again while the first one stands.
"""

from __future__ import annotations

import ast
import contextlib
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .nodes import at
from .pool import Effect, Pool
from .search import Line, Search
from .sites import Edit
from .units import Unit

# the search for a single edit goes so far before pairs are begun
FIRST_KEYS = 4
# candidates for pairs between two keys of the search for a single edit, and once as many as those
BETWEEN = 800
# what a wrong array that is missing weighs against a key further, and the key of the first edit
MISSING, KEY = 6.0, 0.25
# pairs whose effects add up that are tried
SUMS_TRIED = 60
# beginnings that are kept in view
BEGINNINGS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two edits that together mend everything; the first stands where the second is looked for."""

    first: Edit
    second: Edit
    first_alike: tuple[Edit, ...]
    second_alike: tuple[Edit, ...]


@dataclass(slots=True, eq=False)
class _Beginning:
    """A first edit, and how far second ones were tried."""

    effect: Effect
    key: int = 0
    tried: set[int] = field(default_factory=set)
    cost_kept: bool | None = None


class Pairs:
    """The search for two edits, beside the one for a single edit."""

    def __init__(self, search: Search, line: Line, pool: Pool) -> None:
        self.search, self.line, self.pool = search, line, pool
        self.names = frozenset(search.target.names)
        self.places = {id(place.site): place for place in line.places}
        self.least = min((place.rank for place in line.places), default=0)
        self._done: set[tuple[int, int]] = set()
        self._summed: set[tuple[int, int]] = set()

    @property
    def due(self) -> bool:
        """Whether a single edit is far enough from sight for pairs to be begun."""
        return self.line.key - self.least > FIRST_KEYS

    def single(self) -> bool:
        """One key more for a single edit; True where there is one, or nothing left to try."""
        self.search.step(self.line, self.pool.add)
        return bool(self.line.hits)

    def run(self) -> Iterator[Pair]:
        """Pairs that mend everything, as they are found, until a single edit does.

        The search for a single edit goes on between them, a key at a time, where the beginnings
        are no better than that.
        """
        waiting: list[tuple[float, int, _Beginning]] = []
        parked: list[tuple[float, int, _Beginning]] = []
        known: set[int] = set()
        yield from self._sums()
        self._welcome(waiting, known)
        pause = self.search.trial.count + BETWEEN
        while not self.search.over and not self.line.hits:
            if waiting and (self.search.trial.count < pause or self.line.ended):
                priority, order, beginning = heapq.heappop(waiting)
                yield from self._beside(beginning)
                beginning.key += 1
                # where all is tried that there is, it waits for the next key of single edits
                if beginning.key <= self.line.key:
                    heapq.heappush(waiting, (priority + 1, order, beginning))
                else:
                    parked.append((priority + 1, order, beginning))
            elif not self.line.ended:
                before = self.search.trial.count
                if self.single():
                    return
                now = self.search.trial.count
                pause = now + BETWEEN + (now - before)
                for item in parked:
                    heapq.heappush(waiting, item)
                parked.clear()
                yield from self._sums()
                self._welcome(waiting, known)
            else:
                return

    def _welcome(self, waiting: list[tuple[float, int, _Beginning]], known: set[int]) -> None:
        for order, effect in enumerate(self.pool.effects):
            if order in known or (effect.missing >= 1 and effect.key - self.least > FIRST_KEYS):
                continue
            known.add(order)
            priority = MISSING * effect.missing + KEY * (effect.key - self.least)
            heapq.heappush(waiting, (priority, order, _Beginning(effect)))
        if len(waiting) > BEGINNINGS:
            waiting[:] = heapq.nsmallest(BEGINNINGS, waiting)

    def _sums(self) -> Iterator[Pair]:
        """Pairs whose effects add up."""
        tried = 0
        for first, second in self.pool.sums_up():
            label = (id(first), id(second))
            if label in self._summed or tried >= SUMS_TRIED or self.search.over:
                continue
            is_apart = _apart_from(first.edit, second) is not None
            guarded = first.edit.site.unit.ran.code in self.search.guarded
            if not is_apart and guarded:
                continue  # an edit that does the same at another statement may come yet
            self._summed.add(label)
            tried += 1
            if is_apart:
                yield from self._tried(_Beginning(first), [second])
            else:
                # two lines of one statement, `return {…}`: their texts are put together and proved
                alike = tuple(first.alike), tuple(second.alike)
                yield Pair(first.edit, second.edit, *alike)

    def _beside(self, beginning: _Beginning) -> Iterator[Pair]:
        """The next of the second edits beside a first one."""
        left = self.search.target.wrong - beginning.effect.right
        batch = [
            effect
            for effect in self.pool.effects
            if self._key(effect, left) <= beginning.key
            and id(effect) not in beginning.tried
            and effect is not beginning.effect
            and _apart_from(beginning.effect.edit, effect) is not None
        ]
        beginning.tried |= {id(effect) for effect in batch}
        yield from self._tried(beginning, batch)

    def _key(self, effect: Effect, left: frozenset[str]) -> int:
        """The key of an effect where only some arrays are left to be mended."""
        place = self.places[id(effect.edit.site)]
        return max(effect.edit.level, 0) + self.search.rank(place, left) - self.least

    def _tried(self, beginning: _Beginning, batch: Sequence[Effect]) -> Iterator[Pair]:
        first = beginning.effect.edit
        fresh: list[tuple[Edit, Effect]] = []
        for effect in batch:
            a, b = sorted((id(beginning.effect), id(effect)))
            edit = _apart_from(first, effect)
            if (a, b) not in self._done and edit is not None:
                self._done.add((a, b))
                fresh.append((edit, effect))
        if not fresh or beginning.cost_kept is False:
            return
        by_edit = {id(edit): effect for edit, effect in fresh}
        edits = sorted((edit for edit, _ in fresh), key=lambda edit: edit.level)
        found: list[Pair] = []
        with standing(first) as possible:
            if beginning.cost_kept is None:
                beginning.cost_kept = possible and self.search.same_cost()
            if not beginning.cost_kept:
                return
            right = self.names - self.search.target.wrong
            for edit, _, good in self.search.tried(grouped(edits), right):
                if good >= self.names:
                    second = by_edit[id(edit)]
                    alike = tuple(beginning.effect.alike), tuple(second.alike)
                    found.append(Pair(first, edit, *alike))
        yield from found


def _apart_from(first: Edit, effect: Effect) -> Edit | None:
    """The first edit with an effect that changes another statement."""
    return next((edit for edit in effect.alike if apart(first, edit)), None)


def grouped(edits: Sequence[Edit]) -> Iterator[Edit]:
    """Edits in an order in which many can be compiled together: by function, then by span."""
    units: dict[int, list[Edit]] = {}
    for edit in edits:
        units.setdefault(id(edit.site.unit), []).append(edit)
    for group in units.values():
        yield from (edit for edit in group if edit.span == 1)
        yield from (edit for edit in group if edit.span > 1)


def apart(first: Edit, second: Edit) -> bool:
    """Whether two edits change different statements."""
    a, b = first.site, second.site
    if a.body is not b.body:
        return True
    return not (
        a.index <= b.index < a.index + first.span or b.index <= a.index < b.index + second.span
    )


@contextlib.contextmanager
def edited(edit: Edit) -> Iterator[None]:
    """The syntax tree with an edit in it for a while; all other statements keep their places."""
    site = edit.site
    if site.header:
        old = getattr(site.statement, site.header)
        statement = site.statement
        setattr(statement, site.header, edit.new[0])
        try:
            yield
        finally:
            setattr(statement, site.header, old)
        return
    new = list(edit.new) or [at(ast.Pass())]
    inner = new if len(new) == edit.span else [at(ast.If(at(ast.Constant(True)), new, []))]
    inner += [at(ast.Pass()) for _ in range(edit.span - len(inner))]
    kept = list(site.body)
    site.body[site.index : site.index + edit.span] = inner
    try:
        yield
    finally:
        site.body[:] = kept


@contextlib.contextmanager
def standing(edit: Edit) -> Iterator[bool]:
    """The user's function with an edit for a while; False where it cannot be compiled."""
    unit: Unit = edit.site.unit
    with edited(edit):
        try:
            code = unit.compiled()
        except (SyntaxError, ValueError, TypeError, RecursionError):
            yield False
            return
        with unit.running(code):
            yield True
