"""What every calling convention shares: what a trial call gave, where parameters lie, a Reading."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..frames import is_frame, labelled
from ..sandbox import users_own

RESULT = "__result__"
COST = "__cost__"

# ("item", key) or ("attr", name); the first step of a path is the name in the program
Step = tuple[str, Any]
Path = tuple[Any, ...]  # never empty
Scope = Mapping[str, Any]
Read = Callable[[Scope], Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """An array or number that a program starts from: what it is called and where it lies."""

    name: str
    key: str
    path: Path
    value: Any

    @property
    def is_labelled(self) -> bool:
        """True for a Series or a data frame: the functions get one again."""
        return type(self.value) is not np.ndarray and is_frame(self.value)

    @property
    def through_object(self) -> bool:
        """True where the way leads through an attribute: it is set in place there."""
        return any(step[0] == "attr" for step in self.path[1:])


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter, how to read its gradient once backward has run, and where in a root it lies."""

    leaf: Leaf
    read: Read
    lies: Path = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How one calling convention reads the gradients of a trial call.

    Attributes
    ----------
    family
        Letter of the convention.
    slots
        The parameters and their gradients.
    cost
        How to read the cost from the same call, None where it comes from elsewhere.
    notes
        What the user should know about it.
    label
        Which of the things returned is the cost: its name, or ``first value``.
    sure
        False where the cost is told from the name of the function alone.
    fused
        True where the gradient is read from an update of the parameters.
    rate
        The learning rate of that update.
    added
        Where gradients lie that backward adds to what is there: they start from zero.
    unmatched
        Where parameters lie that a gradient was returned for, by its name, and that got none.
    unasked
        Where parameters lie whose gradients are there and were not asked for.
    beyond
        Names of the parameters that gradients were returned for and that were not found.
    odd
        What stands in the place of a gradient and is none, by the names of the parameters:
        ``{"W1": "dW1 is None"}``.
    """

    family: str
    slots: tuple[Slot, ...]
    cost: Read | None = None
    notes: tuple[str, ...] = ()
    label: str = ""
    sure: bool = True
    fused: bool = False
    rate: float = 0.0
    added: tuple[Path, ...] = ()
    unmatched: tuple[Path, ...] = ()
    unasked: tuple[Path, ...] = ()
    beyond: frozenset[str] = frozenset()
    odd: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial run of forward and backward left behind.

    Attributes
    ----------
    result
        What backward returned.
    names
        Names of what it returned: from its ``return``, or from the call site.
    roots
        The values that the program started from, private copies.
    after
        The program's variables after the run.
    rate
        The learning rate that was passed, None where there is none.
    wanted
        Names that the user gave as the parameters.
    before
        The values that the program started from, as they were.
    updated
        Names that backward's source updates, ``W1`` in ``self.W1 -= lr * dW1``.
    everything
        True where data count as parameters too: a layer's input has a gradient.
    direct
        Roots that backward itself is given or reads; None where that is all of them.
    function
        The name of backward, without its owner.
    grads
        Names or expressions that the user gave as the gradients.
    aliases
        Further names of what it returned, each group one a thing: those at the call, for example.
    written
        Globals that backward binds: gradients may lie there.
    places
        Names of the parameter of each of `grads`, where the user gave as many.
    arguments
        Names of the arguments of backward.
    """

    result: Any
    names: tuple[str | None, ...]
    roots: Mapping[str, Any]
    after: Mapping[str, Any]
    rate: float | None = None
    wanted: tuple[str, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    updated: frozenset[str] = frozenset()
    everything: bool = False
    direct: frozenset[str] | None = None
    function: str = ""
    grads: tuple[str, ...] = ()
    aliases: tuple[tuple[str | None, ...], ...] = ()
    places: tuple[frozenset[str], ...] = ()
    written: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()

    @property
    def elements(self) -> list[tuple[str | None, Any, Read]]:
        """``(name, value, read)`` of each thing that backward returned."""
        if isinstance(self.result, (tuple, list)) and not _all_arrays_one_name(self):
            names = self.names if len(self.names) == len(self.result) else ()
            return [
                (names[k] if names else None, value, lambda s, k=k: s[RESULT][k])
                for k, value in enumerate(self.result)
            ]
        return [(self.names[0] if self.names else None, self.result, lambda s: s[RESULT])]


def _all_arrays_one_name(outcome: Outcome) -> bool:
    # `return grads`, a list of arrays: one thing with one name, not many
    return len(outcome.names) == 1 and len(outcome.result) != 1


def is_real(value: Any) -> bool:
    """True for a real number or an array of them; and for an array of complex ones, two each."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiuc" and value.size > 0
    if is_frame(value):
        return True
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, complex))


def is_cost_like(value: Any) -> bool:
    """True for one real number, whatever its number of axes."""
    return is_real(value) and np.size(value) == 1 and not np.iscomplexobj(value)


def _leaves(value: Any, path: Path, name: str, depth: int, seen: set[int]) -> Iterator[Leaf]:
    if is_real(value):
        if isinstance(value, np.ndarray):
            if id(value) in seen:
                return
            seen.add(id(value))
        yield Leaf(name, _key(path), path, value)
        return
    if id(value) in seen or depth > 6:
        return
    seen.add(id(value))
    for step, item in children(value):
        yield from _leaves(item, (*path, step), _join(name, value, step, depth), depth + 1, seen)


def is_named_tuple(value: Any) -> bool:
    """Whether it is a tuple whose items have names."""
    return isinstance(value, tuple) and hasattr(value, "_fields")


def is_record(value: Any) -> bool:
    """Whether it is a thing that holds named values and little else."""
    return dataclasses.is_dataclass(value) or type(value).__name__ == "SimpleNamespace"


def children(value: Any) -> list[tuple[Step, Any]]:
    """The parts of a container or of an instance of the user's class, with the step to each."""
    if isinstance(value, dict):
        return [(("item", key), item) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        if len(value) > 200:
            return []
        if is_named_tuple(value):
            fields: Any = value
            return [(("attr", key), item) for key, item in zip(fields._fields, value, strict=True)]
        return [(("item", key), item) for key, item in enumerate(value)]
    if isinstance(value, np.ndarray) and value.dtype.hasobject and value.ndim == 1:
        return [(("item", key), item) for key, item in enumerate(value)]
    if users_own(type(value)) or type(value).__name__ == "SimpleNamespace":
        state = getattr(value, "__dict__", None)
        if state is None:
            slots = getattr(type(value), "__slots__", ())
            state = {key: getattr(value, key) for key in slots if hasattr(value, key)}
        return [(("attr", key), item) for key, item in state.items()]
    return []


def containers(roots: Mapping[str, Any]) -> list[tuple[str, Path, Any]]:
    """``(name, path, value)`` of the dicts and lists among the roots and their attributes."""
    found: list[tuple[str, Path, Any]] = []

    def visit(name: str, path: Path, value: Any, depth: int) -> None:
        if (
            isinstance(value, (dict, list, tuple))
            or is_record(value)
            or (isinstance(value, np.ndarray) and value.dtype.hasobject)
        ):
            found.append((name, path, value))
        if depth < 3:
            for step, item in children(value):
                if step[0] == "attr":
                    visit(step[1], (*path, step), item, depth + 1)

    for name, value in roots.items():
        visit(name, (name,), value, 0)
    return found


def _key(path: Path) -> str:
    last = path[-1]
    return last if isinstance(last, str) else str(last[1])


def _join(name: str, parent: Any, step: Step, depth: int) -> str:
    key = step[1]
    if not isinstance(key, str):
        return f"{name}[{key!r}]"
    # the user's own word for it: W1, whether it lies in parameters or in net.params
    plain = depth == 0 or (isinstance(parent, dict) and "[" not in name)
    return key if plain or not name else f"{name}.{key}"


def path_text(path: Path) -> str:
    """A path as the user would write it: ``net.layers[0].W``, ``parameters['W1']``."""
    text = str(path[0])
    for kind, key in path[1:]:
        text += f".{key}" if kind == "attr" else f"[{key!r}]"
    return text


def all_leaves(roots: Mapping[str, Any]) -> list[Leaf]:
    """Every array and number among the roots, each array once."""
    seen: set[int] = set()
    found = [
        leaf
        for name, value in roots.items()
        for leaf in _leaves(value, (name,), "" if children_named(value) else name, 0, seen)
    ]
    return found


def distinctly_named(found: Sequence[Leaf]) -> list[Leaf]:
    """The leaves, those that share a name called by their whole path."""
    names = [leaf.name for leaf in found]
    return [
        leaf if names.count(leaf.name) == 1 else replace(leaf, name=path_text(leaf.path))
        for leaf in found
    ]


def children_named(value: Any) -> bool:
    """True where the parts of a value carry names of their own."""
    steps = children(value)
    return bool(steps) and isinstance(steps[0][0][1], str)


def follow(value: Any, path: Path) -> Any:
    """What lies at the end of `path`; its first step is a key of `value`."""
    value = value[path[0]]
    for kind, key in path[1:]:
        value = getattr(value, key) if kind == "attr" else value[key]
    return value


def put(scope: Scope, path: Path, number: float) -> None:
    """Set every component of what lies at the end of `path`, in place where it is an array.

    Raises
    ------
    LookupError
        Where no real number or array lies there.
    """
    lies = follow(scope, path)
    if not is_real(lies):
        raise LookupError(f"no number at {path_text(path)}")
    if isinstance(lies, np.ndarray):
        lies[...] = number
    elif path[-1][0] == "attr":
        setattr(follow(scope, path[:-1]), path[-1][1], number)
    else:
        follow(scope, path[:-1])[path[-1][1]] = number


# containers that hold a parameter and are copied on the way to it
_COPIED = (dict, list, tuple, np.ndarray)


def place(scope: dict[str, Any], leaf: Leaf, value: Any, fresh: set[Path]) -> None:
    """Put a parameter's value where the program finds it.

    Containers on the way are copied, once a run, and a named tuple is made anew; an instance keeps
    its own array and takes the values, since its layers may hold the same array under another name.
    """
    path = leaf.path
    if leaf.is_labelled:
        value = labelled(value, leaf.value)
    if len(path) == 1:
        scope[path[0]] = value
        return
    root, holder = path[:1], scope[path[0]]
    if len(path) == 2 and type(holder) is dict:  # as most are, and every call comes here
        if root not in fresh:
            holder = scope[path[0]] = holder.copy()
            fresh.add(root)
        holder[path[1][1]] = value
        return
    if type(value) is np.ndarray and not isinstance(holder, _COPIED):
        now = follow(scope, path)
        if type(now) is np.ndarray and now.dtype is value.dtype:
            now[...] = value
            return
    owner: Any = scope
    owners: list[Any] = [scope]
    steps: list[Any] = [("item", path[0]), *path[1:]]
    through = False
    for k, (kind, key) in enumerate(steps[:-1]):
        inner = getattr(owner, key) if kind == "attr" else owner[key]
        through = through or not isinstance(inner, _COPIED)
        if not through and not is_named_tuple(inner) and path[: k + 1] not in fresh:
            inner = list(inner) if type(inner) is tuple else copy.copy(inner)
            fresh.add(path[: k + 1])
            _set(owners, steps[: k + 1], inner)
        owner = inner
        owners.append(owner)
    kind, key = steps[-1]
    now = getattr(owner, key) if kind == "attr" else owner[key]
    if (
        through
        and isinstance(now, np.ndarray)
        and np.can_cast(np.result_type(value), now.dtype, "same_kind")
    ):
        np.copyto(now, value)
    else:
        _set(owners, steps, value)


def _set(owners: Sequence[Any], steps: Sequence[Any], value: Any) -> None:
    """Set what the last step leads to; a named tuple on the way is made anew."""
    owner, (kind, key) = owners[len(steps) - 1], steps[-1]
    if is_named_tuple(owner):
        _set(owners, steps[:-1], owner._replace(**{key: value}))
    elif kind == "attr":
        setattr(owner, key, value)
    else:
        owner[key] = value
