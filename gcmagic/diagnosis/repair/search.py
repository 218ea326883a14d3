"""The search: the cheapest edits of the likeliest statements first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from types import CodeType

import numpy as np

from .budget import MOST
from .edits.look import Look
from .effects import effects
from .line import Hit, Line, Place, chunks
from .running import Ran
from .scope import Scope, Written
from .sites import Edit, Switch, sites, variants
from .standing import compiled, standing
from .target import Target
from .trial import Trial
from .units import Unit

# how many levels a statement is put back: what is returned; one that has an effect on right arrays
# too, or nobody knows on which; one that has it on some wrong ones; all others
RETURNED, WIDER, PART, ELSEWHERE = 1, 2, 3, 5
# and what the cost runs through as well
SHARED = 3


Seen = Callable[[Edit, int, np.ndarray, frozenset[str]], None]


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
        When the clock ends it, where the count of candidates should have done so long before.
    cost
        J at the target's point.
    guarded
        Code that the cost runs through as well; its edits have to leave the cost alone.
    behind
        The same, where there is other code that is edited first.
    limit
        Candidates that are tried at most.
    forward
        What of the user's own ran for the cost.
    """

    trial: Trial
    target: Target
    deadline: float
    cost: float
    guarded: frozenset[CodeType] = field(default_factory=frozenset)
    behind: frozenset[CodeType] = field(default_factory=frozenset)
    limit: int = MOST
    forward: Sequence[Ran] = ()

    def line(self, units: Sequence[Unit], base: np.ndarray, wrong: frozenset[str]) -> Line:
        """A search over all sites, with ranks from the arrays that they have an effect on."""
        found: list[Place] = []
        written = Written.of(units, self.forward)
        for unit in units:
            every = sites(unit)
            moved = effects(unit, every, self.trial, self.target, base, wrong)
            scope = Scope(unit, written)
            for k, site in enumerate(every):
                found.append(Place(site, Look.at(site, scope, tuple(every)), moved[k]))
        return Line([(self.rank(place, wrong), place) for place in found], wrong)

    def beside(self, line: Line, first: Edit, left: frozenset[str]) -> Line | None:
        """A search for what mends the arrays that are left while a first edit stands.

        None where that edit cannot stand.
        """
        code = compiled(first)
        if code is None:
            return None
        if first.site.unit.ran.code in self.guarded:
            with standing(first, code):
                if not self.same_cost():
                    return None
        places = [(self.rank(place, left), place) for _, place in line.places]
        return Line(places, left, first, code)

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

    def step(self, line: Line, seen: Seen | None = None, amount: int = MOST) -> None:
        """Try the edits of one key, about `amount` of them now and the others next time.

        `seen` gets those that break nothing.
        """
        right = frozenset(self.target.names) - line.wrong
        start, key = self.trial.count, line.key
        while not self.over and self.trial.count - start < amount:
            chunk = line.next()
            if chunk is None:
                break
            with standing(line.first, line.code):
                tried = list(self._chunk(chunk, right))
            for edit, gradient, good in tried:
                if good >= frozenset(self.target.names):
                    line.hits.append(Hit(edit, key, good))
                elif seen is not None:
                    seen(edit, key, gradient, good)
        line.used += self.trial.count - start

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
