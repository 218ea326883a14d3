"""Layer functions in pairs: looked for where no backward pass has a cost."""

from __future__ import annotations

from dataclasses import replace

from .. import adapters
from ..adapters.calling import COST, RESULT, Outcome, Reading
from ..adapters.names import BACKWARD, FORWARD, words
from ..adapters.pair import DRAW, WEIGH, is_upstream, matched
from .binding import Proposal, Search, without_passed
from .costs import CostOption
from .evidence import Evidence
from .lookup import Hints
from .source import Function
from .trial import Failure, run
from .wiring import Wiring, is_cache


def search_pair(evidence: Evidence, backward: Function, hints: Hints) -> Search:
    """``stem_backward`` with ``stem_forward`` under J = sum(out * dout)."""
    found = Search(backward)
    partner = _partner(evidence, backward, hints)
    upstreams = [name for name in backward.required if is_upstream(name)]
    if partner is None or not upstreams:
        return found
    wiring = Wiring(evidence, hints, None, partner)
    wiring.call_forward()
    outputs = [name for name in wiring.forward_outputs if not is_cache(name)] or ["output"]
    terms = matched(upstreams, outputs) or [(upstreams[0], outputs[0])]
    for k, (upstream, out) in enumerate(terms):
        wiring.added.append(f"{upstream} = {DRAW}({out}, {k})")
        wiring.produced[upstream] = upstream
    text = wiring.call_by_names(backward)
    label = f"{backward.name} after {partner.name}"
    if wiring.missing:
        found.failures.append(Failure(label, f"needs {', '.join(dict.fromkeys(wiring.missing))}"))
        return found
    weighed = " + ".join(f"{WEIGH}({out}, {upstream})" for upstream, out in terms)
    wiring.added += [f"{RESULT} = {text}", f"{COST} = {weighed}"]

    def look(values: dict, after: dict) -> Reading | None:
        names = without_passed(backward.returns, backward)
        outcome = Outcome(after[RESULT], names, values, after, None, hints.params, everything=True)
        return adapters.read(outcome)

    reading = run(wiring.lines, evidence, wiring.roots, look)
    if reading is None or isinstance(reading, str):
        why = reading or "returned nothing that matches an argument"
        found.failures.append(Failure(label, why))
        return found
    own = set(partner.returns)  # what has no name of the user's is called out
    told = " + ".join(f"sum({o if o in own else 'out'} * {up})" for up, o in terms)
    cost = CostOption(wiring, partner.name, told, (1,))
    reading = replace(reading, family="P", cost=None)
    found.proposals.append(Proposal(backward, text, wiring, reading, cost, 1))
    return found


def _partner(evidence: Evidence, backward: Function, hints: Hints) -> Function | None:
    if hints.forward:
        return evidence.read(hints.forward)
    if backward.owner:
        return evidence.read(f"{backward.owner}.forward")
    stem = [word for word in words(backward.name) if word not in BACKWARD]
    for name in evidence.functions:
        found = words(name)
        if set(found) & FORWARD and [word for word in found if word not in FORWARD] == stem:
            return evidence.read(name)
    return None
