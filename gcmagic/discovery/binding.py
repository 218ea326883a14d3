"""Proposals: a backward pass, its forward pass, its cost and its parameters, tried out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .. import adapters
from ..adapters.calling import COST, RESULT, Outcome, Reading, is_cost_like
from ..adapters.names import (
    BACKWARD,
    gradient_stems,
    is_cost_variable,
    is_decoy,
    is_metric,
    kind,
    role_score,
    stems_of,
)
from ..adapters.pair import is_upstream
from ..adapters.program import slice_lines
from ..leaves import describe
from ..sandbox import users_own
from .assembly import cost_moves, distinct_costs
from .candidates import forward_candidates
from .costs import CostOption, cost_options, of_a_list
from .endless import endless
from .evidence import Evidence, inner, is_number
from .lookup import Hints, Root, places, synonym
from .optimiser import CUT, cut_call, state_of, without_optimiser
from .rates import learning_rate
from .reached import updates_of, writer_of, written_globals
from .scopes import Scope, cell_scope, function_scope, outside_lambda
from .shown import cost_shown
from .source import Function, call_name, expression_name, own_returns
from .stale import without_earlier
from .stored import refresh
from .trial import Failure, cost_in, names_in, reached_globals, run
from .unfit import no_gradient_in
from .wiring import Wiring


@dataclass(frozen=True, slots=True)
class Proposal:
    """A complete binding that a trial call has confirmed."""

    backward: Function
    call: str
    wiring: Wiring
    reading: Reading
    cost: CostOption | None
    tier: int

    @property
    def forward(self) -> str:
        """Name of the forward pass, empty where there is none."""
        return self.wiring.forward.name if self.wiring.forward else ""

    @property
    def cost_name(self) -> str:
        """Name of what gives the cost."""
        return self.cost.name if self.cost else self.backward.name


@dataclass(slots=True)
class Search:
    """What was tried for one backward pass."""

    backward: Function
    proposals: list[Proposal] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    costless: list[tuple[Wiring, Reading]] = field(default_factory=list)


def search(evidence: Evidence, backward: Function, hints: Hints) -> Search:
    """Every way of calling `backward` that works, from the call sites first."""
    found = Search(backward)
    for scope in scopes(evidence, backward):
        _try_scope(evidence, backward, hints, scope, found)
        if found.proposals:
            break
    return found


def scopes(evidence: Evidence, backward: Function) -> Iterator[Scope | None]:
    """Where `backward` is called: functions of the user, the cells, and nowhere."""
    short = backward.short
    wanted = _wanted(evidence)
    # Only cells that name it are read at first: reading all of a long notebook takes a while
    naming = [source for source in evidence.cells if short in source]
    if naming and _calling(cell_scope(naming, wanted), backward):
        yield from _calling(cell_scope(evidence.cells, wanted), backward)
    for name in evidence.callables():
        code_names = getattr(getattr(_raw(evidence, name), "__code__", None), "co_names", ())
        if short not in code_names or name == backward.name:
            continue
        owner = name.rpartition(".")[0]
        if owner and owner != backward.owner:
            continue
        function = evidence.read(name)
        if function is not None:
            yield from _calling(function_scope(function, wanted, owner), backward)
    yield None


def _raw(evidence: Evidence, name: str) -> object:
    owner, _, attribute = name.rpartition(".")
    value = getattr(evidence.values[owner], attribute, None) if owner else evidence.functions[name]
    return getattr(value, "__func__", value)


def _wanted(evidence: Evidence):
    def wanted(name: str) -> bool:
        short = name.rpartition(".")[2]
        return bool(short) and not is_decoy(short) and evidence.read(name) is not None

    return wanted


def _calling(scope: Scope, backward: Function) -> list[Scope]:
    return [scope] if scope.calls_of(lambda name: name == backward.name) else []


def _try_scope(
    evidence: Evidence, backward: Function, hints: Hints, scope: Scope | None, found: Search
) -> None:
    forwards = forward_candidates(evidence, backward, hints.forward)
    outputs = _outputs(forwards)
    forced = hints.forward not in (None, backward.name)
    options: list[Function | None] = [*forwards] if forced else [None, *forwards]
    for forward in options:
        trained = _trained(backward, evidence)
        wiring = Wiring(evidence, hints, scope, forward, outputs=outputs, trained=trained)
        site = None
        names, said, targets = backward.returns, (), ()
        if scope is not None:
            index, _, site = scope.calls_of(lambda name: name == backward.name)[-1]
            line = scope.lines[index]
            site = outside_lambda(line.statement, site)
            wiring.limit = index + 1
            wiring.path = line.tests
            targets = _targets(line.statement, site)
            names, said = names_of(backward, targets)
            wiring.limit = index
        wiring.alone = _alone(backward, evidence, hints, site)
        text = wiring.call(backward, site)
        refresh(wiring, backward)
        label = f"{backward.name} after {forward.said}" if forward else backward.name
        if wiring.missing:
            deep = endless(wiring, forward, evidence) if forward is not None else None
            if deep is not None:
                found.failures.append(deep)
                continue
            needs = f"needs {', '.join(dict.fromkeys(wiring.missing))}"
            if forward is not None and forward.node is not None and not own_returns(forward.node):
                needs += f" ({forward.name} returns None: is its return left out?)"
            found.failures.append(Failure(label, needs))
            continue
        if wiring.forward is None:
            wiring.name_forward()
        stores = None if backward.owner else writer_of(evidence, [backward])
        if stores is not None and not any(f"{stores.name}(" in line for line in wiring.lines):
            # it leaves in globals what backward reads there
            wiring.added.append(f"{RESULT} = ({wiring.call_by_names(stores)}, {text})[1]")
        else:
            wiring.added.append(f"{RESULT} = {text}")
        try_wiring(backward, wiring, names, text, label, found, said, targets)
        if any(p.tier >= 1 for p in found.proposals):
            break


def _alone(backward: Function, evidence: Evidence, hints: Hints, site: ast.Call | None) -> str:
    """The array that backward is a function of: asked for, passed to it, or with its gradient."""
    if len(backward.required) != 1:
        return ""
    stems = [s for n in backward.returns if n and "_" not in n for s in gradient_stems(n)]
    passed = [n.id for n in site.args if isinstance(n, ast.Name)] if site is not None else []
    taken = synonym(backward.required[0], evidence) is not None  # x would be the notebook's X
    asked = hints.params if taken and len(hints.params) == 1 else ()
    for name in (*asked, *passed, *stems):
        if name in hints.params or name in stems:
            value = evidence.values.get(name)
            if isinstance(value, np.ndarray) and is_number(value):
                return name
    return ""


def _trained(backward: Function, evidence: Evidence) -> frozenset[str]:
    """Arguments that have a gradient by name and a value here: their defaults do not count."""
    stems = {stem for name in backward.returns if name for stem in gradient_stems(name)}
    return frozenset(stems & set(backward.arguments) & set(evidence.values))


def other_data(wiring: Wiring, cost: Wiring) -> str:
    """Data of the cost alone where backward has its own: a batch here, the whole set there."""
    for label in ("x", "y"):
        own = [root for name, root in wiring.roots.items() if kind(name) == label]
        if any(root.text in (wiring.hints.cost or "") for root in own):
            continue  # --cost "total_loss([X[0]], [y[0]])" where backward has X[0]
        new = [r for n, r in cost.roots.items() if kind(n) == label and n not in wiring.roots]
        if own and new and not any(a.value is b.value for a in own for b in new):
            return new[0].text
    return ""


def _globals_read(wiring: Wiring) -> dict[str, Any]:
    reached = reached_globals(wiring.lines, wiring.evidence)
    return {
        name: value
        for name, value in wiring.evidence.values.items()
        if name in reached and name not in wiring.roots and name not in wiring.produced
        if is_number(value) or isinstance(value, (dict, list))
    }


def _outputs(forwards: list[Function]) -> frozenset[str]:
    """Names that forward passes compute, which the notebook's globals may hold from earlier."""
    returned = {name for function in forwards for name in function.returns if name}
    given = {name for function in forwards for name in function.arguments}
    names = {name for name in returned - given if kind(name) in ("", "y")}
    return frozenset(names)


