"""From some roots to all that can change: an entry of each."""

from __future__ import annotations

import collections
import functools
import random
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from .entries import (
    ATOMS,
    MISSING,
    Entry,
    Held,
    alike,
    drop_others,
    equal,
    put_defaults,
    put_dict,
    put_list,
    read_slot,
    refill,
    same,
    write_slot,
)
from .generators import is_generator, owner_behind, state_of, tensor_state
from .numpys_generator import legacy_generator
from .owned import LIBRARIES, attribute_names, global_names, users_module, users_own

# iterators that can be set back until they are used up (over a range: up to Python 3.11)
_ITERATORS = (type(iter([])), type(iter(())), type(iter(range(0))), type(iter("a")))


class Walk:
    """Walks from the roots to all that can change and makes an entry of each."""

    def __init__(self) -> None:
        self.found: list[Entry] = []
        self.arrays: list[Held] = []
        self.seen: dict[int, Any] = {}  # holds the objects, so that no id is used twice
        self.pending: list[tuple[str, Any]] = []
        self.names: set[tuple[int, str]] = set()
        self.owned: dict[type, bool] = {}

    def entries(self, roots: tuple[Any, ...]) -> tuple[Entry, ...]:
        """An entry of all that can change, each in the order in which it is found."""
        self.generators()
        for root in reversed(roots):
            name = getattr(root, "__name__", None) or f"the {type(root).__name__}"
            self.pending.append((name, root))
        named = {id(root) for root in roots if isinstance(root, dict)}
        while self.pending:
            name, value = self.pending.pop()
            if isinstance(value, ATOMS) or id(value) in self.seen:
                continue
            self.seen[id(value)] = value
            self.visit("" if id(value) in named else name, value)
        return tuple(self.found)

    def generators(self) -> None:
        """The global random generators: of NumPy, of Python, of torch where it is loaded."""
        self.found.append(legacy_generator())
        state = random.getstate()
        self.found.append(
            Entry(
                "Python's generator",
                lambda: random.getstate() != state,  # 625 numbers: as one, not one by one
                lambda: random.setstate(state),
            )
        )
        torch = sys.modules.get("torch")
        if torch is not None and hasattr(torch, "get_rng_state"):
            self.pair("torch's generator", torch.get_rng_state, torch.set_rng_state)

    def pair(self, name: str, get: Callable[[], Any], put: Callable[[Any], Any]) -> None:
        """An entry for a state that one call gets and another puts back."""
        saved = get()
        self.found.append(Entry(name, lambda: not alike(get(), saved), lambda: put(saved)))

    def visit(self, name: str, value: Any) -> None:
        """Remember one object, and note what it leads to."""
        kind = type(value)
        if kind is np.ndarray:  # as most are
            self.array(name, value)
            return
        if kind is types.FunctionType:
            self.function(name, value)
            return
        if isinstance(value, types.ModuleType):
            return
        if isinstance(value, types.BuiltinFunctionType):
            self.pending.append((name, owner_behind(value)))
            return
        if isinstance(value, np.ndarray):
            self.array(name, value)
        elif is_generator(value):
            state = state_of(value)
            if state is not None:
                self.pair(f"{name} generator", *state)
        elif isinstance(value, dict):
            self.container(name, value, lambda: value, dict.items, put_dict)
            for key, item in list(value.items()):
                self.pending.append((_item(name, key), item))
        elif isinstance(value, (list, collections.deque)):
            self.container(name, value, lambda: value, enumerate, put_list)
            self.pending.extend((f"{name}[{k}]", item) for k, item in enumerate(value))
        elif isinstance(value, (set, bytearray)):
            saved = value.copy()
            self.found.append(Entry(name, lambda: value != saved, lambda: refill(value, saved)))
            self.pending.extend((name, item) for item in value)
        elif isinstance(value, (tuple, frozenset)):
            self.pending.extend((f"{name}[{k}]", item) for k, item in enumerate(value))
        elif type(value) in _ITERATORS:
            place = value.__reduce__()[2:]
            # none: it is used up, and stays so; None: it shortens its range, as from Python 3.12
            # on, and nothing sets that back
            if place and place[0] is not None:
                self.pair(name, lambda: value.__reduce__()[2:], lambda s: value.__setstate__(*s))
        elif isinstance(value, types.MethodType):
            self.pending += [(name, value.__func__), (_owner(name, value), value.__self__)]
        elif isinstance(value, functools.partial):
            self.pending += [(name, value.func), (name, value.args), (name, value.keywords)]
        elif isinstance(value, (staticmethod, classmethod)):
            self.pending.append((name, value.__func__))
        elif isinstance(value, property):
            self.pending += [(name, part) for part in (value.fget, value.fset) if part]
        elif isinstance(value, type):
            self.type(value)
        elif (numbers := tensor_state(value)) is not None:
            self.pair(name, *numbers)
        elif not self.is_owned(type(value)) and hasattr(value, "random_state"):
            self.pending.append((f"{name}.random_state", value.random_state))  # scipy.stats
        # a subclass of dict, list or ndarray that the user wrote has attributes as well
        if self.is_owned(type(value)) or isinstance(value, types.SimpleNamespace):
            self.instance(name, value)

    def is_owned(self, cls: type) -> bool:
        """As `users_own`, asked once for every class."""
        if cls not in self.owned:
            self.owned[cls] = users_own(cls)
        return self.owned[cls]

    def array(self, name: str, value: np.ndarray) -> None:
        """An entry for the bytes of an array, its shape and whether it may be written."""
        plain = value.view(np.ndarray)
        saved, shape = plain.copy(), plain.shape
        writeable = plain.flags.writeable

        def restore() -> None:
            if value.shape != shape:
                value.resize(shape, refcheck=False)
            if writeable:
                value.flags.writeable = True
                np.copyto(value.view(np.ndarray), saved)

        def differs() -> bool:
            now = value.view(np.ndarray)
            return now.shape != shape or now.tobytes() != saved.tobytes()

        self.found.append(Entry(name, differs, restore))
        self.arrays.append(Held(name, value, saved))
        if plain.dtype.hasobject:
            self.pending.extend((name, item) for item in plain.reshape(-1).tolist())

    def container(self, name: str, owner: Any, get: Any, pairs: Any, put: Any) -> None:
        """An entry for a dict-like or list-like `get()`; `put(get(), saved)` fills it again."""
        saved = list(pairs(get()))
        differs = lambda: not same(list(pairs(get())), saved)  # noqa: E731
        self.found.append(Entry(name or "the dict", differs, lambda: put(get(), saved)))

    def instance(self, name: str, value: Any) -> None:
        """Entries for the attributes and slots of an object."""
        state = getattr(value, "__dict__", None)
        if isinstance(state, dict):
            # bindings one by one: the name of the attribute is what a finding wants to say
            for key in state:
                self.binding(f"{name}.{key}", state, key)
                self.pending.append((f"{name}.{key}", state[key]))
            keys = list(state)
            extra = functools.partial(drop_others, state, keys)
            self.found.append(Entry(name, lambda: list(state) != keys, extra))
        for cls in type(value).__mro__:
            for key, slot in vars(cls).items():
                if isinstance(slot, types.MemberDescriptorType) and self.is_owned(cls):
                    self.slot(f"{name}.{key}", value, slot)
        self.pending.append((type(value).__name__, type(value)))

    def slot(self, name: str, value: Any, slot: Any) -> None:
        """An entry for what one slot holds."""
        saved = read_slot(slot, value)
        if saved is not MISSING:
            self.pending.append((name, saved))
        self.found.append(
            Entry(
                name,
                lambda: not equal(read_slot(slot, value), saved),
                lambda: write_slot(slot, value, saved),
            )
        )

    def type(self, cls: type) -> None:
        """Entries for the attributes of a user's class."""
        if not self.is_owned(cls):
            return
        saved = {key: item for key, item in vars(cls).items() if not key.startswith("__")}
        saved |= {key: vars(cls)[key] for key in ("__init__", "__call__") if key in vars(cls)}

        def restore() -> None:
            for key in [key for key in vars(cls) if not key.startswith("__") and key not in saved]:
                delattr(cls, key)
            for key, item in saved.items():
                if vars(cls).get(key, MISSING) is not item:
                    setattr(cls, key, item)

        def differs() -> bool:
            return any(not equal(vars(cls).get(key, MISSING), item) for key, item in saved.items())

        self.found.append(Entry(cls.__name__, differs, restore))
        # Members that are descriptors of slots have nothing behind them
        self.pending.extend(
            (f"{cls.__name__}.{key}", item)
            for key, item in saved.items()
            if not isinstance(item, types.MemberDescriptorType)
        )
        self.pending.extend((base.__name__, base) for base in cls.__bases__)

    def function(self, name: str, value: types.FunctionType) -> None:
        """Entries for the defaults, attributes, closure and globals of a function."""
        if not users_own(value):
            return
        saved = (value.__defaults__, value.__kwdefaults__)
        self.found.append(
            Entry(
                f"the defaults of {value.__name__}",
                lambda: (
                    not all(
                        now is was
                        for now, was in zip(
                            (value.__defaults__, value.__kwdefaults__), saved, strict=True
                        )
                    )
                ),
                lambda: put_defaults(value, *saved),
            )
        )
        self.pending += [(f"a default of {value.__name__}", part) for part in saved if part]
        self.pending.append((value.__name__, value.__dict__))  # empty too: it may fill
        for key, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            self.cell(key, cell)
        read, bound = global_names(value.__code__)
        space = value.__globals__
        for key in sorted(read | bound):
            if key in space:
                self.pending.append((key, space[key]))
                if isinstance(space[key], types.ModuleType):
                    self.module(key, space[key], attribute_names(value.__code__))
            if key in bound:
                self.binding(key, space, key)

    def module(self, name: str, value: types.ModuleType, used: frozenset[str]) -> None:
        """What a function uses of a module of the user's own: ``config.count += 1``."""
        file = getattr(value, "__file__", None)
        if not users_module(value.__name__) or (file or "").startswith(LIBRARIES):
            return
        space = vars(value)
        for key in sorted(used & set(space)):
            self.binding(f"{name}.{key}", space, key)
            self.pending.append((f"{name}.{key}", space[key]))

    def cell(self, name: str, cell: types.CellType) -> None:
        """An entry for a variable of a closure."""
        try:
            saved = cell.cell_contents
        except ValueError:  # an empty cell: a name that is bound later
            return
        self.pending.append((name, saved))
        differs = lambda: not equal(cell.cell_contents, saved)  # noqa: E731
        self.found.append(Entry(name, differs, lambda: setattr(cell, "cell_contents", saved)))

    def binding(self, name: str, space: dict[str, Any], key: str) -> None:
        """An entry for one name in a namespace: bound to what, or not at all."""
        if (id(space), key) in self.names:
            return
        self.names.add((id(space), key))
        saved = space.get(key, MISSING)

        def restore() -> None:
            if saved is MISSING:
                space.pop(key, None)
            elif space.get(key, MISSING) is not saved:
                space[key] = saved

        self.found.append(Entry(name, lambda: not equal(space.get(key, MISSING), saved), restore))


def _item(name: str, key: Any) -> str:
    return f"{name}[{key!r}]" if name else str(key)


def _owner(name: str, method: types.MethodType) -> str:
    owner, _, _ = name.rpartition(".")
    if not owner and not users_own(type(method.__self__)):
        return name  # draw = rng.random
    return owner or f"the {type(method.__self__).__name__}"
