"""What proves a repair: points where every candidate finds the same data."""

from __future__ import annotations

import contextlib

import numpy as np

from gcmagic.diagnosis.repair.proof import Proofs
from gcmagic.diagnosis.repair.running import functions_run
from gcmagic.phase import Settings
from gcmagic.problem import Problem

WEIGHTS = np.array([1.0, -2.0, 0.5, 3.0])
DATA = np.array([[1.0, 2.0, 3.0, 4.0]] * 3)
LABELS = np.array([1.0, -1.0, 2.0])


def cost(w):
    return float(np.sum((DATA @ w - LABELS) ** 2))


def right(w):
    return 2 * DATA.T @ (DATA @ w - LABELS)


def careless(w):
    DATA[:] = 0.0
    return 2 * DATA.T @ (DATA @ w - LABELS)


@contextlib.contextmanager
def standing(candidate):
    before = right.__code__
    right.__code__ = candidate.__code__
    try:
        yield
    finally:
        right.__code__ = before


def proofs_of_right():
    ran = tuple(functions_run(lambda: right(WEIGHTS) * cost(WEIGHTS)).values())
    return Proofs(Problem(cost, right, WEIGHTS), Settings(), WEIGHTS, (), ran)


def assert_tells_each_time(point):
    assert point.passes()
    with standing(careless):
        assert not point.passes()
    assert point.passes()


def test_what_a_candidate_writes_into_the_data_is_put_back_before_the_next_one():
    proofs = proofs_of_right()
    saved = DATA.copy()
    proofs.look(contextlib.nullcontext)
    assert_tells_each_time(proofs.points[0])
    with proofs.other_batch(contextlib.nullcontext) as fewer:
        assert fewer is not None
        assert_tells_each_time(fewer)
    assert np.array_equal(DATA, saved)


def test_a_point_is_measured_on_the_users_data_whatever_the_likely_repair_does_to_them():
    proofs = proofs_of_right()
    proofs.look(lambda: standing(careless))
    assert_tells_each_time(proofs.points[0])
