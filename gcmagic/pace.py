"""Why a check was slow: arrays whose components went through the cost one at a time."""

from __future__ import annotations

from .evaluation import Evaluator
from .findings import Finding
from .phase import Phase

# evaluations from which on the time that they take is worth a word
MANY = 10_000
# why the loop is taken for what is no matter of the user's code
_OURS = "the points are "


def not_batched(evaluator: Evaluator) -> tuple[tuple[str, str], ...]:
    """Names of arrays whose copies could not go through the cost in one call, each with why."""
    reasons: dict[str, str] = getattr(evaluator, "reasons", {})
    return tuple((name, why) for name, why in reasons.items() if not why.startswith(_OURS))


def slow(known: tuple[tuple[str, str], ...], phases: list[Phase]) -> tuple[Finding, ...]:
    """The finding for each reason that cost many evaluations; it does not touch the verdict."""
    names: dict[str, list[str]] = {}
    for name, reason in known:
        names.setdefault(reason, []).append(name)
    found = []
    for reason, of_it in names.items():
        blocks = [block for phase in phases for block in phase.blocks if block.name in of_it]
        if 2 * sum(block.components.size for block in blocks) < MANY:
            continue
        found.append(
            Finding(
                "not-batched",
                " ".join(of_it),
                "its components went through the cost one at a time, which is slow",
                f"many copies in one call: {reason}",
                "Nothing is wrong. That line in whole arrays (A @ B, np.stack of a list, np.where) "
                "would let hundreds of copies go through in one call.",
            )
        )
    return tuple(found)
