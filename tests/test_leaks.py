"""A cell that is run again and again leaves one panel behind."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from matplotlib.figure import Figure

import gcmagic as gcm
from gcmagic.jupyter.showing import Stage

from .test_magics import Run, shell  # noqa: F401 - a fixture

RUNS = 100


def left():
    """Widgets, figures and threads that are alive."""
    gc.collect()
    figures = sum(isinstance(thing, Figure) for thing in gc.get_objects())
    return len(_instances), figures, threading.active_count()


@pytest.fixture
def jupyter(shell):  # noqa: F811
    """A shell that takes itself for one in Jupyter."""
    shell.kernel = object()
    shell.user_ns["report"] = gcm.check(
        lambda w: np.sum(w**2), lambda w: 3 * w, np.ones(2), steps=0
    )
    yield shell
    del shell.kernel


def test_many_runs_leave_what_one_leaves(jupyter):
    before = left()
    cell = "panel = report.explore(); panel"
    Run(jupyter, cell)
    once = left()
    assert once[0] > before[0]
    assert once[1] == before[1] + 1
    for _ in range(RUNS - 1):
        assert Run(jupyter, cell).result.success
    assert left() == once
    del jupyter.user_ns["panel"]
    Stage.of(jupyter).close()
    assert left()[0] == before[0]


def test_a_panel_that_has_worked_leaves_no_thread_behind(jupyter):
    before = threading.active_count()
    cell = "panel = report.explore()"
    for _ in range(3):
        Run(jupyter, cell)
        [[dashboard]] = Stage.of(jupyter)._panels.values()
        dashboard.controls.epsilon.value = 1e-3
        assert dashboard.wait(20)
    worker = dashboard._worker
    assert threading.active_count() <= before + 1
    Stage.of(jupyter).close()
    worker.join(5)
    assert threading.active_count() == before
