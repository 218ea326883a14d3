"""Layer functions in pairs: looked for where no backward pass has a cost."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .. import adapters
from ..adapters import attributes
from ..adapters.calling import COST, RESULT, Outcome, Reading
from ..adapters.names import BACKWARD, FORWARD, words
from ..adapters.pair import DRAW, WEIGH, Context, is_upstream, matched
from ..adapters.pairing import in_order
from .binding import Proposal, Search, scopes, without_passed
from .costs import CostOption
from .evidence import Evidence, is_number
from .lookup import Hints, Root
from .outputs import is_cache
from .source import Function
from .trial import Failure, run
from .wiring import Wiring, bind_site


def search_pair(evidence: Evidence, backward: Function, hints: Hints) -> Search:
    """``stem_backward`` with ``stem_forward`` under J = sum(out * dout)."""
    found = Search(backward)
    partner = _partner(evidence, backward, hints)
    upstreams = [name for name in backward.required if is_upstream(name)]
    if partner is None or not upstreams:
        return found
    context = _context(evidence, backward, partner)
    wiring = _forward_called(evidence, hints, partner, context)
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
        values = {name: value for name, value in values.items() if name != context}
        names = _names(after[RESULT], backward, partner, values, context)
        outcome = Outcome(after[RESULT], names, values, after, None, hints.params, everything=True)
        returned, kept = adapters.read(outcome), attributes.read(outcome)
        if returned is None or kept is None:
            return returned
        # dx is returned, dW lies in the layer
        slots = in_order([*returned.slots, *kept.slots], outcome)
        return replace(returned, slots=slots)

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


def _context(evidence: Evidence, backward: Function, partner: Function) -> str:
    """``ctx`` of ``Linear.forward(ctx, x, w)`` and ``Linear.backward(ctx, g)``, no method of it."""
    shared = set(backward.arguments[:1]) & set(partner.arguments[:1])
    return shared.pop() if shared and backward.owner in evidence.classes else ""


def _names(
    result: Any, backward: Function, partner: Function, values: Mapping[str, Any], context: str
) -> tuple[str | None, ...]:
    """Names of what backward returns; one a nameless array where it has the argument's shape.

    ``return dA @ W.T, dA @ U.T`` of a layer that was given ``x, h``: one for each, in order.
    """
    names = without_passed(backward.returns, backward)
    if context:  # one gradient for each input, in their order: that is how such a class is made
        inputs, found = partner.arguments[1:], result if isinstance(result, tuple) else (result,)
        return tuple(f"d{name}" for name in inputs) if len(inputs) == len(found) else names
    given = partner.arguments
    if not isinstance(result, tuple) or not len(result) == len(names) == len(given):
        return names
    shapes = [np.shape(values[a]) if is_number(values.get(a)) else None for a in given]
    if [np.shape(item) if is_number(item) else () for item in result] != shapes:
        return names
    plain = backward.returns_plainly
    return tuple(name if name and plain[k] else f"d{given[k]}" for k, name in enumerate(names))


def _forward_called(evidence: Evidence, hints: Hints, partner: Function, context: str) -> Wiring:
    """The forward pass on what the cells give it last, else on values of its arguments' names."""
    wiring = Wiring(evidence, hints, None, partner)
    if context:
        wiring.roots[context] = Root(evidence.values.get(context, Context()), context)
    for scope in [s for s in scopes(evidence, partner) if s is not None and s.function is None]:
        site = scope.calls_of(lambda name: name == partner.name)[-1][2]
        for argument, node in (bind_site(partner, site) or {}).items():
            if isinstance(node, ast.Name) and node.id in evidence.values:
                wiring.roots.setdefault(argument, Root(evidence.values[node.id], node.id))
    wiring.call_forward()
    order = {argument: k for k, argument in enumerate(partner.arguments)}

    def place(item: tuple[str, Root]) -> tuple[bool, int]:
        # ctx holds x and w of an earlier call: they are x and w, not ctx.saved[0]
        return item[0] == context, order.get(item[0], len(order))

    wiring.roots = dict(sorted(wiring.roots.items(), key=place))
    return wiring


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