def _targets(statement: ast.stmt, site: ast.Call | None) -> tuple[str | None, ...]:
    if not isinstance(statement, ast.Assign) or statement.value is not site:
        return ()
    target = statement.targets[0]
    items = target.elts if isinstance(target, ast.Tuple) else [target]
    return tuple(expression_name(item) for item in items)


def names_of(
    backward: Function, targets: tuple[str | None, ...]
) -> tuple[tuple[str | None, ...], tuple[str, ...]]:
    """Names of what backward returns, from its ``return`` and the call, and what to say about it.

    A plain name in the ``return`` counts most, then the name at the call. Where both name the
    same things in another order, the update uses those at the call: they are followed, and told.
    """
    returns, plain = backward.returns, backward.returns_plainly
    if not any(returns):
        return targets, ()
    # `return X.T @ d1, d1.sum(0)`: d1 is the name of neither
    weak = {
        name
        for k, name in enumerate(returns)
        if not plain[k] and sum(other == name for other in returns) > 1
    }
    names = tuple(None if name in weak and not plain[k] else name for k, name in enumerate(returns))
    if len(targets) != len(returns):
        return names, ()
    if _reordered(returns, targets):
        note = (
            f"{backward.name} returns {', '.join(n or '?' for n in returns)} and the call takes "
            f"them as {', '.join(n or '?' for n in targets)}: the names at the call are followed"
        )
        return targets, (note,)
    merged = [
        name if name and (plain[k] or targets[k] in (None, "_")) else targets[k]
        for k, name in enumerate(names)
    ]
    for k, name in enumerate(names):
        # `return a, c` with `gw, gm = …`
        told = stems_of(name or "") or is_metric(name or "") or is_cost_variable(name or "")
        if stems_of(targets[k] or "") and not told:
            merged[k] = targets[k]
        # `return total, grads` with `loss, grads = …`
        if is_cost_variable(targets[k] or "") and not gradient_stems(name or ""):
            merged[k] = name if name and is_metric(name) else targets[k]
    return tuple(merged), ()


