"""Which of the user's functions run when the gradient is computed, and what was in them."""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...sandbox import users_own


@dataclass(slots=True)
class Ran:
    """A piece of the user's code that ran.

    Attributes
    ----------
    code
        The code object.
    functions
        The function objects that hold it; empty for a function made anew in every call.
    variables
        Its local variables as its last call left them.
    outer
        Its globals.
    calls
        How often it was called.
    result
        What the last call returned.
    """

    code: types.CodeType
    functions: tuple[types.FunctionType, ...]
    variables: dict[str, Any]
    outer: dict[str, Any]
    calls: int = 1
    result: Any = None


@dataclass(slots=True)
class _Recorder:
    ran: dict[types.CodeType, Ran] = field(default_factory=dict)
    foreign: set[types.CodeType] = field(default_factory=set)

    def __call__(self, frame: types.FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if event not in ("call", "return") or code in self.foreign:
            return
        found = self.ran.get(code)
        if event == "call":
            if found is not None:
                found.calls += 1
            elif users_own(types.SimpleNamespace(__code__=code)):
                self.ran[code] = Ran(code, (), {}, frame.f_globals)
            else:
                self.foreign.add(code)
        elif found is not None:
            found.variables, found.result = dict(frame.f_locals), argument


def functions_run(call: Callable[[], Any]) -> dict[types.CodeType, Ran]:
    """What of the user's own code runs in `call`, in the order in which it is entered.

    Whatever the way that leads there, a global, a method, a closure or a decorator, the
    interpreter itself says which code it enters.
    """
    ran = code_run(call)
    _find_functions(ran)
    return ran


def code_run(call: Callable[[], Any]) -> dict[types.CodeType, Ran]:
    """The same without the functions that hold the code: to find those takes a while."""
    recorder = _Recorder()
    before = sys.getprofile()
    if before is not None and not callable(before):
        return {}  # a profiler written in C cannot be put back from here
    sys.setprofile(recorder)
    try:
        call()
    finally:
        sys.setprofile(before)
    return {code: ran for code, ran in recorder.ran.items() if not _is_part(code)}


def _is_part(code: types.CodeType) -> bool:
    """True for comprehensions and the like, which are edited with the function around them."""
    return code.co_name.startswith("<") and code.co_name != "<lambda>"


def _find_functions(ran: dict[types.CodeType, Ran]) -> None:
    # one look at what the collector tracks finds closures and decorated functions as well
    holders = gc.get_referrers(*ran) if ran else []
    for holder in holders:
        if isinstance(holder, types.FunctionType):
            found = ran.get(holder.__code__)
            if found is not None and holder.__globals__ is found.outer:
                found.functions = (*found.functions, holder)
