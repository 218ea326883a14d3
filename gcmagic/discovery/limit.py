"""A time limit for calls of the user's code: one that loops for ever must not take the notebook.

A timer of the operating system interrupts the main thread; no thread is started that could not be
stopped. Elsewhere (Windows, other threads) there is no limit.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

SECONDS = 20.0


class TimeLimitReached(BaseException):
    """Not an Exception: the user's ``except Exception`` must not swallow it."""


def is_available() -> bool:
    """True where a call can be stopped: the main thread of a system with timers."""
    main = threading.current_thread() is threading.main_thread()
    return main and hasattr(signal, "setitimer")


@contextlib.contextmanager
def limited(seconds: float | None = None) -> Iterator[None]:
    """Raise `TimeLimitReached` in the block once it has taken that long.

    A timer that the user has set already stays, and there is no limit then.
    """
    seconds = SECONDS if seconds is None else seconds
    if not is_available() or signal.getitimer(signal.ITIMER_REAL)[0] > 0:
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise TimeLimitReached

    start = time.monotonic()
    handler = signal.signal(signal.SIGALRM, stop)
    # again and again: a bare except in the user's loop would swallow the first
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
        if time.monotonic() - start > seconds:
            raise TimeLimitReached  # the user's code has caught it
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