def without_passed(names: tuple[str | None, ...], backward: Function) -> tuple[str | None, ...]:
    """The names without those of upstream gradients: ``dout = layer.backward(dout)`` in a loop.

    What comes out under the name that went in is the gradient of the input, and not that of an
    attribute ``out``.
    """
    passed = {name for name in backward.arguments if is_upstream(name)}
    return tuple(None if name in passed else name for name in names)


def _reordered(returns: tuple[str | None, ...], targets: tuple[str | None, ...]) -> bool:
    def meant(name: str | None) -> str:
        return ([*gradient_stems(name or ""), ""])[0].lower().replace("_", "")

    left, right = [meant(name) for name in returns], [meant(name) for name in targets]
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a and b and a != b]
    return any(a in right or (_digits(a) and _digits(b) not in ("", _digits(a))) for a, b in pairs)


def _digits(name: str) -> str:
    return "".join(c for c in name if c.isdigit())


def try_wiring(
    backward: Function,
    wiring: Wiring,
    names: tuple[str | None, ...],
    text: str,
    label: str,
    found: Search,
    said: tuple[str, ...] = (),
    targets: tuple[str | None, ...] = (),
) -> None:
    """Run a wiring, read its gradients, look for their cost: a proposal, or why there is none."""
    names, returned = without_passed(names, backward), without_passed(backward.returns, backward)
    rate = learning_rate(backward, wiring)
    globals_read = _globals_read(wiring)
    before = {name: root.value for name, root in wiring.roots.items()}
    chain = _backwards(wiring, backward)
    updated = frozenset().union(*(updates_of(wiring.evidence, one) for one in chain))
    written = written_globals(wiring.evidence, backward)
    space = getattr(inner(backward.value), "__globals__", {})
    direct = frozenset(names_in([text]) | reached_globals([text], wiring.evidence))
    hinted = wiring.hints.params
    wanted = (*hinted, *(n for n, root in wiring.roots.items() if root.text in hinted))

    results: list[Any] = []

    def look(values: dict, after: dict) -> Reading | None:
        results.append(after[RESULT])
        outcome = Outcome(
            after[RESULT],
            names,
            values,
            after,
            rate,
            wanted,
            before,
            updated,
            direct=direct,
            function=backward.short,
            grads=wiring.hints.grads,
            aliases=(targets, returned),
            places=places(wiring.hints, wiring.roots),
            written=written,
            arguments=backward.arguments,
        )
        outcome = replace(outcome, after={**{n: space[n] for n in written if n in space}, **after})
        near = adapters.read(outcome)
        if not globals_read:
            return near
        # Parameters that are no arguments at all: the functions read them from the notebook
        roots = {**values, **globals_read}
        everything = {**roots, **outcome.after}
        far = adapters.read(replace(outcome, roots=roots, before=roots, after=everything))
        return far if far is not None and len(far.slots) > len(near.slots if near else ()) else near

    reading = run(wiring.lines, wiring.evidence, wiring.roots, look)
    state = state_of(wiring.evidence, backward) if _is_fused(reading) else ()
    if state:
        cut = without_optimiser(backward, state)
        if cut is None:
            found.failures.append(Failure(label, _through(state)))
            return
        names, targets, said = cut.names, (), (*said, _before(backward, state))
        wiring.roots[CUT] = Root(cut.function, backward.name)
        wiring.added[-1] = f"{RESULT} = {cut_call(text, backward)}"
        reading = run(wiring.lines, wiring.evidence, wiring.roots, look)
    if isinstance(reading, str):
        found.failures.append(Failure(label, reading))
        return
    if reading is None:
        found.failures.append(Failure(label, no_gradient_in(results[-1], backward.owner)))
        return
    lines, roots = wiring.lines, wiring.roots
    fresh = reading if reading.fused else without_earlier(reading, lines, wiring.evidence, roots)
    if fresh is None:
        found.failures.append(Failure(label, "leaves the gradients as they were"))
        return
    reading = replace(fresh, notes=(*fresh.notes, *said))
    used = {str(slot.leaf.path[0]) for slot in reading.slots}
    reached = reached_globals(wiring.lines, wiring.evidence)
    # layers that forward() reads as globals are the same layers as those of layer.backward(d)
    objects = {n for n, r in wiring.roots.items() if n in reached and users_own(type(r.value))}
    wiring.moving = frozenset((used | written) - set(wiring.roots) | objects)
    for name in [name for name in globals_read if name in used & wiring.moving]:
        wiring.roots[name] = Root(globals_read[name], name)
    same = Proposal(backward, text, wiring, reading, None, 2)
    if reading.cost is not None and reading.sure and not wiring.hints.cost:
        found.proposals.append(same)
        return
    working: list[CostOption] = []
    moving = {str(slot.leaf.path[0]) for slot in reading.slots}
    for option in cost_options(wiring, backward):
        other = other_data(wiring, option.wiring)
        if other:
            found.failures.append(
                Failure(f"{option.name} as the cost", f"is of other data: {other}")
            )
            continue
        lines = slice_lines(option.wiring.lines, COST, frozenset())
        if not moving & (names_in(lines) | reached_globals(lines, wiring.evidence)):
            found.failures.append(Failure(f"{option.name} as the cost", "has no parameter in it"))
            continue
        value = _value(option, wiring)
        listed = of_a_list(option) if isinstance(value, str) and "TypeError" in value else None
        several = _value(listed, wiring) if listed is not None else ""
        if listed is not None and not isinstance(several, str):
            option, value = listed, several
        if isinstance(value, str):
            found.failures.append(Failure(f"{option.name} as the cost", value))
        elif not is_cost_like(value):
            found.failures.append(_not_a_number(option, value))
        elif not cost_moves(_with_cost(backward, text, reading, option), wiring.evidence):
            found.failures.append(
                Failure(f"{option.name} as the cost", "stays the same when the parameters change")
            )
        else:
            working.append(option)
    if not working and reading.cost is not None and not wiring.hints.cost:
        found.proposals.append(same)
        return
    if not working:
        found.costless.append((wiring, reading))
        return
    best = max(option.rank[:-1] if option.rank[0] == 4 else option.rank for option in working)
    equal = [o for o in working if (o.rank[:-1] if o.rank[0] == 4 else o.rank) == best]
    proposals = [_with_cost(backward, text, reading, option) for option in equal]
    found.proposals += distinct_costs(proposals, wiring.evidence)


