"""User code that is run for its numbers: nothing is changed by it, and nothing heard of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

import numpy as np

from .snapshot import Snapshot, untouched


@contextmanager
def unseen(*roots: Any) -> Iterator[Snapshot]:
    """`untouched`, and what thousands of calls print, warn of and log is not shown.

    What is not finite is a finding, not a warning.
    """
    with (
        untouched(*roots) as snapshot,
        np.errstate(all="ignore"),
        redirect_stdout(StringIO()),
        redirect_stderr(StringIO()),
    ):
        yield snapshot
