"""A forward pass that calls itself without end: that is said, not what it does not return."""

from __future__ import annotations

from .evidence import Evidence
from .source import Function
from .trial import Failure, run
from .wiring import Wiring


def endless(wiring: Wiring, forward: Function, evidence: Evidence) -> Failure | None:
    """That `forward` does not end; only one that comes back to itself is called to find out."""
    if not _comes_back(forward, evidence):
        return None
    alone = wiring.copy()
    alone.forward, alone.missing = forward, []
    alone.call_forward()
    if alone.missing:
        return None
    raised = run(alone.lines, evidence, alone.roots, lambda values, after: None)
    if isinstance(raised, str) and is_endless(raised):
        return Failure(forward.name, raised)
    return None


def is_endless(why: str) -> bool:
    """Whether a call was given up since it went too deep."""
    return why.startswith("raised RecursionError")


def _comes_back(function: Function, evidence: Evidence) -> bool:
    """Whether a function calls itself, by itself or through others."""
    pending, seen = [function], set()
    while pending:
        for name in pending.pop().calls:
            short = name.rpartition(".")[2]
            if short == function.short:
                return True
            other = None if short in seen else evidence.read(short)
            seen.add(short)
            if other is not None:
                pending.append(other)
    return False
