"""Two edits that mend no array alone: effects that add up, then the likeliest with all the others.

Nothing is generated or traced anew for a second edit: it is one that the search for a single edit
has tried already, tried again while the first one stands.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .line import Line, Pair
from .pool import Effect, Pool, like, variants
from .search import Search
from .sites import Edit
from .standing import apart, compiled, standing

# edits that go no further than this, or mend something in part, are beginnings
FAR = 4
# what a wrong array that is missing weighs against a key further, and the key of the first edit
MISSING, KEY = 6.0, 0.25
# pairs whose effects add up that are tried at a time
SUMS_TRIED = 60
# beginnings that are kept in view
BEGINNINGS = 400


@dataclass(slots=True, eq=False)
class _Beginning:
    """A first edit, and how far second ones were tried."""

    effect: Effect
    edit: Edit
    key: int = 0
    tried: set[int] = field(default_factory=set)
    cost_kept: bool | None = None


class Beside:
    """The search for a second edit among all that were tried, beside each first one."""

    def __init__(self, search: Search, line: Line, pool: Pool) -> None:
        self.search, self.line, self.pool = search, line, pool
        self.names = frozenset(search.target.names)
        self.places = {id(place.site): place for _, place in line.places}
        self.least = line.least
        self._done: set[tuple[int, int]] = set()
        self._summed: set[tuple[int, int]] = set()
        self._waiting: list[tuple[float, int, _Beginning]] = []
        self._parked: list[tuple[float, int, _Beginning]] = []
        self._known: set[int] = set()

    def run(self, amount: int) -> Iterator[Pair]:
        """Pairs among about so many candidates."""
        self._welcome()
        start = self.search.trial.count
        while self._waiting and not self.search.over and self.search.trial.count - start < amount:
            priority, order, beginning = heapq.heappop(self._waiting)
            yield from self._beside(beginning)
            beginning.key += 1
            # where all is tried that there is, it waits for the next key of single edits
            known = beginning.key <= self.line.key
            heapq.heappush(
                self._waiting if known else self._parked, (priority + 1, order, beginning)
            )

    def wake(self) -> None:
        """The search for a single edit has come further."""
        for item in self._parked:
            heapq.heappush(self._waiting, item)
        self._parked.clear()

    def _welcome(self) -> None:
        for order, effect in enumerate(self.pool.effects):
            if order in self._known or (effect.missing >= 1 and effect.key - self.least > FAR):
                continue
            self._known.add(order)
            priority = MISSING * effect.missing + KEY * (effect.key - self.least)
            heapq.heappush(self._waiting, (priority, order, _Beginning(effect, effect.edit)))
        if len(self._waiting) > BEGINNINGS:
            self._waiting = heapq.nsmallest(BEGINNINGS, self._waiting)

    def sums(self) -> Iterator[Pair]:
        """Pairs whose effects add up."""
        tried = 0
        for first, second in self.pool.sums_up():
            for edit in variants(first):
                others = [other for other in variants(second) if apart(edit, other)]
                label = (id(edit), id(second))
                if not others or label in self._summed or tried >= SUMS_TRIED or self.search.over:
                    continue
                self._summed.add(label)
                tried += 1
                yield from self._tried(_Beginning(first, edit), [(o, second) for o in others])
            guarded = first.edit.site.unit.ran.code in self.search.guarded
            label = (id(first), id(second))
            if not apart(first.edit, second.edit) and not guarded and label not in self._summed:
                # two lines of one statement, `return {…}`: their texts are put together and proved
                self._summed.add(label)
                yield Pair(first.edit, second.edit, tuple(first.alike), tuple(second.alike))

    def _beside(self, beginning: _Beginning) -> Iterator[Pair]:
        """The next of the second edits beside a first one."""
        left = self.search.target.wrong - beginning.effect.right
        batch: list[tuple[Edit, Effect]] = []
        for effect in self.pool.effects:
            known = effect is beginning.effect or id(effect) in beginning.tried
            if known or self._key(effect, left) > beginning.key:
                continue
            edit = next((edit for edit in effect.alike if apart(beginning.edit, edit)), None)
            if edit is not None:
                beginning.tried.add(id(effect))
                a, b = sorted((id(beginning.edit), id(edit)))
                if (a, b) not in self._done:
                    self._done.add((a, b))
                    batch.append((edit, effect))
        yield from self._tried(beginning, batch)

    def _key(self, effect: Effect, left: frozenset[str]) -> int:
        """The key of an effect where only some arrays are left to be mended."""
        place = self.places[id(effect.edit.site)]
        return max(effect.edit.level, 0) + self.search.rank(place, left) - self.least

    def _tried(self, beginning: _Beginning, batch: Sequence[tuple[Edit, Effect]]) -> Iterator[Pair]:
        first = beginning.edit
        if not batch or beginning.cost_kept is False:
            return
        by_edit = {id(edit): effect for edit, effect in batch}
        edits = sorted((edit for edit, _ in batch), key=lambda edit: edit.level)
        found: list[Pair] = []
        code = compiled(first)
        if code is None:
            beginning.cost_kept = False
            return
        with standing(first, code):
            if beginning.cost_kept is None:
                beginning.cost_kept = self.search.same_cost()
            if not beginning.cost_kept:
                return
            right = self.names - self.search.target.wrong
            for edit, _, good in self.search.tried(grouped(edits), right):
                if good >= self.names:
                    second = by_edit[id(edit)]
                    alike = (like(beginning.effect, first), like(second, edit))
                    found.append(Pair(first, edit, *alike))
        yield from found


def grouped(edits: Sequence[Edit]) -> Iterator[Edit]:
    """Edits in an order in which many can be compiled together: by function, then by span."""
    units: dict[int, list[Edit]] = {}
    for edit in edits:
        units.setdefault(id(edit.site.unit), []).append(edit)
    for group in units.values():
        yield from (edit for edit in group if edit.span == 1)
        yield from (edit for edit in group if edit.span > 1)
