"""Two edits of which the first mends something: a search for the rest while it stands.

The arrays that are left say anew where to look, and fewer statements have an effect on them alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .line import Line, Pair
from .pool import Effect, Pool, like, variants
from .search import Search
from .sites import Edit

# candidates of one search before another may be the most promising one
TURN = 100
# what counts against a first edit: candidates that it has had, arrays that are wrong yet, its key
READY, WRONG, KEY = 30, 0.1, 2


@dataclass(slots=True, eq=False)
class _Begun:
    """A search for a second edit beside a first one."""

    effect: Effect
    first: Edit
    line: Line
    depth: int

    @property
    def priority(self) -> float:
        """The smaller, the sooner it goes on."""
        missing = WRONG + max(self.effect.missing, 0.0)
        return (self.line.used + READY) * missing * (KEY + self.depth)


class Onward:
    """The searches that go on from the edits that mend a part of what is wrong."""

    def __init__(self, search: Search, line: Line, pool: Pool) -> None:
        self.search, self.line, self.pool = search, line, pool
        self._begun: list[_Begun] = []
        self._sites: dict[int, set[int]] = {}

    def run(self, amount: int) -> Iterator[Pair]:
        """Pairs among about so many candidates."""
        self._begin()
        start = self.search.trial.count
        while not self.search.over and self.search.trial.count - start < amount:
            going = [begun for begun in self._begun if not begun.line.ended]
            if not going:
                return
            begun = min(going, key=lambda begun: begun.priority)
            self.search.step(begun.line, None, TURN)
            hits, begun.line.hits = begun.line.hits, []
            if hits:
                others = tuple(hit.edit for hit in hits[1:])
                yield Pair(begun.first, hits[0].edit, like(begun.effect, begun.first), others)

    def _begin(self) -> None:
        for effect in self.pool.effects:
            if not effect.mends:
                continue
            sites = self._sites.setdefault(id(effect), set())
            for first in variants(effect):
                if id(first.site) in sites:
                    continue
                sites.add(id(first.site))
                left = self.search.target.wrong - effect.right
                line = self.search.beside(self.line, first, left)
                if line is not None:
                    depth = effect.key - self.line.least
                    self._begun.append(_Begun(effect, first, line, depth))
