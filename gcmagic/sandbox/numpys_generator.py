"""NumPy's global generator, compared in microseconds: its state takes 250 of them to be read.

`RandomState.get_state` builds the 624 words of the Mersenne twister as Python numbers one by one.
Whether anything was drawn shows in the bytes of the twister itself, which NumPy offers to C code
by their address. The normal variable that `randn` keeps for its next call is not among them; where
there was one, the state is read in full.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from .entries import Entry, alike

# mt19937_state of NumPy: uint32_t key[624]; int pos
_WORDS = 624
_BYTES = 4 * _WORDS + 4


def legacy_generator() -> Entry:
    """An entry for the generator behind ``np.random.rand`` and its kind."""
    legacy = getattr(np.random.mtrand, "_rand")  # noqa: B009 (a private name)
    bits = getattr(legacy, "_bit_generator")  # noqa: B009
    saved = legacy.get_state(legacy=False)
    raw = _reader(bits, saved)

    def differs() -> bool:
        if raw is not None and getattr(legacy, "_bit_generator") is bits:  # noqa: B009
            return raw() != was
        return not alike(legacy.get_state(legacy=False), saved)

    def restore() -> None:
        if differs():
            legacy.set_state(saved)

    was = b"" if raw is None else raw()
    return Entry("NumPy's generator", differs, restore)


def _reader(bits: Any, saved: dict[str, Any]) -> Callable[[], bytes] | None:
    """What reads the bytes of the twister; None where they do not say all, or are not as known."""
    if type(bits) is not np.random.MT19937 or saved["has_gauss"]:
        return None
    try:
        address = bits.ctypes.state_address
    except (AttributeError, ImportError):
        return None
    state = saved["state"]
    expected = state["key"].astype(np.uint32).tobytes() + np.uint32(state["pos"]).tobytes()
    read = lambda: ctypes.string_at(address, _BYTES)  # noqa: E731
    return read if read() == expected else None
