"""Values for names: the notebook's own, another name for the same thing, a call site's."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..adapters.names import decoration, is_held_out, kind, match_name, words
from ..errors import BindingError
from .evidence import Evidence, is_number
from .scopes import Scope
from .source import call_name, parse_cell

_SAFE = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Slice, ast.Tuple, ast.UnaryOp,
    ast.USub, ast.BinOp, ast.operator, ast.Load, ast.List, ast.Dict,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Root:
    """A value of the notebook that a program starts from, and how the user would write it."""

    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class Hints:
    """What the user said: names or expressions."""

    forward: str | None = None
    backward: str | None = None
    params: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    cost: str | None = None
    grads: tuple[str, ...] = ()
    rate: float | None = None


def places(hints: Hints, roots: Mapping[str, Root]) -> tuple[frozenset[str], ...]:
    """Names of the parameter of each gradient, where ``--params`` and ``--grads`` are as many."""
    if not hints.grads or len(hints.params) != len(hints.grads):
        return ()
    return tuple(
        frozenset({text, *(name for name, root in roots.items() if root.text == text)})
        for text in hints.params
    )


def split_commas(text: str | None) -> tuple[str, ...]:
    """Expressions between the top-level commas of `text`.

    Raises
    ------
    BindingError
        Where it is no Python expression.
    """
    if not text or not text.strip():
        return ()
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise BindingError(f"{text!r} is no expression; needed: names such as W1,b1") from None
    items = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(ast.unparse(item) for item in items)


def evaluate(text: str, evidence: Evidence) -> Any:
    """The value of a hint.

    Raises
    ------
    BindingError
        Where it cannot be evaluated.
    """
    try:
        return eval(text, dict(evidence.namespace))
    except Exception as error:
        known = [name for name in evidence.values if is_number(evidence.values[name])]
        raise BindingError(
            f"{text} cannot be evaluated: {type(error).__name__}: {error}; "
            f"arrays here: {' '.join(known[:20]) or '(none)'}"
        ) from None


def look_up(
    name: str, evidence: Evidence, hints: Hints, scope: Scope | None, like: str = ""
) -> Root | None:
    """The value for a name of the program, from the hints, the call site or the namespace."""
    label = kind(name) or kind(like)
    said = hinted(name, label, evidence, hints)
    if said is not None:
        return said
    if scope is not None and scope.function is not None and name in scope.function.arguments:
        passed = _passed(name, scope, evidence)
        if passed is not None:
            return passed
    if name in evidence.values and evidence.values[name] is not None:
        return Root(evidence.values[name], name)
    for other in dict.fromkeys((like, name)):
        found = (synonym(other, evidence) or _first_pair(other, evidence)) if other else None
        if found is not None:
            return found
    if scope is not None and scope.function is not None and name in scope.function.defaults:
        default = scope.function.defaults[name]
        plain = is_number(default) and np.ndim(default) == 0
        return Root(default, f"{name}={default!r}" if plain else name)
    if len(hints.params) == 1:  # f(x) with --params x0
        return Root(evaluate(hints.params[0], evidence), hints.params[0])
    return None


def notebooks_own(evidence: Evidence, hints: Hints) -> Callable[[str], Root | None]:
    """Values for the names of a cell: what the user said of them, else what lies there."""

    def resolve(name: str) -> Root | None:
        said = hinted(name, kind(name), evidence, hints)
        value = evidence.values.get(name)
        return said or (None if value is None else Root(value, name))

    return resolve


def hinted(name: str, label: str, evidence: Evidence, hints: Hints) -> Root | None:
    """The value that the user gave for a name."""
    for text in hints.params:
        fits = text == name or (len(hints.params) == 1 and label in ("params", "vector"))
        if fits and (text in evidence.values or not text.isidentifier()):
            return Root(evaluate(text, evidence), text)
    labels = [next((kind(n) for n in _names(text) if kind(n)), "") for text in hints.data]
    for place, text in enumerate(hints.data):
        # By name, else by place: the first expression is X, the second is y
        free = [fallback for fallback in ("x", "y")[place : place + 1] if fallback not in labels]
        if name in _names(text) or (label and label in (labels[place], *free)):
            return Root(evaluate(text, evidence), text)
    return None


def pairs_opened(data: tuple[str, ...], evidence: Evidence) -> tuple[str, ...]:
    """``--data pairs[0]`` as its two items, where it is one example ``(x, y)``."""
    if len(data) != 1:
        return data
    value = evaluate(data[0], evidence)
    if isinstance(value, tuple) and len(value) == 2 and all(is_number(item) for item in value):
        return f"{data[0]}[0]", f"{data[0]}[1]"
    return data


def check_hints(evidence: Evidence, hints: Hints) -> None:
    """Refuse expressions that cannot be evaluated before anything is bound without them."""
    labels = [next((kind(n) for n in _names(text) if kind(n)), "") for text in hints.data]
    if labels == ["y", "x"]:
        turned = ",".join(reversed(hints.data))
        raise BindingError(
            f"--data {','.join(hints.data)}: the names say Y first; needed: X first, then Y",
            (f'%gradcheck --data "{turned}"',),
        )
    for text in (*hints.data, *hints.params):
        if text.isidentifier() and text in hints.params and text not in evidence.values:
            continue  # a key of a dict or an attribute
        evaluate(text, evidence)


def _names(text: str) -> list[str]:
    return [node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]


def _passed(name: str, scope: Scope, evidence: Evidence) -> Root | None:
    """What the notebook's own calls of a training function pass for one of its arguments."""
    function = scope.function
    if function is None:
        return None
    for call in _calls_in_cells(function.name, evidence):
        arguments = list(function.arguments)
        given: dict[str, ast.expr] = dict(zip(arguments, call.args, strict=False))
        given |= {k.arg: k.value for k in call.keywords if k.arg}
        node = given.get(name)
        if node is None or not all(
            isinstance(part, (*_SAFE, ast.expr_context)) for part in ast.walk(node)
        ):
            continue
        if isinstance(node, ast.Constant):
            return Root(node.value, f"{name}={node.value!r}")
        try:
            return Root(eval(ast.unparse(node), dict(evidence.namespace)), ast.unparse(node))
        except Exception:  # the name is gone by now: look elsewhere
            continue
    return None


