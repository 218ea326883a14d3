"""What the user's functions reach by their code: globals, closures, defaults, modules of theirs."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

from .entries import MISSING, Entry, equal, put_defaults, read_cell, write_cell
from .owned import (
    LIBRARIES,
    attribute_names,
    constant_texts,
    global_names,
    users_module,
    users_own,
)

if TYPE_CHECKING:
    from .walk import Walk

# by these a function gets at all names of the notebook, whether it says `global` or not
WHOLE_MODULE = frozenset({"modules", "__main__"})
WHOLE = WHOLE_MODULE | {"globals", "vars", "exec", "eval", "get_ipython"}


def function(walk: Walk, name: str, value: types.FunctionType) -> None:
    """Entries for the defaults, attributes, closure and globals of a function."""
    if not users_own(value):  # @contextmanager and its kind: the function inside may be the user's
        walk.pending.append((name, getattr(value, "__wrapped__", None)))
        return
    saved = (value.__defaults__, value.__kwdefaults__)

    def differs() -> bool:
        now = (value.__defaults__, value.__kwdefaults__)
        return not all(a is b for a, b in zip(now, saved, strict=True))

    put = lambda: put_defaults(value, *saved)  # noqa: E731
    walk.found.append(Entry(f"the defaults of {value.__name__}", differs, put))
    walk.pending += [(f"a default of {value.__name__}", part) for part in saved if part]
    walk.pending.append((value.__name__, value.__dict__))  # empty too: it may fill
    for key, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
        _cell(walk, key, cell)
    names_of(walk, value.__code__, value.__globals__)


def names_of(walk: Walk, code: types.CodeType, space: dict[str, Any]) -> None:
    """Entries for what some code reads and binds in its globals."""
    read, bound = global_names(code)
    used = attribute_names(code)
    for key in sorted(read | bound):
        if key in space:
            walk.pending.append((key, space[key]))
            if isinstance(space[key], types.ModuleType):
                _module(walk, key, space[key], used)
        if key in bound:
            walk.binding(key, space, key)
    if WHOLE & (read | used):
        starts = constant_texts(code)  # of globals()[f"W{k}"] it is "W"
        walk.pending += [(key, value) for key, value in space.items() if key.startswith(starts)]
        _namespace(walk, space)
        # a function that was remade over other globals still gets at those of the notebook
        shell = space.get("get_ipython")
        if "get_ipython" in read and callable(shell):
            _namespace(walk, getattr(shell(), "user_ns", {}))
        if WHOLE_MODULE & (read | used):
            _namespace(walk, vars(sys.modules["__main__"]))


def _namespace(walk: Walk, space: dict[str, Any]) -> None:
    """An entry for all names of a namespace: ``globals()["Z"] = 3``."""
    if (id(space), "") in walk.names:
        return
    walk.names.add((id(space), ""))
    saved = dict(space)

    def restore() -> None:
        for key in space.keys() - saved.keys():
            del space[key]
        for key, value in saved.items():
            if space.get(key, MISSING) is not value:
                space[key] = value

    def differs() -> bool:
        return space.keys() != saved.keys() or any(space[k] is not v for k, v in saved.items())

    walk.found.append(Entry("the notebook's names", differs, restore))


def _module(walk: Walk, name: str, value: types.ModuleType, used: frozenset[str]) -> None:
    """What a function uses of a module of the user's own: ``config.count += 1``."""
    file = getattr(value, "__file__", None)
    if not users_module(value.__name__) or (file or "").startswith(LIBRARIES):
        return
    space = vars(value)
    for key in sorted(used):
        walk.binding(f"{name}.{key}", space, key)
        if key in space:
            walk.pending.append((f"{name}.{key}", space[key]))


def _cell(walk: Walk, name: str, cell: types.CellType) -> None:
    """An entry for a variable of a closure."""
    saved = read_cell(cell)
    if saved is not MISSING:
        walk.pending.append((name, saved))
    differs = lambda: not equal(read_cell(cell), saved)  # noqa: E731
    walk.found.append(Entry(name, differs, lambda: write_cell(cell, saved)))
