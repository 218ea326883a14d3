"""Gradient checking for backward passes written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .check import check
from .comparison import FAIL, INCONCLUSIVE, PASS, Status, Verdict
from .errors import (
    BindingError,
    CheckInterrupted,
    GradcheckError,
    GradcheckFailed,
    InputError,
    UserCodeError,
)
from .explain import explain
from .report import Report
from .schemes import CENTRAL, COMPLEX_STEP, FORWARD, RICHARDSON, Scheme
from .sweep import sweep

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from . import plots
    from .discovery import discover
    from .selftest import SelfTest, self_test

__version__ = "0.1.0"

__all__ = [
    "CENTRAL",
    "COMPLEX_STEP",
    "FAIL",
    "FORWARD",
    "INCONCLUSIVE",
    "PASS",
    "RICHARDSON",
    "BindingError",
    "CheckInterrupted",
    "GradcheckError",
    "GradcheckFailed",
    "InputError",
    "Report",
    "Scheme",
    "SelfTest",
    "Status",
    "UserCodeError",
    "Verdict",
    "check",
    "discover",
    "explain",
    "plots",
    "self_test",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is first asked for."""
    from importlib import import_module

    if name == "plots":  # matplotlib
        return import_module(".plots", __name__)
    if name == "discover":
        return import_module(".discovery", __name__).discover
    if name in ("SelfTest", "self_test"):
        return getattr(import_module(".selftest", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext gcmagic``."""
    from .jupyter.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext gcmagic``."""
    from .jupyter.magics import unload

    unload(shell)
