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

from .code import function
from .entries import (
    ATOMS,
    MISSING,
    Entry,
    Held,
    alike,
    dict_of,
    drop_others,
    equal,
    put_dict,
    put_list,
    put_set,
    read_slot,
    same,
    write_slot,
)
from .generators import is_generator, owner_behind, state_of, tensor_state
from .kinds import visit_other
from .numpys_generator import legacy_generator
from .owned import users_own


class Walk:
    """Walks from the roots to all that can change and makes an entry of each."""

    def __init__(self) -> None:
        self.found: list[Entry] = []
        self.arrays: list[Held] = []
        self.tables: list[tuple[str, Any]] = []  # lists, and data frames
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

    def pair(
        self, name: str, get: Callable[[], Any], put: Callable[[Any], Any], gone: str = ""
    ) -> None:
        """An entry for a state that one call gets and another puts back."""
        saved = get()
        self.found.append(Entry(name, lambda: not alike(get(), saved), lambda: put(saved), gone))

    def visit(self, name: str, value: Any) -> None:
        """Remember one object, and note what it leads to."""
        kind = type(value)
        if kind is np.ndarray:  # as most are
            self.array(name, value)
            return
        if kind is types.FunctionType:
            function(self, name, value)
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
            items = dict_of(value).items
            self.container(name, value, lambda: value, items, put_dict)
            self.pending.extend((_item(name, key), item) for key, item in items(value))
        elif isinstance(value, (list, collections.deque)):
            self.container(name, value, lambda: value, enumerate, put_list)
            self.tables.append((name, value))
            self.pending.extend((f"{name}[{k}]", item) for k, item in enumerate(value))
        elif isinstance(value, set):
            saved = value.copy()
            self.found.append(Entry(name, lambda: value != saved, lambda: put_set(value, saved)))
            self.pending.extend((name, item) for item in value)
        elif isinstance(value, (tuple, frozenset)):
            self.pending.extend((f"{name}[{k}]", item) for k, item in enumerate(value))
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
        elif not self.is_owned(type(value)):
            if hasattr(value, "random_state"):  # scipy.stats
                self.pending.append((f"{name}.random_state", value.random_state))
            visit_other(self, name, value)
        # a subclass of dict, list or ndarray that the user wrote has attributes as well
        with_attributes = isinstance(value, (types.SimpleNamespace, np.ma.MaskedArray))
        if with_attributes or self.is_owned(type(value)):
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
            if value.dtype != saved.dtype:
                setattr(value, "dtype", saved.dtype)  # noqa: B010 (for the type checker it is fixed)
            if value.size != saved.size:
                value.resize(shape, refcheck=False)
            elif value.shape != shape:
                value.shape = shape
            now = value.view(np.ndarray)
            if writeable or now.tobytes() != saved.tobytes():
                value.flags.writeable = True
                np.copyto(value.view(np.ndarray), saved)
            value.flags.writeable = writeable

        def differs() -> bool:
            now = value.view(np.ndarray)
            same_kind = now.shape == shape and now.dtype == saved.dtype
            return not same_kind or now.tobytes() != saved.tobytes()

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

        def added() -> list[str]:
            return [key for key in vars(cls) if not key.startswith("__") and key not in saved]

        def restore() -> None:
            for key in added():
                delattr(cls, key)
            for key, item in saved.items():
                if vars(cls).get(key, MISSING) is not item:
                    setattr(cls, key, item)

        def differs() -> bool:
            return bool(added()) or any(
                not equal(vars(cls).get(key, MISSING), item) for key, item in saved.items()
            )

        self.found.append(Entry(cls.__name__, differs, restore))
        # Members that are descriptors of slots have nothing behind them
        self.pending.extend(
            (f"{cls.__name__}.{key}", item)
            for key, item in saved.items()
            if not isinstance(item, types.MemberDescriptorType)
        )
        self.pending.extend((base.__name__, base) for base in cls.__bases__)

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
