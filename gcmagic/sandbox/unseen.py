"""User code that is run for its numbers: nothing is changed by it, and nothing heard of it."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

import numpy as np

from .settings import in_main_thread
from .snapshot import Snapshot, untouched


@contextmanager
def unseen(*roots: Any) -> Iterator[Snapshot]:
    """`untouched`, and what thousands of calls print, warn of, log and display is not shown.

    What is not finite is a finding, not a warning.
    """
    with untouched(*roots) as snapshot, unheard():
        yield snapshot


@contextmanager
def unheard() -> Iterator[None]:
    """Nothing printed, logged or displayed; NumPy warns of nothing."""
    with (
        np.errstate(all="ignore"),
        redirect_stdout(StringIO()),
        redirect_stderr(StringIO()),
        _unlogged(),
        _undisplayed(),
    ):
        yield


@contextmanager
def _unlogged() -> Iterator[None]:
    """No logger says anything: a handler has its own stream or file, from before."""
    if not in_main_thread():
        yield
        return
    level = logging.root.manager.disable
    logging.disable(sys.maxsize)
    try:
        yield
    finally:
        logging.disable(level)


@contextmanager
def _undisplayed() -> Iterator[None]:
    """``display(...)`` and ``clear_output()`` do nothing in this thread; others go on showing."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if hasattr(ipython, "get_ipython") else None
    publisher = getattr(shell, "display_pub", None)
    if publisher is None or not in_main_thread():
        yield
        return
    own = vars(publisher)
    before = {name: own[name] for name in ("publish", "clear_output") if name in own}
    here = threading.get_ident()

    def elsewhere(function: Any) -> Any:
        def show(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != here:
                return function(*args, **kwargs)
            return None

        return show

    publisher.publish = elsewhere(publisher.publish)
    publisher.clear_output = elsewhere(publisher.clear_output)
    try:
        yield
    finally:
        for name in ("publish", "clear_output"):
            own.pop(name, None)
        own.update(before)
