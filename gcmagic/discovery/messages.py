"""What discovery says: the one line about what was bound, refusals, and what was missing."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..adapters.calling import all_leaves, path_text
from ..adapters.names import kind
from ..errors import BindingError
from .costs import cost_call, number_of
from .endless import is_endless
from .evidence import Evidence, is_number
from .lookup import Hints
from .outputs import prediction
from .shown import cost_shown, forward_shown, shown
from .source import Function, own_returns
from .unfit import not_plain, unfit

if TYPE_CHECKING:
    from .binding import Proposal, Search


def how(proposal: Proposal) -> str:
    """One line on what was bound, in the user's names."""
    names = " ".join(slot.leaf.name for slot in proposal.reading.slots)
    call = shown(proposal.call, proposal.wiring, proposal.backward)
    if proposal.cost is None:
        cost = f"{proposal.reading.label} of {call}"
    else:
        cost = cost_shown(proposal.cost.text, proposal.wiring)
        source = forward_shown(proposal.wiring)
        if source and source not in cost:
            cost += f" after {source}"
    what = "gradients" if not proposal.reading.fused else "updated parameters"
    return f"{call} → {what}; parameters: {names}; cost: {cost}"


def refusal(proposals: Sequence[Proposal], hints: Hints) -> BindingError:
    """More than one binding remains."""
    lines = list(dict.fromkeys(line_for(proposal, proposals, hints) for proposal in proposals))
    names = ", ".join(dict.fromkeys(_label(proposal) for proposal in proposals))
    return BindingError(
        f"{len(lines)} bindings fit: {names}. Needed: one. Say which:", tuple(lines)
    )


def _label(proposal: Proposal) -> str:
    return f"{proposal.backward.name} with {proposal.cost_name}"


def line_for(proposal: Proposal, others: Sequence[Proposal], hints: Hints) -> str:
    """The line of the magic that settles for `proposal`."""
    line = "%gradcheck"
    if (
        proposal.forward
        and len({p.forward for p in others if p.backward.name == proposal.backward.name}) > 1
    ):
        line += f" --forward {proposal.forward.removesuffix('.__call__')}"
    line += f" --backward {proposal.backward.name}"
    costs = {p.cost_name for p in others if p.backward.name == proposal.backward.name}
    if proposal.cost is not None and (len(costs) > 1 or hints.cost):
        line += f" --cost {hints.cost or proposal.cost_name}"
    if hints.params:
        line += f" --params {','.join(hints.params)}"
    if hints.grads:
        line += f" --grads {','.join(hints.grads)}"
    if hints.data:
        line += f' --data "{",".join(hints.data)}"'
    return line


def check_used(proposal: Proposal, hints: Hints) -> None:
    """Refuse to pass over a hint that the binding has no use for."""
    used = {root.text for root in proposal.wiring.roots.values()}
    call = f"{proposal.backward.name}({', '.join(proposal.backward.arguments)})"
    for text in hints.data:
        if text not in used:
            raise BindingError(f"--data {text} fits no argument of {call}; needed: X first, then Y")
    slots = proposal.reading.slots
    known = {slot.leaf.name for slot in slots} | {slot.leaf.key for slot in slots}
    known |= {str(slot.leaf.path[0]) for slot in slots} | {path_text(s.leaf.path) for s in slots}
    for text in hints.params:
        if text not in known | used:
            if not _is_here(text, proposal.wiring.evidence):
                raise _no_such_value(text, proposal.wiring.evidence)
            raise no_gradient(text, proposal)


def _is_here(name: str, evidence: Evidence) -> bool:
    """Whether a value, a key or an attribute has the name; expressions were evaluated before."""
    leaves = all_leaves(evidence.values)
    known = {*evidence.values, *(leaf.key for leaf in leaves), *(leaf.name for leaf in leaves)}
    return name in known or not name.isidentifier()


def _no_such_value(name: str, evidence: Evidence) -> BindingError:
    listed = " ".join([leaf.name for leaf in all_leaves(evidence.values)][:20]) or "(none)"
    return BindingError(f"--params {name}: nothing here is called {name}; arrays here: {listed}")


