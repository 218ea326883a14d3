"""What methods leave in their object for others: ``self.h`` of forward, which backward reads."""

from __future__ import annotations

import ast
import dis
import types
from collections.abc import Iterable
from typing import Any

from ..adapters.calling import children
from ..adapters.names import BACKWARD, COST, FORWARD, is_decoy, is_maker, role_score
from ..sandbox import users_own
from .evidence import Evidence, inner
from .source import Function, call_name
from .wiring import Wiring

_CHANGES = frozenset({"append", "extend", "insert", "update", "add", "setdefault"})


def refresh(wiring: Wiring, function: Function) -> None:
    """Call forward right before `function`, where it reads what forward stores.

    Otherwise it would read what the object holds from an earlier call, at other parameters.
    """
    if not function.owner:
        return
    codes = _Codes(wiring.evidence)
    reads, own = codes.reached([function.short])
    needed = reads - own
    if not needed:
        return
    called = {
        call_name(node).rpartition(".")[2]
        for line in wiring.lines
        for node in ast.walk(ast.parse(line))
        if isinstance(node, ast.Call)
    }
    instances = {n for n in called if n in wiring.evidence.instances}
    earlier = [n for n in called if not role_score(n, BACKWARD)]
    stored = codes.reached([*earlier, *(["__call__"] if instances else [])])[1]
    if needed & stored:
        return
    found: list[tuple[int, int, Function]] = []
    for name in (*wiring.evidence.methods(), f"{function.owner}.__call__"):
        owner, _, short = name.rpartition(".")
        if owner != function.owner or name == function.name or is_decoy(short) or is_maker(short):
            continue
        # for l in self.layers: x = l(x) names no method of the layers
        given = len(codes.reached([short, "__call__"])[1] & needed)
        role = 2 * bool(role_score(short, FORWARD)) + bool(role_score(short, COST))
        role = role or short == "__call__"
        method = wiring.evidence.read(name)
        if given and role and method is not None and not role_score(short, BACKWARD):
            found.append((given, role, method))
    if not found:
        return
    forward = max(found, key=lambda item: item[:2])[2]
    if wiring.forward is None or wiring.forward.name != forward.name:
        wiring.forward, wiring.forward_outputs = forward, ()
    wiring.call_forward()


class _Codes:
    """The compiled methods and functions of the user, by name."""

    def __init__(self, evidence: Evidence) -> None:
        self.known: dict[str, list[types.CodeType]] = {}
        for name, value in evidence.functions.items():
            self._add(name, value)
        seen: set[type] = set()
        for value in evidence.instances.values():
            self._visit(value, seen, 0)

    def _visit(self, value: Any, seen: set[type], depth: int) -> None:
        if depth > 3:
            return
        cls = type(value)
        if users_own(cls) and cls not in seen:
            seen.add(cls)
            for owner in cls.__mro__:
                for name, member in vars(owner).items() if users_own(owner) else ():
                    self._add(name, getattr(member, "__func__", member))
        for _, item in children(value):
            if isinstance(item, (dict, list, tuple)) or users_own(type(item)):
                self._visit(item, seen, depth + 1)

    def _add(self, name: str, value: Any) -> None:
        value = value.fget if isinstance(value, property) else inner(value)
        code = getattr(value, "__code__", None)
        if code is not None:
            self.known.setdefault(name, []).append(code)

    def reached(self, names: Iterable[str]) -> tuple[set[str], set[str]]:
        """Attributes read and stored by functions of these names and by what they call."""
        pending, seen = list(names), set()
        reads: set[str] = set()
        stores: set[str] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            for code in self.known.get(name, ()):
                new_reads, new_stores = attributes(code)
                reads |= new_reads
                stores |= new_stores
                pending += code.co_names
        return reads, stores


def attributes(code: types.CodeType) -> tuple[set[str], set[str]]:
    """Attributes that some code reads, and those that it stores or changes."""
    steps = list(dis.get_instructions(code))
    reads = {s.argval for s in steps if s.opname in ("LOAD_ATTR", "LOAD_METHOD")}
    stores = {s.argval for s in steps if s.opname == "STORE_ATTR"}
    for k, step in enumerate(steps):
        # self.cache["A1"] = …, self.outputs.append(…)
        if step.opname == "STORE_SUBSCR" and k > 1 and steps[k - 2].opname == "LOAD_ATTR":
            stores.add(steps[k - 2].argval)
        changes = step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval in _CHANGES
        if changes and k and steps[k - 1].opname == "LOAD_ATTR":
            stores.add(steps[k - 1].argval)
    return reads, stores
