"""What a check leaves as it found it: arrays, objects, random generators, globals."""

from __future__ import annotations

import collections
import contextlib
import dis
import functools
import os
import random
import signal
import sys
import sysconfig
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

_LIBRARIES = tuple(
    os.path.join(path, "")
    for key in ("stdlib", "platstdlib", "purelib", "platlib")
    if (path := sysconfig.get_paths().get(key))
)
_OURS = os.path.join(os.path.dirname(__file__), "")
# iterators that can be set back as long as they are not used up
_ITERATORS = (type(iter([])), type(iter(())), type(iter(range(0))), type(iter("a")))
_ATOMS = (int, float, complex, str, bytes, bool, type(None), np.generic)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing that is remembered, and how to compare it and to put it back."""

    name: str
    differs: Callable[[], bool]
    restore: Callable[[], None]


class Snapshot:
    """Everything reachable from some roots, as it was when the snapshot was taken."""

    __slots__ = ("_entries", "_moved")

    def __init__(self, roots: tuple[Any, ...]) -> None:
        self._entries = _Walk().entries(roots)
        self._moved: set[int] = set()

    def changed(self) -> tuple[str, ...]:
        """Names of what differs at the moment, in the order in which it was found."""
        names: dict[str, None] = {}
        for index, entry in enumerate(self._entries):
            if entry.differs():
                self._moved.add(index)
                names[entry.name] = None
        return tuple(names)

    def restore(self, *, thorough: bool = True) -> None:
        """Put everything back: the same objects, the same bytes, the same bindings.

        Parameters
        ----------
        thorough
            False puts back only the random generators and what `changed` has ever named, which
            is quick between the evaluations of a function that was watched once.
        """
        with _interrupt_deferred():
            for index, entry in enumerate(self._entries):
                if thorough or index in self._moved or entry.name.endswith("generator"):
                    entry.restore()


@contextlib.contextmanager
def untouched(*roots: Any) -> Iterator[Snapshot]:
    """Remember what `roots` reach, and put it back on the way out, whatever happened.

    Arrays get their bytes back, dicts, lists, sets and instances their contents, functions
    their defaults, closures and the globals that they (and what they call) read or rebind,
    NumPy's, Python's and the user's random generators their states. NumPy's error settings and
    print options and the warnings filters are put back too; torch's generator where torch is
    loaded; matplotlib's figures that were opened meanwhile are closed. A generator that was drawn
    from, a file that was read, cannot be put back.

    Parameters
    ----------
    *roots
        Functions, instances, arrays, containers. The keys of a dict name what it holds.

    Examples
    --------
    >>> weights = {"W1": np.ones(2)}
    >>> with untouched(weights) as snapshot:
    ...     weights["W1"] *= 3
    ...     snapshot.changed()
    ('W1',)
    >>> weights["W1"]
    array([1., 1.])
    """
    with warnings.catch_warnings(), np.errstate(), np.printoptions(), _figures():
        snapshot = Snapshot(roots)
        try:
            yield snapshot
        finally:
            snapshot.restore()


@contextlib.contextmanager
def _figures() -> Iterator[None]:
    """Close the figures that are opened in the block, and make the current one current again."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    before = list(pyplot.get_fignums()) if pyplot else []
    current = pyplot.gcf().number if pyplot and before else None
    try:
        yield
    finally:
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            for number in set(pyplot.get_fignums()) - set(before):
                pyplot.close(number)
            if current is not None and pyplot.fignum_exists(current):
                pyplot.figure(current)


