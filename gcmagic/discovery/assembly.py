"""From a proposal to a Problem: two programs over private copies, and whether the cost moves."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..adapters.calling import COST, RESULT, Reading
from ..adapters.names import BACKWARD, role_score
from ..adapters.program import Program, build, slice_lines
from ..problem import Problem
from ..sandbox import untouched
from .evidence import Evidence
from .lookup import Root
from .messages import how, no_gradient
from .modes import differing
from .penalties import left_at_zero
from .shown import shown
from .source import call_name, global_reads
from .still import nudged
from .trial import quiet, reached_globals, space_of
from .unchecked import left_out, notes_of
from .unfit import passed_over

if TYPE_CHECKING:
    from .binding import Proposal


def cost_moves(proposal: Proposal, evidence: Evidence) -> bool:
    """False where the cost stays the same to the last bit when all the parameters change.

    Then it is the cost of something else, a nudge checked by hand in an earlier cell for one. A
    cost that cannot be computed elsewhere, or overflows, is given the benefit of the doubt.
    """
    costs = _at_two_points(proposal, evidence)
    return costs is None or costs[0] != costs[1] or not np.isfinite(costs[0])  # inf is inf


def distinct_costs(proposals: Sequence[Proposal], evidence: Evidence) -> list[Proposal]:
    """The proposals without those whose cost is that of an earlier one, at two points.

    ``J(params)`` beside the ``compute_cost(A2, Y)`` that it calls leaves no choice to be made.
    """
    kept: list[Proposal] = []
    seen: list[tuple[float, float]] = []
    for proposal in proposals:
        costs = _at_two_points(proposal, evidence) if len(proposals) > 1 else None
        if costs is not None and any(np.allclose(costs, c, rtol=1e-12, atol=0) for c in seen):
            continue
        kept.append(proposal)
        seen += [costs] if costs is not None else []
    return kept


def _at_two_points(proposal: Proposal, evidence: Evidence) -> tuple[float, float] | None:
    """The cost at the given parameters and where all of them have moved."""
    problem = problem_of(proposal, evidence)
    theta = problem.layout.flatten(problem.params)
    with untouched(problem.fun, *problem.roots), quiet():
        moved = nudged(theta, np.random.default_rng(0))
        try:
            return problem.cost_at(theta), problem.cost_at(moved)
        except (Exception, SystemExit):
            return None


def complete(proposal: Proposal, evidence: Evidence) -> Problem:
    """The Problem of a proposal, told which parameters get no gradient.

    Raises
    ------
    BindingError
        Where the user named one of those as a parameter.
    """
    problem = problem_of(proposal, evidence)
    wiring, reading = proposal.wiring, proposal.reading
    hinted = wiring.hints.params
    wanted = (*hinted, *(name for name, root in wiring.roots.items() if root.text in hinted))
    values = start_of(proposal, evidence)

    def build(more: Reading) -> Problem:
        grown = wiring.copy()
        first = str(more.slots[-1].leaf.path[0])
        if first not in grown.roots:
            grown.roots[first] = Root(values[first], first)
            grown.moving |= {first}
        return problem_of(replace(proposal, wiring=grown, reading=more), evidence)

    left, still = left_out(reading, values, wanted, build, evidence)
    for leaf in left:
        if leaf.name in hinted or leaf.key in hinted:
            raise no_gradient(leaf.name, proposal)
    over = passed_over(values, reading.beyond)
    notes = (
        *problem.notes,
        *notes_of(left, still, proposal.backward.name, reading.odd),
        *(f"{why}: not checked" for why in over.values()),
    )
    return replace(problem, notes=notes, unchecked=(*(leaf.name for leaf in left), *over))


def start_of(proposal: Proposal, evidence: Evidence) -> dict[str, Any]:
    """What the program of a proposal starts from, and the globals that its functions read."""
    wiring = proposal.wiring
    read = reached_globals(wiring.lines, evidence) - set(wiring.roots) - set(wiring.produced)
    values = {name: root.value for name, root in wiring.roots.items()}
    return values | {n: evidence.values[n] for n in sorted(read) if n in evidence.values}


def problem_of(proposal: Proposal, evidence: Evidence) -> Problem:
    """The Problem that a proposal stands for."""
    wiring = proposal.wiring
    lines = wiring.lines
    space = space_of(lines, evidence, wiring.roots)
    fixed = frozenset(space)
    backward = tuple(line for line in lines if _runs_backward(line))
    wanted = COST if proposal.cost is not None else RESULT
    values = {name: root.value for name, root in wiring.roots.items()}
    return build(
        Program(slice_lines(lines, wanted, fixed, backward if proposal.cost else ()), space),
        Program(slice_lines(lines, RESULT, fixed), space),
        proposal.reading,
        values,
        wiring.moving,
        how=how(proposal),
        cost_name=proposal.cost_name,
        gradient_name=proposal.backward.name,
        notes=(*_stale(proposal), *_modes(proposal), *_penalties(proposal)),
    )


def _runs_backward(line: str) -> bool:
    calls = (node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Call))
    return any(role_score(call_name(node).rpartition(".")[2], BACKWARD) for node in calls)


def _modes(proposal: Proposal) -> Iterator[str]:
    """A cost in one mode beside a gradient in another."""
    if proposal.cost is None:
        return
    cost = proposal.wiring.evidence.read(proposal.cost.name)
    call = proposal.cost.text.rpartition(" value of ")[2]
    if cost is None:
        return
    for name, here, there in differing(cost, call, proposal.backward):
        now = shown(call, proposal.wiring).removesuffix(")")
        mended = now.replace(f", {name}={here!r}", "") + f", {name}={there!r})"
        yield (
            f"{cost.name} runs with {name}={here!r}, {proposal.backward.name} with "
            f"{name}={there!r}: the cost of one mode, the gradient of another; in the same: "
            f'--cost "{mended}"'
        )


def _penalties(proposal: Proposal) -> Iterator[str]:
    """A regulariser that nobody has asked for: whether its gradient is right does not show."""
    backward = proposal.backward
    for name, value in left_at_zero(backward, proposal.call):
        yield (
            f"{name}={value!r}, its default, so a regulariser was not checked; call "
            f"{backward.said} with another {name} in a cell, and check again"
        )


def _stale(proposal: Proposal) -> tuple[str, ...]:
    """A backward pass that reads the notebook's global where it was given the value itself."""
    moving = {slot.leaf.key for slot in proposal.reading.slots} | set(proposal.wiring.produced)
    moving -= proposal.wiring.moving
    read = global_reads(proposal.backward) & moving & set(proposal.wiring.evidence.values)
    name = proposal.backward.name
    return tuple(
        f"{name} reads the global {key}, which does not move with the parameters"
        for key in sorted(read)
    )
