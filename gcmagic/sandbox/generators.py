"""Random generators: which states there are, and where they lie behind a library's objects."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import Any

import numpy as np

State = tuple[Callable[[], Any], Callable[[Any], Any]]


def is_generator(value: Any) -> bool:
    """Whether it is a random generator of NumPy, Python or torch."""
    if isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
        return True
    return type(value).__name__ == "Generator" and _package(value) == "torch"


def state_of(value: Any) -> State | None:
    """What gets the state of a generator and what puts it back; None where it has none to keep."""
    if isinstance(value, np.random.Generator):
        bits = value.bit_generator
        return lambda: bits.state, lambda state: setattr(bits, "state", state)
    if isinstance(value, np.random.RandomState):
        if value is getattr(np.random.mtrand, "_rand"):  # noqa: B009 (it has an entry of its own)
            return None
        return functools.partial(value.get_state, legacy=False), value.set_state
    if isinstance(value, random.SystemRandom):  # it asks the machine each time
        return None
    if isinstance(value, random.Random):
        return value.getstate, value.setstate
    return value.get_state, value.set_state


def tensor_state(value: Any) -> State | None:
    """The same for the numbers of a tensor of torch; None for anything else."""
    if _package(value) != "torch" or not hasattr(value, "detach"):
        return None
    return lambda: value.detach().clone(), value.data.copy_


def owner_behind(method: Any) -> Any:
    """The object of a bound method in C, ``draw = random.Random(1).random``; a module for len."""
    return getattr(method, "__self__", None)


def _package(value: Any) -> str:
    return str(type(value).__module__).partition(".")[0]
