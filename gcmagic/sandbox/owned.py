"""What is the user's own, and which names its code reads, binds and asks of objects."""

from __future__ import annotations

import dis
import functools
import os
import sys
import sysconfig
import types
from typing import Any

LIBRARIES = tuple(
    os.path.join(path, "")
    for key in ("stdlib", "platstdlib", "purelib", "platlib")
    if (path := sysconfig.get_paths().get(key))
)
_OURS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")


def users_own(value: Any) -> bool:
    """True where a function or class comes from the user, not from a library."""
    code = getattr(value, "__code__", None)
    if isinstance(code, types.CodeType):
        return not code.co_filename.startswith((*LIBRARIES, _OURS, "<frozen"))
    if not isinstance(value, type):
        return False
    module = getattr(value, "__module__", None)  # a descriptor in some classes made by Cython
    return users_module(module if isinstance(module, str) else "")


def users_module(name: str) -> bool:
    """Whether a module of this name is the user's, and no library's."""
    if name == "__main__":
        return True
    if name == "builtins" or name.partition(".")[0] in sys.stdlib_module_names:
        return False
    if name.startswith("_cython_"):  # the class of functions that Cython made: of no file
        return False
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is None or not file.startswith((*LIBRARIES, _OURS))


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


@functools.lru_cache(maxsize=1024)
def constant_texts(code: types.CodeType) -> tuple[str, ...]:
    """Texts that `code`, with the functions nested in it, holds."""
    found: tuple[str, ...] = ()
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found += constant_texts(constant)
        elif isinstance(constant, str) and constant:
            found += (constant,)
    return found
