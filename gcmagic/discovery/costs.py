"""Where the cost comes from: the same call, the call site, forward itself, a function's name."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from ..adapters.calling import COST, children, is_cost_like
from ..adapters.names import COST as COST_WORDS
from ..adapters.names import (
    gradient_stems,
    is_cost_variable,
    is_decoy,
    is_held_out,
    kind,
    role_score,
    suffix,
)
from ..adapters.pairing import GRADIENTS, VALUES
from ..errors import BindingError
from ..sandbox import users_own
from .outputs import is_prediction, prediction
from .scopes import Line, is_update
from .source import Function, call_name, names_loaded
from .stored import refresh
from .wiring import Wiring, contradicts


@dataclass(frozen=True, slots=True)
class CostOption:
    """One way to compute the cost: the program that does, and how strong the evidence is."""

    wiring: Wiring
    name: str
    text: str
    rank: tuple[int, ...]


def cost_options(wiring: Wiring, backward: Function) -> list[CostOption]:
    """All ways to compute the cost that the evidence offers."""
    hint = wiring.hints.cost
    if hint:
        return [_hinted(wiring, hint)]
    itself = _of_itself(wiring, backward)
    if itself:
        return itself
    options = [*_in_scope(wiring, backward), *_in_forward(wiring), *_by_name(wiring, backward)]
    complete = [option for option in options if not option.wiring.missing]
    # what was named first may be the cost itself: `%gradcheck loss gradient`
    named = [option for option in complete if option.name == wiring.hints.forward]
    return named or complete


def _hinted(wiring: Wiring, hint: str) -> CostOption:
    grown = wiring.copy()
    function = grown.evidence.read(hint)
    if function is not None:
        text = cost_call(grown, function)
        if grown.missing:
            raise BindingError(
                f"--cost {hint} needs {', '.join(grown.missing)}, and nothing here has that name; "
                f'write the call: --cost "{hint}(…)"'
            )
        grown.added.append(f"{COST} = {text}")
        return CostOption(grown, hint, text, (9,))
    try:
        node = ast.parse(hint, mode="eval").body
    except SyntaxError:
        raise BindingError(f"--cost {hint!r} is no expression") from None
    grown.limit = len(grown.scope.lines) if grown.scope else 0
    for name in names_loaded(node):
        if grown.provided(name):
            grown.call_forward()
        else:
            grown.need(name, grown.limit)
    if grown.missing:
        raise BindingError(f"--cost {hint}: nothing here is called {', '.join(grown.missing)}")
    grown.added.append(f"{COST} = {hint}")
    return CostOption(grown, hint.partition("(")[0], hint, (9,))


def _in_scope(wiring: Wiring, backward: Function) -> list[CostOption]:
    if wiring.scope is None:
        return []
    options: list[CostOption] = []
    targets: list[tuple[str, CostOption]] = []
    for index, line in enumerate(wiring.scope.lines):
        if line.header or is_update(line) or contradicts(line.tests, wiring.path):
            continue
        if line.loops[: len(wiring.loops)] != wiring.loops:
            continue
        bound = next((n for n in line.binds if is_cost_variable(n)), None)
        if bound and isinstance(line.statement, ast.Assign) and bound not in line.loads:
            if not isinstance(line.statement.targets[0], ast.Name):
                option = _one_of_several(wiring, line, index, bound, backward)
                if option is not None:
                    options.append(option)
                    continue
                bound = None  # cost, cache = forward(…): forward itself gives it
            elif not any(name == backward.name for name in line.called):
                grown = wiring.copy()
                grown.need(bound, index + 1)
                if bound in grown.produced:
                    grown.added.append(f"{COST} = {bound}")
                    text = ast.unparse(line.statement.value)
                    name = next((c for c in line.called if _is_cost(grown, c)), bound)
                    option = CostOption(grown, name, text, (4, index))
                    targets = [t for t in targets if t[0] not in line.loads]
                    targets.append((bound, option))
                    continue
        for name, call in line.calls:
            function = grown_function(wiring, name, backward)
            if function is None or _about_held_out(call):
                continue
            grown = wiring.copy()
            text = grown.call(function, call, index)
            grown.added.append(f"{COST} = {text}")
            options.append(CostOption(grown, name, text, (4, index)))
    if not options and not targets:
        options = _shown_only(wiring, backward)
    for option in [*options, *(t[1] for t in targets)]:
        _without_backward(option.wiring, wiring, backward)
    # Of one function called twice the later call counts; the cells may hold several runs of it
    latest = {option.name: option for option in [*options, *(t[1] for t in targets)]}
    return list(latest.values())


def _without_backward(grown: Wiring, wiring: Wiring, backward: Function) -> None:
    """Leave out a backward pass before the cost that moves the parameters and binds nothing.

    Otherwise one update would be made on the way, and another one checked.
    """
    lines = wiring.scope.lines if wiring.scope else ()
    new = grown.chosen - wiring.chosen
    grown.chosen -= {k for k in new if backward.name in lines[k].called and not lines[k].binds}


def _shown_only(wiring: Wiring, backward: Function) -> list[CostOption]:
    """``print("Loss:", np.mean(np.square(y - net.forward(X))))``: a cost that is only shown."""
    options: list[CostOption] = []
    for index, line in enumerate(wiring.scope.lines if wiring.scope else ()):
        if not any(c == "print" or c.endswith(".append") for c in line.called):
            continue
        for name, call in line.calls:
            function = grown_function(wiring, name, backward)
            if function is not None and not _about_held_out(call):
                grown = wiring.copy()
                text = grown.call(function, call, index)
                grown.added.append(f"{COST} = {text}")
                options.append(CostOption(grown, name, text, (4, index)))
                continue
            labels = [n for n in names_loaded(call) if kind(n) == "y"]
            if name.rpartition(".")[2] not in ("mean", "sum") or not labels:
                continue
            grown = wiring.copy()
            for load in names_loaded(call):
                grown.need(load, index)
            text = ast.unparse(call)
            grown.added.append(f"{COST} = {text}")
            options.append(CostOption(grown, text, text, (4, index)))
    outermost = [o for o in options if not any(o.text in p.text and o is not p for p in options)]
    return outermost


def _one_of_several(
    wiring: Wiring, line: Line, index: int, bound: str, backward: Function
) -> CostOption | None:
    """``loss, dscores = softmax_loss(scores, y)``: a cost function that returns more."""
    statement = line.statement
    call = getattr(statement, "value", None)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(call, ast.Call) or not isinstance(target, ast.Tuple):
        return None
    name = call_name(call)
    if grown_function(wiring, name, backward) is None or _about_held_out(call):
        return None
    place = [ast.unparse(item) for item in target.elts].index(bound)
    grown = wiring.copy()
    text = grown.call(grown_function(wiring, name, backward) or backward, call, index)
    grown.added.append(f"{COST} = {text}[{place}]")
    ordinal = ORDINALS[place] if place < len(ORDINALS) else f"{place + 1}th"
    return CostOption(grown, name, f"{ordinal} value of {text}", (4, index))


def _about_held_out(call: ast.Call) -> bool:
    return any(is_held_out(name) for name in names_loaded(call))


def _is_cost(wiring: Wiring, name: str) -> bool:
    return wiring.evidence.read(name) is not None and role_score(name, COST_WORDS) > 0


def grown_function(wiring: Wiring, name: str, backward: Function) -> Function | None:
    """The function behind a call, where its name says cost and it is not backward itself."""
    short = name.rpartition(".")[2]
    if (
        name == backward.name
        or is_decoy(short)
        or not (role_score(short, COST_WORDS) or is_cost_variable(short))
    ):
        return None
    return wiring.evidence.read(name)


def _of_itself(wiring: Wiring, backward: Function) -> list[CostOption]:
    """``loss.data`` for ``loss.backward()``: a value object knows what it is the gradient of."""
    owner = backward.owner
    if owner not in wiring.produced or backward.arguments:
        return []
    value = number_of(wiring.evidence.values[owner])
    if not value:
        return []
    grown, text = wiring.copy(), f"{owner}.{value}"
    grown.added.append(f"{COST} = {text}")
    return [CostOption(grown, owner, text, (4, 0))]


def number_of(value: object) -> str:
    """Where an object that knows its gradient keeps its number: ``data`` beside ``grad``."""
    parts = {key: item for (_, key), item in children(value)}
    values = [key for key in VALUES & set(parts) if is_cost_like(parts[key])]
    return values[0] if len(values) == 1 and GRADIENTS & set(parts) else ""


def _in_forward(wiring: Wiring) -> list[CostOption]:
    function = wiring.forward
    if function is None:
        return []
    grown = wiring.copy()
    grown.call_forward()
    names, outputs = function.returns, grown.forward_outputs
    places = [k for k, name in enumerate(names) if name and is_cost_variable(name)]
    if (not places and len(outputs) > 1) or len(names) != len(outputs):
        return []
    place = places[0] if places else 0
    grown.added.append(f"{COST} = {outputs[place]}")
    followed = grown.followed(function.name)
    added = (line for line in grown.added if f" = {function.name}(" in line)
    call = followed[0] if followed else next(added, "").partition(" = ")[2]
    ordinal = ORDINALS[place] if place < len(ORDINALS) else f"{place + 1}th"
    which = f"{ordinal} value of " if len(names) > 1 else ""
    return [CostOption(grown, function.said, which + call, (3,) if places else (0,))]


ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def _by_name(wiring: Wiring, backward: Function) -> list[CostOption]:
    options = []
    named = [*wiring.evidence.costs(), *_of_stem(wiring, backward), *_kept(wiring, backward)]
    for function in named:
        if function.name == backward.name:
            continue
        owners = {f.owner.partition(".")[0] for f in (function, backward)}
        if len(owners - {""}) > 1:
            continue
        grown = wiring.copy()
        text = cost_call(grown, function, every=False)
        if grown.missing:
            continue
        grown.added.append(f"{COST} = {text}")
        # `_with_dropout` of both says that they belong together; a longer name alone says nothing
        shared = len(suffix(function.short) & suffix(backward.short))
        same_owner = int(bool(function.owner) == bool(backward.owner))
        options.append(CostOption(grown, function.name, text, (1, same_owner, shared)))
    return options


def _of_stem(wiring: Wiring, backward: Function) -> list[Function]:
    """``f`` for ``grad_f``, ``objective`` for ``dobjective``: named after its own gradient."""
    known = {function.name for function in wiring.evidence.costs()}
    owner = f"{backward.owner}." if backward.owner else ""
    names = [f"{owner}{stem}" for stem in gradient_stems(backward.short)]
    found = [wiring.evidence.read(name) for name in names if name not in known]
    return [function for function in found if function is not None]


def _kept(wiring: Wiring, backward: Function) -> list[Function]:
    """``net.cost.fn`` beside ``net.backprop``: a class or an object that the network keeps."""
    evidence, found = wiring.evidence, list[Function | None]()
    state = getattr(evidence.values.get(backward.owner), "__dict__", {}) if backward.owner else {}
    for key, value in state.items():
        own = users_own(value) if isinstance(value, type) else users_own(type(value))
        if own and role_score(key, COST_WORDS):
            for method in COMPUTES:
                if hasattr(value, method):
                    found.append(evidence.read(f"{backward.owner}.{key}.{method}"))
                    break
    return [function for function in found if function is not None]


# what a class of costs calls the method that gives the number
COMPUTES = ("fn", "forward", "loss", "cost", "compute", "value", "calculate", "__call__")


def cost_call(wiring: Wiring, function: Function, *, every: bool = True) -> str:
    """A call of a cost function by the names of its arguments.

    With `every` all that is missing is noted; without it the first is enough.
    """
    parts = []
    wiring.need_owner(function)
    refresh(wiring, function)
    for argument in function.arguments:
        if wiring.missing and not every:
            break
        if wiring.is_alone(function, argument):
            wiring.need(wiring.alone, wiring.limit, given=True)
            parts.append(f"{argument}={wiring.alone}")
            continue
        known = argument in wiring.produced or argument in wiring.roots
        if is_prediction(argument) and not known:
            # A global of that name is a stale value from an earlier cell: it is never taken
            found = _prediction(wiring, argument)
            if found is not None:
                parts.append(f"{argument}={found}")
            elif argument in function.required:
                wiring.missing.append(argument)
            continue
        shared = known and (kind(argument) != "rate" or argument in wiring.trained)
        if argument in function.required or shared:
            wiring.need(argument, wiring.limit, given=True)
            parts.append(f"{argument}={argument}")
    return f"{function.name}({', '.join(parts)})"


def of_a_list(option: CostOption) -> CostOption | None:
    """The cost of a list with one example: ``total_loss([x], [y])`` beside ``bptt(x, y)``."""
    call = ast.parse(option.wiring.added[-1]).body[0]
    changed = False
    for node in ast.walk(call):
        if not isinstance(node, ast.keyword) or not isinstance(node.value, ast.Name):
            continue
        if kind(node.value.id) in ("x", "y"):
            node.value, changed = ast.List([node.value], ast.Load()), True
    if not changed or not isinstance(call, ast.Assign):
        return None
    grown = option.wiring.copy()
    grown.added[-1] = ast.unparse(call)
    return replace(option, wiring=grown, text=ast.unparse(call.value))


def _prediction(wiring: Wiring, argument: str) -> str | None:
    if wiring.forward is not None and not wiring.forward_outputs:
        wiring.call_forward()
    if argument in wiring.produced:
        return argument
    return prediction(wiring, argument)