@contextlib.contextmanager
def _interrupt_deferred() -> Iterator[None]:
    """Hold back Ctrl-C until the block is done; a half restored notebook helps nobody."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending: list[tuple[int, Any]] = []
    handler = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, lambda number, frame: pending.append((number, frame)))
    try:
        yield
    finally:
        # None means a handler that was not installed from Python: there is none to put back
        signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)
        if pending and callable(handler):
            handler(*pending[0])


def users_own(value: Any) -> bool:
    """True where a function or class comes from the user, not from a library."""
    code = getattr(value, "__code__", None)
    if isinstance(code, types.CodeType):
        return not code.co_filename.startswith((*_LIBRARIES, _OURS, "<frozen"))
    return isinstance(value, type) and _users_module(getattr(value, "__module__", None) or "")


def _users_module(name: str) -> bool:
    if name == "__main__":
        return True
    if name == "builtins" or name.partition(".")[0] in sys.stdlib_module_names:
        return False
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is None or not file.startswith((*_LIBRARIES, _OURS))


@functools.lru_cache(maxsize=1024)
def global_names(code: types.CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """Names that `code`, with the functions nested in it, reads from and binds in its globals."""
    read: set[str] = set()
    bound: set[str] = set()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            read.add(step.argval)
        elif step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            bound.add(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner = global_names(constant)
            read |= inner[0]
            bound |= inner[1]
    return frozenset(read), frozenset(bound)


@functools.lru_cache(maxsize=1024)
def attribute_names(code: types.CodeType) -> frozenset[str]:
    """Names that `code`, with the functions nested in it, reads or sets as attributes."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= attribute_names(constant)
    return frozenset(names)


