"""Discovery: which functions of a namespace to check, with which arguments, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import BindingError
from ..problem import Problem, casts_told
from .across import step_across
from .assembly import complete
from .binding import Proposal, search
from .booleans import settled
from .candidates import backward_candidates, leaders
from .each import group_of, search_each
from .evidence import Evidence, collect
from .examples import fuller, of_one_example
from .explanation import report
from .inline import inline_functions, inline_problem, training_step
from .lookup import Hints, Root, check_hints, look_up, notebooks_own, pairs_opened, split_commas
from .messages import check_used, no_such_function, nothing_found, refusal
from .pairs import search_pair
from .producers import nothing_named, producers
from .scopes import Scope, function_scope, own_body
from .source import Function, parse_cell
from .stacks import stack_problem
from .wiring import Wiring

__all__ = ["discover", "discover_cell", "explain"]


def discover(
    namespace: Mapping[str, Any],
    *,
    forward: str | None = None,
    backward: str | None = None,
    params: str | None = None,
    data: str | None = None,
    cost: str | None = None,
    grads: str | None = None,
    learning_rate: float | None = None,
    cells: Sequence[str] = (),
    defined: Collection[str] = (),
) -> Problem:
    """Find the forward and backward functions of a namespace and bind their arguments.

    Nothing is rewritten and nothing in the namespace is changed: functions are tried out on
    copies, and the Problem holds copies of its own.

    Parameters
    ----------
    namespace
        The notebook's variables.
    forward, backward, cost
        Names of functions, ``net.loss`` too; `cost` may be an expression over the namespace.
    params
        The name of the parameters or a comma list, ``"W1,b1,W2"``.
    data
        Expressions for the data, ``"X[:, :16],Y[:, :16]"``.
    grads
        Names or expressions of the gradients, ``"grads"``, ``"layer.dW,layer.db"``; with as many
        `params` they belong together by place.
    learning_rate
        The rate of updates that backward makes itself, where it cannot be read from the code.
    cells
        Source of the cells run so far, oldest first.
    defined
        Names that a ``%%gradcheck`` cell has just defined: where one of them is a backward pass,
        no other is looked at.

    Returns
    -------
    Problem
        ``problem.how`` says in one line what was bound.

    Raises
    ------
    BindingError
        Where nothing fits, or more than one thing does; it names the lines that settle it.

    Examples
    --------
    >>> def cost(w, x): return float((w @ w) * x)
    >>> def gradient(w, x): return 2 * w * x
    >>> import numpy as np
    >>> discover({"cost": cost, "gradient": gradient, "w": np.ones(3), "x": 2.0}).how
    'gradient(w, x) → gradients; parameters: w; cost: cost(w, x)'
    """
    evidence = collect(namespace, cells)
    hints = _hints(forward, backward, params, data, cost, grads, learning_rate)
    if forward in evidence.instances and evidence.read(f"{forward}.__call__") is not None:
        hints = replace(hints, forward=f"{forward}.__call__")  # model(x, y)
    hints = replace(hints, data=pairs_opened(hints.data, evidence))
    check_hints(evidence, hints)
    free = not (hints.backward or hints.forward or hints.grads or defined)
    stuck: BindingError | None = None
    if free:
        try:
            found = stack_problem(evidence, hints)
        except BindingError as error:
            found, stuck = None, error
        if found is not None:
            return found
    try:
        if not hints.backward and not _candidates(evidence, hints):
            found = _inline(evidence, hints)
            if found is not None:
                return found
            if hints.grads:
                raise nothing_named(hints.grads)
        proposal, evidence, casts = settled(lambda one: _settle(one, hints, defined), evidence)
    except BindingError as error:
        raise stuck or error from None
    single = of_one_example(proposal)
    if single and not hints.data:
        proposal = _of_more(proposal, evidence, hints, defined)
        single = of_one_example(proposal)
    problem = complete(proposal, evidence)
    if casts:
        problem = replace(problem, notes=(*problem.notes, *casts_told({"bool": casts})))
    if not single:
        return problem
    note = (
        f"{single} hold one example: a missing division by the number of examples does not show; "
        "give two and more with --data"
    )
    return replace(problem, notes=(*problem.notes, note))


def _of_more(
    proposal: Proposal, evidence: Evidence, hints: Hints, defined: Collection[str]
) -> Proposal:
    """The same binding over the whole set, where the batch that a loop has left is one example."""
    for pair in fuller(proposal, evidence):
        try:
            found = _settle(evidence, replace(hints, data=pair), defined)
        except BindingError:
            continue
        if found.backward.name == proposal.backward.name and found.cost_name == proposal.cost_name:
            return found
    return proposal


def discover_cell(
    source: str,
    namespace: Mapping[str, Any],
    *,
    params: str | None = None,
    data: str | None = None,
    cost: str | None = None,
    grads: str | None = None,
    learning_rate: float | None = None,
) -> Problem:
    """Find the gradients that the statements of a cell compute, a training loop for example.

    Parameters
    ----------
    source
        The cell, already run in `namespace`.
    namespace
        The notebook's variables after it.
    params, data, cost, grads, learning_rate
        As for `discover`; `cost` and `grads` are expressions over the names of the cell.

    Returns
    -------
    Problem
        One step of the loop, cut before its update.

    Raises
    ------
    BindingError
        Where the cell has no gradient beside its parameter, or no cost.
    """
    evidence = collect(namespace, (source,))
    hints = _hints(None, None, params, data, cost, grads, learning_rate)
    check_hints(evidence, hints)
    stuck: BindingError | None = None
    try:
        found = None if grads else stack_problem(evidence, hints, alone=True)
    except BindingError as error:
        found, stuck = None, error
    if found is not None:
        return found
    tree = parse_cell(source)
    try:
        return inline_problem(
            tree.body if tree else [],
            "the cell",
            evidence,
            hints,
            notebooks_own(evidence, hints),
            source,
        )
    except BindingError as error:
        raise stuck or error from None


def _hints(
    forward: str | None,
    backward: str | None,
    params: str | None,
    data: str | None,
    cost: str | None,
    grads: str | None,
    learning_rate: float | None,
) -> Hints:
    return Hints(
        forward,
        backward,
        split_commas(params),
        split_commas(data),
        cost,
        split_commas(grads),
        learning_rate,
    )


def _inline(evidence: Evidence, hints: Hints) -> Problem | None:
    """A training loop in a function or in a cell, where no function returns gradients."""
    errors: list[BindingError] = []
    for function in inline_functions(evidence, hints):
        scope = function_scope(function, lambda _: True, function.owner)
        wiring = Wiring(evidence, hints, scope)

        def resolve(name: str, wiring: Wiring = wiring, scope: Scope = scope) -> Root | None:
            found = look_up(name, evidence, hints, scope)
            return found or wiring.made(name, len(scope.lines))

        try:
            body = own_body(function, function.owner)
            return inline_problem(body, function.name, evidence, hints, resolve)
        except BindingError as error:
            errors.append(error)
    for source in reversed(evidence.cells):
        tree = parse_cell(source)
        if tree is None or not training_step(tree.body).updates:
            continue
        try:
            return inline_problem(
                tree.body, "the cell", evidence, hints, notebooks_own(evidence, hints), source
            )
        except BindingError as error:
            errors.append(error)
    body, source = step_across(evidence)
    if body:
        own = notebooks_own(evidence, hints)
        try:
            return inline_problem(body, "the cells", evidence, hints, own, source)
        except BindingError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return None


def explain(namespace: Mapping[str, Any], **hints: Any) -> str:
    """Say what `discover` sees in a namespace: candidates, call sites, trial calls, the choice.

    Parameters
    ----------
    namespace
        The notebook's variables.
    **hints
        As for `discover`.

    Returns
    -------
    str
        The same text for the same namespace.
    """
    names = ("forward", "backward", "params", "data", "cost", "grads", "learning_rate")
    evidence = collect(namespace, hints.get("cells", ()))
    told = _hints(*(hints.get(name) for name in names))
    try:
        verdict = discover(namespace, **hints).how
        candidates = _candidates(evidence, told)
    except BindingError as error:
        verdict, candidates = str(error), backward_candidates(evidence)
    group = [] if told.backward else group_of(evidence)
    searches = [search_each(evidence, group, told)] if group else []
    searches += [search(evidence, function, told) for function in candidates]
    if not any(found.proposals for found in searches):
        searches += [search_pair(evidence, function, told) for function in candidates]
    loops = [] if told.backward or candidates else inline_functions(evidence, told)
    return report(evidence, candidates, searches, loops, verdict)


def _settle(evidence: Evidence, hints: Hints, defined: Collection[str] = ()) -> Proposal:
    candidates = _candidates(evidence, hints)
    candidates = [f for f in candidates if f.name in defined] or candidates
    group = [] if hints.backward else group_of(evidence)
    alone = [search_each(evidence, group, hints)] if group else []
    if any(found.proposals for found in alone):
        rest = [f for f in candidates if f.name not in {g.name for g in group}]
        candidates = [f for f in rest if not any(f.short in g.calls for g in group)]
    searches = alone + [search(evidence, function, hints) for function in candidates]
    if not any(found.proposals for found in searches):
        # No network with a cost: layers may come as pairs of functions
        searches += [search_pair(evidence, function, hints) for function in candidates]
    proposals = [proposal for found in searches for proposal in found.proposals]
    kept = {function.name for function in leaders([p.backward for p in proposals])}
    proposals = [p for p in proposals if p.backward.name in kept]
    proposals = [p for p in proposals if not any(_part_of(p, q) for q in proposals)]
    proposals = _by_one_name(proposals)
    if hints.forward and not hints.backward:
        itself = [p for p in proposals if p.backward.name == hints.forward]
        call = f"{hints.forward}("
        through = [p for p in proposals if any(call in line for line in p.wiring.lines)]
        proposals = itself or through
    if not proposals:
        raise nothing_found(evidence, candidates, searches, hints)
    called = [p for p in proposals if p.wiring.in_cells]
    if len(proposals) > 1 and len(called) == 1 and _one_class(proposals, evidence):
        proposals = called  # net and net2 of one class: the one that the notebook has used
    if len(proposals) > 1:
        raise refusal(proposals, hints)
    check_used(proposals[0], hints)
    return proposals[0]


def _by_one_name(proposals: Sequence[Proposal]) -> list[Proposal]:
    """The proposals without further names of a function, ``grad = gradient``."""
    own = sorted(
        proposals, key=lambda p: getattr(p.backward.value, "__name__", "") != p.backward.short
    )
    kept: dict[tuple[int, str], Proposal] = {}
    for proposal in own:
        kept.setdefault((id(proposal.backward.value), proposal.cost_name), proposal)
    return [p for p in proposals if any(p is one for one in kept.values())]


def _one_class(proposals: Sequence[Proposal], evidence: Evidence) -> bool:
    methods = {p.backward.short for p in proposals}
    classes = {type(evidence.values.get(p.backward.owner)) for p in proposals}
    return len(methods) == len(classes) == 1 and all(p.backward.owner for p in proposals)


def _part_of(part: Proposal, whole: Proposal) -> bool:
    """True where the program of `whole` runs the backward call of `part` on its way."""
    call = f"{part.backward.name}("
    return part is not whole and any(
        call in line for line in whole.wiring.lines if not line.startswith("__")
    )


def _candidates(evidence: Evidence, hints: Hints) -> list[Function]:
    for option in ("forward", "backward"):
        name = getattr(hints, option)
        if name and evidence.read(name) is None:
            raise no_such_function(name, evidence, option, hints)
    if hints.backward:
        function = evidence.read(hints.backward)
        return [function] if function is not None else []
    if hints.grads:
        return producers(evidence, hints.grads)
    found = backward_candidates(evidence)
    if not found:  # Function.forward(ctx, ...) and Function.backward(ctx, g), as autograd has them
        read = map(evidence.read, evidence.static_passes())
        found = [function for function in read if function is not None]
    named = evidence.read(hints.forward) if hints.forward and not found else None
    # `%gradcheck fun` where fun returns both
    return [named] if named is not None and named.returns_tuple else found
