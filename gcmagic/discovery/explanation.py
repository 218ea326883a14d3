"""The evidence behind a binding, as text: candidates, call sites, trials, what was bound."""

from __future__ import annotations

from collections.abc import Sequence

from ..adapters.names import BACKWARD, COST, FORWARD, is_decoy, role_score
from .binding import Search, scopes
from .evidence import Evidence
from .inline import training_step
from .limit import is_available
from .messages import how
from .source import Function, parse_cell

_ROLES = (("backward", BACKWARD), ("forward", FORWARD), ("cost", COST))


def _has_update(source: str) -> bool:
    tree = parse_cell(source)
    return tree is not None and bool(training_step(tree.body).updates)


def report(
    evidence: Evidence,
    candidates: Sequence[Function],
    searches: Sequence[Search],
    loops: Sequence[Function],
    verdict: str,
) -> str:
    """Everything that discovery saw, in the order in which it looked."""
    lines = ["functions, and what their names say:"]
    for name in evidence.callables():
        short = name.rpartition(".")[2]
        scored = [(role, role_score(short, words)) for role, words in _ROLES]
        scores = [f"{role} {score}" for role, score in scored if score]
        said = "passed over" if is_decoy(short) else ", ".join(scores) or "nothing"
        lines.append(f"    {name}: {said}")
    lines.append("candidates for the backward pass:")
    for function in candidates:
        places = [scope.name for scope in scopes(evidence, function) if scope is not None]
        returned = ", ".join(name or "?" for name in function.returns) or "nothing"
        called = f"called in {', '.join(places)}" if places else "called nowhere"
        arguments = ", ".join(function.arguments)
        lines.append(f"    {function.name}({arguments}) returns {returned}; {called}")
    if not candidates:
        held = ", ".join(f.name for f in loops) or "none"
        lines.append(f"functions that hold a training loop: {held}")
        cells = [k for k, text in enumerate(evidence.cells) if _has_update(text)]
        said = ", ".join(f"cell {k + 1} of {len(evidence.cells)}" for k in cells) or "none"
        lines.append(f"cells that hold one: {said}")
    unlimited = "" if is_available() else " (not in the main thread: without a time limit)"
    lines.append(f"trial calls{unlimited}:")
    for found in searches:
        lines += [f"    {failure.what} {failure.why}" for failure in found.failures]
        lines += [
            f"    {wiring.lines[-1].removeprefix('__result__ = ')} works, but has no cost"
            for wiring, _ in found.costless
        ]
        lines += [f"    fits: {how(proposal)}" for proposal in found.proposals]
    return "\n".join([*lines, f"so: {verdict}"])