def _value(option: CostOption, wiring: Wiring) -> Any:
    lines, roots = option.wiring.lines, option.wiring.roots
    return run(lines, wiring.evidence, roots, lambda _, after: cost_in(after))


def _backwards(wiring: Wiring, backward: Function) -> list[Function]:
    """The backward pass and those of the layers above it, which the same program calls."""
    calls = (n for line in wiring.lines for n in ast.walk(ast.parse(line)))
    names = dict.fromkeys(call_name(node) for node in calls if isinstance(node, ast.Call))
    above = [n for n in names if role_score(n.rpartition(".")[2], BACKWARD) and n != backward.name]
    return [backward, *(f for f in map(wiring.evidence.read, above) if f is not None)]


def _is_fused(reading: Reading | str | None) -> bool:
    return isinstance(reading, Reading) and reading.fused


def _through(state: tuple[str, ...]) -> str:
    return (
        f"moves the parameters through {', '.join(state)}, the state of an optimiser: no gradient "
        "can be read from that; needed: gradients with names of their own, dW1, before the update"
    )


def _before(backward: Function, state: tuple[str, ...]) -> str:
    return (
        f"the gradients of {backward.name} are taken before its optimiser "
        f"({', '.join(state)}) moves the parameters"
    )


def _not_a_number(option: CostOption, value: Any) -> Failure:
    what, shape = f"{option.name} as the cost", np.shape(value) if is_number(value) else ()
    if not shape:
        return Failure(what, f"returned {describe(value)}, not one number")
    text = cost_shown(option.text, option.wiring)
    whole = " value of " not in text and option.rank[0] > 0
    fixes = (f"np.sum({text})", f"np.mean({text})") if whole else ()
    return Failure(what, f"returned shape {shape}; sum or average", fixes)


def _with_cost(backward: Function, text: str, reading: Reading, option: CostOption) -> Proposal:
    tier = 2 if option.rank[0] >= 3 else 1
    return Proposal(backward, text, option.wiring, replace(reading, cost=None), option, tier)