class _Walk:
    """Walks from the roots to all that can change and makes an entry of each."""

    def __init__(self) -> None:
        self.found: list[_Entry] = []
        self.seen: dict[int, Any] = {}  # holds the objects, so that no id is used twice
        self.pending: list[tuple[str, Any]] = []
        self.names: set[tuple[int, str]] = set()

    def entries(self, roots: tuple[Any, ...]) -> tuple[_Entry, ...]:
        self.generators()
        for root in reversed(roots):
            name = getattr(root, "__name__", None) or f"the {type(root).__name__}"
            self.pending.append((name, root))
        named = {id(root) for root in roots if isinstance(root, dict)}
        while self.pending:
            name, value = self.pending.pop()
            if isinstance(value, _ATOMS) or id(value) in self.seen:
                continue
            self.seen[id(value)] = value
            self.visit("" if id(value) in named else name, value)
        return tuple(self.found)

    def generators(self) -> None:
        legacy = getattr(np.random.mtrand, "_rand")  # noqa: B009 (a private name)
        self.pair("NumPy's generator", lambda: legacy.get_state(legacy=False), legacy.set_state)
        self.pair("Python's generator", random.getstate, random.setstate)
        torch = sys.modules.get("torch")
        if torch is not None and hasattr(torch, "get_rng_state"):
            self.pair("torch's generator", torch.get_rng_state, torch.set_rng_state)

    def pair(self, name: str, get: Callable[[], Any], put: Callable[[Any], Any]) -> None:
        saved = get()
        self.found.append(_Entry(name, lambda: not _alike(get(), saved), lambda: put(saved)))

    def visit(self, name: str, value: Any) -> None:
        if isinstance(value, (types.ModuleType, types.BuiltinFunctionType)):
            return
        if isinstance(value, np.ndarray):
            self.array(name, value)
        elif isinstance(value, np.random.Generator):
            bits = value.bit_generator
            self.pair(f"{name} generator", lambda: bits.state, lambda s: setattr(bits, "state", s))
        elif isinstance(value, np.random.RandomState):
            get = functools.partial(value.get_state, legacy=False)
            self.pair(f"{name} generator", get, value.set_state)
        elif isinstance(value, random.Random):
            self.pair(f"{name} generator", value.getstate, value.setstate)
        elif isinstance(value, dict):
            self.container(name, value, lambda: value, dict.items, _put_dict)
            for key, item in list(value.items()):
                self.pending.append((_item(name, key), item))
        elif isinstance(value, (list, collections.deque)):
            self.container(name, value, lambda: value, enumerate, _put_list)
            self.pending.extend((f"{name}[{k}]", item) for k, item in enumerate(value))
        elif isinstance(value, (set, bytearray)):
            saved = value.copy()
            self.found.append(_Entry(name, lambda: value != saved, lambda: _refill(value, saved)))
            self.pending.extend((name, item) for item in value)
        elif isinstance(value, (tuple, frozenset)):
            self.pending.extend((f"{name}[{k}]", item) for k, item in enumerate(value))
        elif type(value) in _ITERATORS:
            place = value.__reduce__()[2:]
            if place:  # else it is used up, and stays so
                self.pair(name, lambda: value.__reduce__()[2:], lambda s: value.__setstate__(*s))
        elif isinstance(value, types.FunctionType):
            self.function(name, value)
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
        elif type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
            saved = value.detach().clone()
            self.pair(name, lambda: value.detach().clone(), lambda _: value.data.copy_(saved))
        # a subclass of dict, list or ndarray that the user wrote has attributes as well
        if users_own(type(value)) or isinstance(value, types.SimpleNamespace):
            self.instance(name, value)

    def array(self, name: str, value: np.ndarray) -> None:
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

        self.found.append(_Entry(name, differs, restore))
        if plain.dtype.hasobject:
            self.pending.extend((name, item) for item in plain.reshape(-1).tolist())

    def container(self, name: str, owner: Any, get: Any, pairs: Any, put: Any) -> None:
        """An entry for a dict-like or list-like `get()`; `put(get(), saved)` fills it again."""
        saved = list(pairs(get()))
        differs = lambda: not _same(list(pairs(get())), saved)  # noqa: E731
        self.found.append(_Entry(name or "the dict", differs, lambda: put(get(), saved)))

    def instance(self, name: str, value: Any) -> None:
        state = getattr(value, "__dict__", None)
        if isinstance(state, dict):
            # bindings one by one: the name of the attribute is what a finding wants to say
            for key in state:
                self.binding(f"{name}.{key}", state, key)
                self.pending.append((f"{name}.{key}", state[key]))
            keys = list(state)
            extra = functools.partial(_drop_others, state, keys)
            self.found.append(_Entry(name, lambda: list(state) != keys, extra))
        for cls in type(value).__mro__:
            for key, slot in vars(cls).items():
                if isinstance(slot, types.MemberDescriptorType) and users_own(cls):
                    self.slot(f"{name}.{key}", value, slot)
        self.pending.append((type(value).__name__, type(value)))

    def slot(self, name: str, value: Any, slot: Any) -> None:
        saved = _read_slot(slot, value)
        if saved is not _MISSING:
            self.pending.append((name, saved))
        self.found.append(
            _Entry(
                name,
                lambda: not _equal(_read_slot(slot, value), saved),
                lambda: _write_slot(slot, value, saved),
            )
        )

    def type(self, cls: type) -> None:
        if not users_own(cls):
            return
        saved = {key: item for key, item in vars(cls).items() if not key.startswith("__")}
        saved |= {key: vars(cls)[key] for key in ("__init__", "__call__") if key in vars(cls)}

        def restore() -> None:
            for key in [key for key in vars(cls) if not key.startswith("__") and key not in saved]:
                delattr(cls, key)
            for key, item in saved.items():
                if vars(cls).get(key, _MISSING) is not item:
                    setattr(cls, key, item)

        def differs() -> bool:
            return any(
                not _equal(vars(cls).get(key, _MISSING), item) for key, item in saved.items()
            )

        self.found.append(_Entry(cls.__name__, differs, restore))
        # Members that are descriptors of slots have nothing behind them
        self.pending.extend(
            (f"{cls.__name__}.{key}", item)
            for key, item in saved.items()
            if not isinstance(item, types.MemberDescriptorType)
        )
        self.pending.extend((base.__name__, base) for base in cls.__bases__)

    def function(self, name: str, value: types.FunctionType) -> None:
        if not users_own(value):
            return
        saved = (value.__defaults__, value.__kwdefaults__)
        self.found.append(
            _Entry(
                f"the defaults of {value.__name__}",
                lambda: (
                    not all(
                        now is was
                        for now, was in zip(
                            (value.__defaults__, value.__kwdefaults__), saved, strict=True
                        )
                    )
                ),
                lambda: _put_defaults(value, *saved),
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
        if not _users_module(value.__name__) or (file or "").startswith(_LIBRARIES):
            return
        space = vars(value)
        for key in sorted(used & set(space)):
            self.binding(f"{name}.{key}", space, key)
            self.pending.append((f"{name}.{key}", space[key]))

    def cell(self, name: str, cell: types.CellType) -> None:
        try:
            saved = cell.cell_contents
        except ValueError:  # an empty cell: a name that is bound later
            return
        self.pending.append((name, saved))
        differs = lambda: not _equal(cell.cell_contents, saved)  # noqa: E731
        self.found.append(_Entry(name, differs, lambda: setattr(cell, "cell_contents", saved)))

    def binding(self, name: str, space: dict[str, Any], key: str) -> None:
        if (id(space), key) in self.names:
            return
        self.names.add((id(space), key))
        saved = space.get(key, _MISSING)

        def restore() -> None:
            if saved is _MISSING:
                space.pop(key, None)
            elif space.get(key, _MISSING) is not saved:
                space[key] = saved

        self.found.append(
            _Entry(name, lambda: not _equal(space.get(key, _MISSING), saved), restore)
        )


_MISSING = object()


def _alike(now: Any, saved: Any) -> bool:
    """Whether two states of a generator are the same: numbers and arrays in dicts and tuples."""
    if isinstance(saved, dict):
        return now.keys() == saved.keys() and all(_alike(now[key], saved[key]) for key in saved)
    if isinstance(saved, np.ndarray):
        return now.shape == saved.shape and now.tobytes() == saved.tobytes()
    if isinstance(saved, _ATOMS):
        return bool(now == saved)
    if isinstance(saved, tuple):
        pairs = zip(now, saved, strict=False)
        return len(now) == len(saved) and all(
            a == b if type(a) is int else _alike(a, b) for a, b in pairs
        )
    if hasattr(saved, "shape"):  # a tensor, in which NaN stands for itself
        if now.shape != saved.shape:
            return False
        return bool(((now == saved) | ((now != now) & (saved != saved))).all())
    return repr(now) == repr(saved)


def _item(name: str, key: Any) -> str:
    return f"{name}[{key!r}]" if name else str(key)


def _owner(name: str, method: types.MethodType) -> str:
    owner, _, _ = name.rpartition(".")
    return owner or f"the {type(method.__self__).__name__}"


def _equal(now: Any, saved: Any) -> bool:
    return now is saved or (
        isinstance(saved, _ATOMS) and type(now) is type(saved) and bool(now == saved)
    )


def _same(now: list[Any], saved: list[Any]) -> bool:
    return len(now) == len(saved) and all(
        _equal(a[0], b[0]) and _equal(a[1], b[1]) for a, b in zip(now, saved, strict=True)
    )


def _put_dict(value: dict[Any, Any], saved: list[tuple[Any, Any]]) -> None:
    if len(value) == len(saved) and all(
        a is c and b is d for (a, b), (c, d) in zip(dict.items(value), saved, strict=True)
    ):
        return
    dict.clear(value)
    for key, item in saved:
        dict.__setitem__(value, key, item)


def _put_list(value: Any, saved: list[tuple[int, Any]]) -> None:
    value.clear()
    value.extend(item for _, item in saved)


def _refill(value: Any, saved: Any) -> None:
    value.clear()
    (value.update if isinstance(value, set) else value.extend)(saved)


def _drop_others(state: dict[str, Any], keys: list[str]) -> None:
    if list(state) == keys:
        return
    items = [(key, state[key]) for key in keys]  # the bindings are back already
    state.clear()
    state.update(items)


def _put_defaults(function: types.FunctionType, defaults: Any, keywords: Any) -> None:
    function.__defaults__ = defaults
    function.__kwdefaults__ = keywords


def _read_slot(slot: Any, value: Any) -> Any:
    try:
        return slot.__get__(value)
    except AttributeError:
        return _MISSING


def _write_slot(slot: Any, value: Any, saved: Any) -> None:
    if saved is not _MISSING:
        slot.__set__(value, saved)
    elif _read_slot(slot, value) is not _MISSING:
        slot.__delete__(value)