def _calls_in_cells(name: str, evidence: Evidence) -> Iterator[ast.Call]:
    for source in reversed(evidence.cells):
        if name.rpartition(".")[2] not in source:
            continue
        tree = parse_cell(source)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Call) and call_name(node) == name:
                yield node


def synonym(name: str, evidence: Evidence) -> Root | None:
    """Another name for the same thing: X_train for X, parameters for params."""
    if name not in evidence.synonyms:
        evidence.synonyms[name] = _synonym(name, evidence)
    other = evidence.synonyms[name]
    return None if other is None else Root(evidence.values[other], other)


def _synonym(name: str, evidence: Evidence) -> str | None:
    label, values = kind(name), evidence.values
    if not label:
        known = [n for n in values if _usable(values[n])]
        plain = _started(name)
        starts = [n for n in known if plain and _started(n) == plain]
        return match_name(name, known) or (starts[0] if len(starts) == 1 else None)
    found = [n for n, value in values.items() if kind(n) == label and _usable(value)]
    if label in ("x", "y"):
        # a list of sentences is data as well, and has no shape
        plain = [n for n in found if is_number(values[n]) and np.ndim(values[n]) == 0]
        found = [n for n in found if n not in plain or label == "y"]
        if not _is_whole(name):
            found = [n for n in found if not _is_pairs(values[n])]  # [(x, y), ...] is neither
        kept = [n for n in found if not is_held_out(n)] or found
        partner = "y" if label == "x" else "x"
        pairs = [n for n in values if kind(n) == partner]
        # X_train goes with y_train: the one whose decoration has a partner
        paired = [n for n in kept if any(decoration(n) == decoration(p) for p in pairs)]
        order = sorted(paired or kept, key=lambda n: ("train" not in decoration(n), len(n), n))
        return order[0] if order else None
    if label in ("params", "vector"):
        containers = [n for n in found if isinstance(values[n], (dict, list, np.ndarray))]
        exact = match_name(name, containers)
        return containers[0] if exact is None and len(containers) == 1 else exact
    return found[0] if len(found) == 1 else None


def _started(name: str) -> tuple[str, ...]:
    """The words of a name without those for where an optimiser starts: ``initial_nn_params``."""
    return tuple(w for w in words(name) if w not in ("initial", "init", "start", "guess"))


def _first_pair(name: str, evidence: Evidence) -> Root | None:
    """An example of ``training_data``, a list of pairs ``(x, y)``."""
    label = kind(name)
    if label not in ("x", "y") or _is_whole(name):
        return None
    found = [n for n, v in evidence.values.items() if _is_pairs(v) and not is_held_out(n)]
    found = [n for n in found if "train" in decoration(n)] or found
    if len(found) != 1:
        return None
    place = int(label == "y")
    return Root(evidence.values[found[0]][0][place], f"{found[0]}[0][{place}]")


def _is_whole(name: str) -> bool:
    """Whether an argument means inputs and labels together, as ``mini_batch`` does."""
    return words(name)[-1:] in (("data",), ("batch",), ("set",), ("dataset",), ("examples",))


def _is_pairs(value: Any) -> bool:
    """Whether it is a list of pairs of which each holds an array and an array or a number."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, tuple) and len(item) == 2 for item in value[:50])
        and all(isinstance(x, np.ndarray) and is_number(y) for x, y in value[:50])
    )


def _usable(value: Any) -> bool:
    return is_number(value) or isinstance(value, (dict, list, tuple))
