"""A right network as source text, and the bugs that people put into it, a line each."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import gcmagic as gcm
from gcmagic.problem import Problem

_NUMBERS = itertools.count()
# relative to the largest component: two gradients further apart than this are two gradients
APART = 1e-9


@dataclass(frozen=True, slots=True)
class Mutation:
    """One bug: these lines of the source become those.

    Attributes
    ----------
    before, after
        One line or several, without their indentation; `after` may be empty.
    cause
        The code of the finding that names it, or empty where nothing in the arrays could:
        then a sentence about which arrays are wrong is all that can be asked.
    says
        What the first sentence of that finding has to have in it.
    """

    before: str
    after: str
    cause: str = ""
    says: str = ""

    def __str__(self) -> str:
        return f"{self.before.strip()}  ->  {self.after.strip() or '(gone)'}"


@dataclass(frozen=True, slots=True)
class Network:
    """A right network, in the style of some course, and its bugs.

    `other`, where it is there, gives the network other data: of other sizes, with other settings.
    """

    name: str
    source: str
    mutations: tuple[Mutation, ...]
    backward: str | None = None
    hints: tuple[tuple[str, str], ...] = ()
    other: tuple[Mutation, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A network with one bug, with two, or with none."""

    network: Network
    mutations: tuple[Mutation, ...] = ()

    @property
    def name(self) -> str:
        bugs = "; ".join(map(str, self.mutations)) or "right"
        return f"{self.network.name}: {bugs}"

    @property
    def source(self) -> str:
        source = self.network.source
        for mutation in self.mutations:
            source = mutated(source, mutation)
        return source

    @property
    def lines(self) -> tuple[int, ...]:
        """The numbers of the changed lines in the source, from 1."""
        right, wrong = self.network.source.splitlines(), self.source.splitlines()
        return tuple(k for k, (a, b) in enumerate(zip(right, wrong, strict=True), 1) if a != b)

    def elsewhere(self) -> Case:
        """The same with the network's other data; what mends it here has to mend it there."""
        source = self.source
        for change in self.network.other:
            source = mutated(source, change)
        return Case(replace(self.network, source=source, other=()))

    def namespace(self) -> dict[str, Any]:
        """What a notebook holds after it has run the source; the functions can show theirs."""
        return run(self.source)

    def problem(self, namespace: dict[str, Any] | None = None) -> Problem:
        """What `%gradcheck` finds in the namespace."""
        namespace = self.namespace() if namespace is None else namespace
        return gcm.discover(
            namespace,
            backward=self.network.backward,
            cells=[self.source],
            **dict(self.network.hints),
        )

    def wrong(self) -> tuple[str, ...]:
        """The arrays whose gradient is not that of the right network, at points in general."""
        right, mutant = Case(self.network).problem(), self.problem()
        theta = right.layout.flatten(right.params)
        found = set()
        for seed in range(3):
            moved = theta + 0.3 * np.random.default_rng(seed).standard_normal(theta.size)
            for block in right.layout.blocks:
                a = right.gradient_at(moved)[block.slice]
                g = mutant.gradient_at(moved)[block.slice]
                if np.max(np.abs(g - a)) > APART * max(np.max(np.abs(a)), 1e-3):
                    found.add(block.name)
        return tuple(name for name in right.layout.names if name in found)


def run(source: str) -> dict[str, Any]:
    """Run a source as a cell is run: `inspect` and tracebacks find its lines."""
    filename = f"<suite {next(_NUMBERS)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace: dict[str, Any] = {"__name__": "__main__", "np": np}
    exec(compile(source, filename, "exec"), namespace)
    return namespace


def mutated(source: str, mutation: Mutation) -> str:
    """The source with the lines of one mutation changed; every other line keeps its number.

    Raises
    ------
    ValueError
        Where the lines to change are not there, or there more than once.
    """
    lines = source.splitlines()
    before = [line.strip() for line in mutation.before.strip().splitlines()]
    after = [line.rstrip() for line in mutation.after.strip("\n").splitlines()] or ["pass"]
    places = [
        k
        for k in range(len(lines))
        if [line.strip() for line in lines[k : k + len(before)]] == before
    ]
    if len(places) != 1:
        raise ValueError(f"{len(places)} places for {mutation.before!r}; needed: one")
    if len(after) > len(before):
        raise ValueError(f"{mutation.after!r} has more lines than {mutation.before!r}")
    place = places[0]
    first = lines[place]
    indent = first[: len(first) - len(first.lstrip())]
    changed = [indent + line for line in after]
    changed += [""] * (len(before) - len(after))
    return "\n".join([*lines[:place], *changed, *lines[place + len(before) :]]) + "\n"


def bugs(*networks: Network) -> Iterator[Case]:
    """Every network with every one of its bugs."""
    for network in networks:
        for mutation in network.mutations:
            yield Case(network, (mutation,))


def rows(text: str) -> tuple[Mutation, ...]:
    """Mutations written as ``before -> after   # cause: says``, one to a line.

    Lines that belong together are joined by `` | ``; what begins with two spaces more stays
    indented.
    """
    found = []
    for line in filter(str.strip, text.splitlines()):
        change, _, cause = line.partition("   # ")
        before, arrow, after = change.partition(" ->")
        if not arrow:
            raise ValueError(f"no arrow in {line!r}")
        code, _, says = cause.partition(":")
        before, after = (part.replace(" | ", "\n") for part in (before, after))
        found.append(Mutation(before, after.removeprefix(" "), code.strip(), says.strip()))
    return tuple(found)
