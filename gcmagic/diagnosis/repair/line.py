"""A line of a search: the edits of all sites, one key after the other, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType

from .edits import edits_at
from .edits.look import Look
from .sites import Edit, Site
from .standing import apart

# the last level of edits
DEEPEST = 4
# beyond this key there are too many edits to go on behind a hit
NEAR = 2
# from this level on there are thousands of edits of these kinds; the others of a key come first
FAR, MANY = 3, frozenset({"factor", "term", "name", "scale"})
# edits of one function that are compiled together
CHUNK = 96


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


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two edits that together mend everything, and others that do what each of them does."""

    first: Edit
    second: Edit
    first_alike: tuple[Edit, ...] = ()
    second_alike: tuple[Edit, ...] = ()


@dataclass(slots=True, eq=False)
class Place:
    """A site, what it has an effect on, and its edits once they are asked for."""

    site: Site
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


@dataclass(slots=True, eq=False)
class Line:
    """A search that goes on, one key after the other, from one state of the user's code.

    Attributes
    ----------
    places
        The sites, each with how many levels it is put back.
    wrong
        The arrays to mend.
    first, code
        An edit that stands meanwhile, and its function's code with it.
    key
        The next level of edits and rank of statements together.
    hits
        Edits that mend everything.
    used
        The candidates that were tried.
    """

    places: Sequence[tuple[int, Place]]
    wrong: frozenset[str]
    first: Edit | None = None
    code: CodeType | None = None
    key: int = field(init=False)
    hits: list[Hit] = field(default_factory=list)
    used: int = 0
    _waiting: Iterator[list[Edit]] | None = None

    def __post_init__(self) -> None:
        self.key = self.least

    @property
    def least(self) -> int:
        """The first key."""
        return min((rank for rank, _ in self.places), default=0)

    @property
    def stop(self) -> int:
        """The last key: one beyond the first hit, which has others to be named beside it."""
        if self.hits:
            first = self.hits[0].key
            return first + (first - self.least < NEAR)
        return max((rank for rank, _ in self.places), default=-1) + DEEPEST

    @property
    def ended(self) -> bool:
        """Whether nothing is left to try."""
        return self.key > self.stop

    def next(self) -> list[Edit] | None:
        """The next edits of this key; None behind the last of them, which begins the next one."""
        if self._waiting is None:
            self._waiting = chunks(self._edits())
        found = next(self._waiting, None)
        if found is None:
            self._waiting, self.key = None, self.key + 1
        return found

    def _edits(self) -> Iterator[Edit]:
        near = [(rank, p) for rank, p in self.places if 0 <= self.key - rank <= DEEPEST]
        for many in (False, True):
            for rank, place in near:
                level = self.key - rank
                if level < FAR and many:
                    continue
                for edit in place.edits(level):
                    later = level >= FAR and edit.kind in MANY
                    if later == many and (self.first is None or apart(self.first, edit)):
                        yield edit


def chunks(edits: Iterable[Edit]) -> Iterator[list[Edit]]:
    """Edits of one function that can be compiled together: at different statements, or at one."""
    waiting: list[Edit] = []
    for edit in edits:
        other = waiting and (
            waiting[0].site.unit is not edit.site.unit
            or len(waiting) >= CHUNK
            or edit.span != waiting[0].span
            or (edit.span > 1 and waiting[0].site is not edit.site)
        )
        if other:
            yield waiting
            waiting = []
        waiting.append(edit)
    if waiting:
        yield waiting