def no_gradient(name: str, proposal: Proposal) -> BindingError:
    """The user named a parameter that backward gives no gradient for."""
    call = f"{proposal.backward.name}({', '.join(proposal.backward.arguments)})"
    names = [slot.leaf.name for slot in proposal.reading.slots]
    line = f"%gradcheck --backward {proposal.backward.name} --params {','.join(names)}"
    return BindingError(
        f"--params {name}: {call} gives no gradient for it; it gives those of {' '.join(names)}; "
        "to check these alone:",
        (line,) if all(name.isidentifier() for name in names) else (),
    )


def no_such_function(name: str, evidence: Evidence, option: str, hints: Hints) -> BindingError:
    """A hint names a function that is not there."""
    said = (hints.forward, hints.backward)
    known = [other for other in evidence.callables() if other not in said]
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        lines = tuple(f"%gradcheck --{option} {match}" for match in close)
        return BindingError(f"no function is called {name!r}; did you mean one of these?", lines)
    listed = " ".join(known[:20]) or "(none)"
    return BindingError(f"no function is called {name!r}; functions here: {listed}")


def nothing_found(
    evidence: Evidence, candidates: Sequence[Function], searches: Sequence[Search], hints: Hints
) -> BindingError:
    """No binding works: say what is there, what was needed and what to do."""
    if not candidates:
        return BindingError(_inventory(evidence))
    asked = [*candidates, *evidence.forwards()]
    plain = not_plain([*asked, *evidence.costs()])
    if plain:
        return BindingError(plain)
    costless = [found for found in searches if found.costless]
    if costless:
        names = list(dict.fromkeys(found.backward.name for found in costless))
        found = costless[0]
        graph = [f.backward for f in costless if number_of(evidence.values.get(f.backward.owner))]
        if len(graph) == len(costless):
            return _no_graph([function.owner for function in graph])
        costs = [t for t in found.failures if t.what.endswith("as the cost")]
        tried = [f"{t.what} {t.why}" for t in costs] or _needing(found)
        fixes = dict.fromkeys(fix for t in costs for fix in t.fixes)
        start = f"%gradcheck --backward {found.backward.name} --cost"
        lines = tuple(f'{start} "{fix}"' for fix in fixes or [_example(found)])
        if hints.cost and costs:
            why = "; ".join(dict.fromkeys(t.why for t in costs))
            return BindingError(
                f"--cost {hints.cost} {why}; needed: an expression or a function that gives one "
                "number and moves with the parameters:",
                lines,
            )
        seen = f" ({'; '.join(dict.fromkeys(tried))})" if tried else ""
        return BindingError(
            f"{', '.join(names)} give{'s' * (len(names) == 1)} gradients, but nothing here "
            "computes the cost that belongs to "
            f"them{seen}; name the function or write the expression:",
            lines,
        )
    nowhere = [name for name in hints.params if not _is_here(name, evidence)]
    if nowhere:
        return _no_such_value(nowhere[0], evidence)
    failures = list(
        dict.fromkeys(
            f"{failure.what} {failure.why}" for search in searches for failure in search.failures
        )
    )
    deep = [t for search in searches for t in search.failures if is_endless(t.why)]
    if deep:
        return BindingError(f"{deep[0].what} {deep[0].why}; needed: a call that ends")
    lines = tuple(failures[:8])
    odd = unfit(evidence, asked)
    if odd:
        names = ", ".join(f.name for f in candidates[:6])
        return BindingError(f"no binding of {names} works: {'; '.join(odd)}. Tried:", lines)
    needs = any("needs" in line for line in lines)
    missing = [line.partition(" needs ")[2].split(", ") for line in lines if " needs " in line]
    fewest = min(missing, key=len, default=[])
    scalars = [name for name in fewest if kind(name) in ("penalty", "rate")]
    part = hints.data[0] if len(hints.data) == 1 and "[" in hints.data[0] else ""
    advice = (
        f"mend what went wrong, or give the labels as well: --data {part},Y[…]"
        if part and any(" raised ValueError" in line for line in lines)
        else f"define {' and '.join(f'{name} = 1' for name in fewest)}, or the value that you mean"
        if scalars and scalars == fewest
        else "mend what went wrong, or say what to use: --forward, --backward, --params, --cost"
        if any(" raised " in line or " returned " in line for line in lines)
        else "define what is missing, or say where it is: --data X,Y --params parameters"
        if needs
        else "mend the call, or say what to use: --forward, --backward, --params, --data, --cost"
    )
    return BindingError(
        f"no binding of {', '.join(f.name for f in candidates[:6])} works; {advice}. Tried:", lines
    )


