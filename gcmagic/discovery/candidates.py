"""Which functions may be the backward pass, and which forward passes may go with them."""

from __future__ import annotations

from ..adapters.names import (
    BACKWARD,
    COST,
    NOT_A_PASS,
    gradient_stems,
    is_cost_variable,
    is_decoy,
    is_maker,
    role_score,
    suffix,
    words,
)
from .evidence import Evidence, inner
from .source import Function


def backward_candidates(evidence: Evidence) -> list[Function]:
    """Functions and methods that may return or store gradients, strongest names first."""
    scored: list[tuple[int, int, str]] = []
    for order, name in enumerate(evidence.callables()):
        short = name.rpartition(".")[2]
        if is_maker(short) or (is_decoy(short) and not _wraps(evidence, name)):
            continue
        score = 2 * role_score(short, BACKWARD)
        likely = role_score(short, COST) or _has_gradient_variables(evidence, name)
        if not score and likely:
            score = 1
        if score:
            scored.append((-score, order, name))
    found = [evidence.read(name) for _, _, name in sorted(scored)]
    kept = [function for function in found if function is not None]
    return [
        function
        for function in kept
        if role_score(function.short, BACKWARD) or _returns_gradients(function)
        if not (function.arguments and function.arguments[0] == "self")
    ]


def _wraps(evidence: Evidence, name: str) -> bool:
    """True for ``sgd_wrapper(model, vectors, ...)``, which returns a cost and its gradient.

    It is there for an optimiser and optimises nothing itself.
    """
    if not set(words(name.rpartition(".")[2])) & NOT_A_PASS <= {"sgd"}:
        return False
    function = evidence.read(name)
    if function is None or not function.returns_tuple:
        return False
    names = [returned for returned in function.returns if returned]
    return any(map(is_cost_variable, names)) and any(map(_is_gradient, names))


def _has_gradient_variables(evidence: Evidence, name: str) -> bool:
    # from the compiled code: reading the source of every function would take too long
    owner, _, attribute = name.rpartition(".")
    if owner:
        code = getattr(inner(getattr(evidence.values[owner], attribute, None)), "__code__", None)
    else:
        code = getattr(inner(evidence.functions[name]), "__code__", None)
    if code is None:
        return False
    return any(_is_gradient(variable) for variable in (*code.co_varnames, *code.co_names))


def _is_gradient(name: str) -> bool:
    if name in ("grad", "grads", "gradient", "gradients", "gradW", "gradb"):
        return True
    starts = len(name) > 1 and name[0] == "d" and (name[1].isupper() or name[1] in "wb_")
    return starts and bool(gradient_stems(name)) and name not in ("dtype", "data", "dot")


def _returns_gradients(function: Function) -> bool:
    names = function.returns
    # `return loss, X.T @ p / n`: a cost with something nameless beside it
    beside = function.returns_tuple and any(is_cost_variable(n) for n in names if n)
    return any(_is_gradient(name) for name in names if name) or (beside and None in names)


def forward_candidates(evidence: Evidence, backward: Function, hint: str | None) -> list[Function]:
    """Forward passes that may go with a backward pass, the best first; only the best of equals.

    One that returns what backward asks for under the same name comes first; then names that
    share a suffix (``_with_dropout``, ``_n``); methods of one instance stay together.
    """
    if hint:
        function = evidence.read(hint)
        return [function] if function is not None and function.name != backward.name else []
    ranked: list[tuple[tuple[int, ...], Function]] = []
    for function in _pool(evidence, backward):
        supplies = set(function.returns) & set(backward.arguments)
        if backward.short in function.calls:
            continue  # a training function: it runs the whole of it
        if function.name == backward.name or (
            role_score(function.short, COST) > 1 and not supplies
        ):
            continue
        if function.owner != backward.owner and function.owner and backward.owner:
            continue
        covered = len(supplies)
        different = len(suffix(function.name) ^ suffix(backward.name))
        same = int(bool(function.owner) == bool(backward.owner))
        # predict() may well round: forward() goes first where there are both
        strong = int(not set(words(function.short)) & {"predict", "inference", "apply", "model"})
        ranked.append(((same, covered, strong, -different), function))
    ranked.sort(key=lambda item: item[0], reverse=True)
    return [function for rank, function in ranked if rank == ranked[0][0]]


def _pool(evidence: Evidence, backward: Function) -> list[Function]:
    found = {function.name: function for function in evidence.forwards()}
    called = evidence.read(f"{backward.owner}.__call__") if backward.owner else None
    if called is not None and not any(f.owner == backward.owner for f in found.values()):
        found[called.name] = called  # model(x, y) of an object that is called
    wanted = set(backward.required)
    for name, value in evidence.functions.items():
        code = getattr(inner(value), "__code__", None)
        if name in found or code is None or not wanted & set(code.co_varnames[code.co_argcount :]):
            continue
        if not is_decoy(name) and not is_maker(name):
            function = evidence.read(name)
            if function is not None and set(function.returns) & wanted:
                found[name] = function
    return list(found.values())


def leaders(functions: list[Function]) -> list[Function]:
    """Functions that no other of them calls: ``linear_backward`` serves ``model_backward``."""
    served: set[str] = set()
    for function in functions:
        for other in functions:
            if other.name != function.name and _serves(other, function, functions):
                served.add(other.name)
    return [function for function in functions if function.name not in served]


def _serves(other: Function, function: Function, functions: list[Function]) -> bool:
    seen: set[str] = set()
    pending = [function]
    while pending:
        current = pending.pop()
        for name in (f for f in functions if f.short in current.calls and f.name not in seen):
            seen.add(name.name)
            if name.name != function.name:
                pending.append(name)
    return other.name in seen and not _mutual(other, function)


def _mutual(other: Function, function: Function) -> bool:
    return function.short in other.calls
