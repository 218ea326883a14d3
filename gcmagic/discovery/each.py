"""One function a parameter: ``grad_w`` and ``grad_b``, or ``dJ_dW1()`` over globals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..adapters.calling import RESULT
from ..adapters.names import gradient_stems, is_decoy, kind, match_name
from ..sandbox import global_names
from .binding import Search, scopes, try_wiring
from .candidates import forward_candidates
from .evidence import Evidence, inner, is_number
from .lookup import Hints
from .reached import writer_of
from .source import Function
from .wiring import Wiring


def group_of(evidence: Evidence) -> list[Function]:
    """Functions that each are named after the gradient of one parameter, and take the same.

    The parameters are globals or arguments of the functions.
    """
    likely = [name for name in evidence.functions if gradient_stems(name) and not is_decoy(name)]
    functions = [f for f in map(evidence.read, likely) if f is not None]
    if len(functions) < 2:
        return []
    codes = [getattr(inner(value), "__code__", None) for value in evidence.functions.values()]
    touched = [global_names(code) for code in codes if code is not None]
    reads = frozenset().union(*(read for read, _ in touched))
    made = frozenset().union(*(bound for _, bound in touched))  # activations, kept in globals
    names = [
        name
        for name, value in evidence.values.items()
        if is_number(value) and kind(name) not in ("x", "y") and name not in made
    ]
    found: dict[str, Function] = {}
    for function in functions:
        usable = [n for n in names if n in function.arguments or n in reads]
        if function.owner or function.returns_tuple:
            continue
        hit = next((h for s in gradient_stems(function.name) if (h := match_name(s, usable))), None)
        if hit is not None and np.ndim(evidence.values[hit]) < 3:
            found.setdefault(hit, function)
    group = [found[name] for name in names if name in found]
    same = [f for f in group if f.required == group[0].required]
    return same if len(same) > 1 else []


def search_each(evidence: Evidence, group: Sequence[Function], hints: Hints) -> Search:
    """The functions of a group as one backward pass."""
    first = group[0]
    name = ", ".join(function.name for function in group)
    whole = replace(first, name=name)
    found = Search(whole)
    names = tuple(gradient_name(function.name) for function in group)
    stores = writer_of(evidence, group)
    for scope in scopes(evidence, first):
        for forward in (None, *forward_candidates(evidence, first, hints.forward)):
            wiring = Wiring(evidence, hints, scope, forward)
            if scope is not None:
                index, _, _ = scope.calls_of(lambda called: called == first.name)[-1]
                wiring.limit, wiring.path = index, scope.lines[index].tests
            calls = [wiring.call(f, wiring.latest_site(f.name, wiring.limit)) for f in group]
            text = f"({', '.join(calls)},)"
            if stores is not None:  # one statement: the gradients read the globals that it leaves
                text = f"({wiring.call_by_names(stores)}, {text})[1]"
            if wiring.missing:
                continue
            wiring.added.append(f"{RESULT} = {text}")
            try_wiring(whole, wiring, names, ", ".join(calls), name, found)
            if found.proposals:
                return found
    return found


def gradient_name(name: str) -> str:
    """``dW1`` for the function ``dJ_dW1``, ``dw`` for ``grad_w``."""
    return f"d{gradient_stems(name)[0]}"