def _no_graph(owners: Sequence[str]) -> BindingError:
    """Values that know their gradients, as those of micrograd, and no loss made from them."""
    names = ", ".join(owners[:6]) + (", …" if len(owners) > 6 else "")
    return BindingError(
        f"{names} hold numbers and gradients, and no cell here makes the loss from them and calls "
        "its backward(); needed: both in one cell, the loss in lines of its own:",
        ("%%gradcheck", f"loss = {' * '.join(owners[:2])} + …", "loss.backward()"),
    )


def _needing(found: Search) -> list[str]:
    """Costs by their names that could not even be called: what they need."""
    said: list[str] = []
    for function in found.costless[0][0].evidence.costs():
        grown = found.costless[0][0].copy()
        cost_call(grown, function)
        if grown.missing and function.name != found.backward.name:
            said.append(f"{function.name} as the cost needs {', '.join(grown.missing)}")
    return said


def _example(found: Search) -> str:
    """The shape of a cost in the user's names; what it computes is theirs to say."""
    wiring = max((pair[0] for pair in found.costless), key=lambda w: w.forward is not None)
    label = next((root.text for n, root in wiring.roots.items() if kind(n) == "y"), "Y")
    call = forward_shown(wiring)
    if not call and wiring.forward is not None:
        grown = wiring.copy()
        grown.call_forward()
        call = "" if grown.missing else forward_shown(grown)
    function = wiring.forward
    owner = found.backward.owner
    if not call and owner:
        near = [f for f in wiring.evidence.forwards() if f.owner == owner and f.required]
        data = next((root.text for n, root in wiring.roots.items() if kind(n) == "x"), "X")
        call = f"{near[0].name}({data})" if near else ""
        function = near[0] if near else None
    stored = _stored_last(function)
    if stored:
        own = [n for n in wiring.evidence.values if kind(n) == "y"]
        return f"my_cost({owner}.{stored}, {own[0] if label == 'Y' and own else label})"
    if call and function is not None and function.returns_tuple:
        grown = wiring.copy()
        grown.forward_outputs = tuple(name or "" for name in function.returns)
        output = prediction(grown, "output")
        call += f"[{grown.forward_outputs.index(output) if output else 0}]"
    return f"my_cost({call or 'forward(X, parameters)'}, {label})"


def _stored_last(function: Function | None) -> str:
    """``output``, where a forward method ends in ``self.output = …`` and returns nothing."""
    node = function.node if function is not None and function.owner else None
    if not isinstance(node, ast.FunctionDef) or own_returns(node):
        return ""
    stores = [part for part in ast.walk(node) if isinstance(part, ast.Attribute)]
    kept = [part.attr for part in stores if isinstance(part.ctx, ast.Store)]
    return kept[-1] if kept else ""


def _inventory(evidence: Evidence) -> str:
    functions = " ".join(evidence.functions) or "(none)"
    arrays = [
        f"{name}{np.shape(value)}".replace(" ", "") if np.ndim(value) else name
        for name, value in evidence.values.items()
        if is_number(value)
    ]
    text = (
        "found no backward pass: no function here returns gradients. "
        f"Functions: {functions}. Arrays: {' '.join(arrays[:20]) or '(none)'}."
    )
    if evidence.classes and not evidence.instances:
        name = next(iter(evidence.classes))
        text += f" Class {name} has no instance here: make one, net = {name}(…)."
    return (
        f"{text} Needed: a function such as backward(X, Y, cache) that returns dW1, db1, …; run "
        "its cell first, or name it: %gradcheck --backward NAME"
    )
