"""Settings of the whole process: where it is, how numbers are written, who logs, where print goes.

No object of the user's leads to them, so they are remembered one by one.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

Setting = tuple[Callable[[], Any], Callable[[Any], Any]]


@contextlib.contextmanager
def settings() -> Iterator[None]:
    """Put back on the way out what is not as it was: some of it costs more to set than to ask.

    A panel's check runs beside the cells of the notebook, in a thread of its own: it leaves alone
    what the cells may be setting meanwhile.
    """
    if not in_main_thread():
        yield
        return
    before = [(get, put, get()) for get, put in (*ALWAYS, *_where_loaded())]
    try:
        yield
    finally:
        for get, put, saved in before:
            with contextlib.suppress(Exception):  # a folder that is gone; all others go on
                if get() != saved:
                    put(saved)


def in_main_thread() -> bool:
    """Whether this is the thread that runs the notebook's cells."""
    return threading.current_thread() is threading.main_thread()


def logger_state(logger: logging.Logger) -> Setting:
    """What gets and puts back the level, the handlers and the filters of a logger."""

    def get() -> Any:
        handlers, filters = tuple(logger.handlers), tuple(logger.filters)
        return logger.level, logger.disabled, logger.propagate, handlers, filters

    def put(saved: Any) -> None:
        level, logger.disabled, logger.propagate, logger.handlers[:], logger.filters[:] = saved
        logger.setLevel(level)  # which forgets what it has answered meanwhile

    return get, put


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was taken away
        return None


def _environment() -> dict[Any, Any]:
    # a copy of os.environ itself decodes every name and value, which takes 50 times as long
    return dict(getattr(os.environ, "_data"))  # noqa: B009


def _put_environment(saved: dict[Any, Any]) -> None:
    environ: Any = os.environ
    wanted = {environ.decodekey(k): environ.decodevalue(v) for k, v in saved.items()}
    for name in environ.keys() - wanted.keys():
        del environ[name]
    for name, value in wanted.items():
        if environ.get(name) != value:
            environ[name] = value


def _put_path(saved: list[str]) -> None:
    sys.path[:] = saved


def _streams() -> tuple[Any, Any]:
    return sys.stdout, sys.stderr


def _put_streams(saved: tuple[Any, Any]) -> None:
    sys.stdout, sys.stderr = saved


ALWAYS: tuple[Setting, ...] = (
    (_folder, lambda folder: folder is None or os.chdir(folder)),
    (_environment, _put_environment),
    (lambda: sys.path[:], _put_path),
    (_streams, _put_streams),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (gc.isenabled, lambda enabled: gc.enable() if enabled else gc.disable()),
    (lambda: logging.root.manager.disable, logging.disable),
    # logging.info() gives a logger that has none a handler, on the stderr of that moment
    logger_state(logging.root),
)


def _where_loaded() -> Iterator[Setting]:
    decimal: Any = sys.modules.get("decimal")
    if decimal is not None and hasattr(decimal, "getcontext"):
        own = decimal.getcontext()
        copy = own.copy()

        def put(_: Any) -> None:
            decimal.setcontext(own)
            for name in ("prec", "rounding", "Emin", "Emax", "capitals", "clamp"):
                setattr(own, name, getattr(copy, name))
            for flags in ("flags", "traps"):
                getattr(own, flags).update(getattr(copy, flags))

        yield lambda: (decimal.getcontext() is own, repr(decimal.getcontext())), put
    matplotlib: Any = sys.modules.get("matplotlib")
    if matplotlib is not None and hasattr(matplotlib, "rcParams"):
        yield _drawing, _put_drawing


def _drawing() -> list[Any]:
    """The values of Matplotlib's rcParams, whose names are always the same."""
    return list(dict.values(sys.modules["matplotlib"].rcParams))  # pyright: ignore


def _put_drawing(saved: list[Any]) -> None:
    parameters = sys.modules["matplotlib"].rcParams  # pyright: ignore
    for name, value in zip(list(dict.keys(parameters)), saved, strict=True):
        # the backend is chosen when it is needed, and stays chosen
        if name != "backend" and dict.get(parameters, name) != value:
            dict.__setitem__(parameters, name, value)  # as it was: no need to be validated
