"""Two edits together, looked for beside the search for a single one."""

from __future__ import annotations

from collections.abc import Iterator

from .beside import Beside
from .budget import MOST
from .line import Line, Pair
from .onward import Onward
from .pool import Pool
from .search import Search

# the search for a single edit goes so far before anything else is tried, and so far before pairs
# of which neither mends an array alone
ALONE, FAR = 2, 4
# candidates of one kind in a turn
TURN = 400


class Pairs:
    """The search for two edits, which takes turns with the one for a single edit."""

    def __init__(self, search: Search, line: Line, pool: Pool) -> None:
        self.search, self.line, self.pool = search, line, pool
        self.onward = Onward(search, line, pool)
        self.beside = Beside(search, line, pool)

    @property
    def due(self) -> bool:
        """Whether a single edit is far enough from sight for pairs to be begun."""
        return self.line.key - self.line.least > ALONE

    def single(self, amount: int = MOST) -> None:
        """About so many candidates for a single edit, of one key."""
        self.search.step(self.line, self.pool.add, amount)

    def run(self) -> Iterator[Pair]:
        """Pairs that mend everything, as they are found, until a single edit does."""
        yield from self.beside.sums()
        while not self.search.over and not self.line.hits:
            start, key = self.search.trial.count, self.line.key
            yield from self.onward.run(TURN)
            if self.line.ended or key - self.line.least > FAR:
                yield from self.beside.run(TURN)
            if not self.line.ended:
                self.single(TURN)
                if self.line.key > key:
                    self.beside.wake()
                    yield from self.beside.sums()
            elif self.search.trial.count == start:
                return
