"""Costs that go up and down within a step: right code is not wrong for it, bugs stay told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import gcmagic as gcm


def waves(
    often: float, seed: int, bug: Callable[[np.ndarray], np.ndarray] = np.array
) -> gcm.Report:
    """The check of a sum of squares of sines, at weights of size one."""
    rng = np.random.default_rng(seed)
    x, t = rng.standard_normal((6, 40)), rng.standard_normal((3, 40))

    def cost(w: np.ndarray) -> float:
        return float(np.sum((np.sin(often * (w @ x)) - t) ** 2))

    def backward(w: np.ndarray) -> np.ndarray:
        z = often * (w @ x)
        return bug(2 * often * ((np.sin(z) - t) * np.cos(z)) @ x.T)

    return gcm.check(cost, backward, rng.standard_normal((3, 6)), steps=0, repair=0)


def one_percent(g: np.ndarray) -> np.ndarray:
    return np.where(np.arange(g.size).reshape(g.shape) == 4, 1.01 * g, g)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("often", [1.0, 30.0, 1e5, 1e6])
def test_right_code_passes_with_steps_that_are_short_enough(often, seed):
    assert waves(often, seed).verdict is gcm.PASS


@pytest.mark.parametrize("bug", [lambda g: 2 * g, lambda g: 1.0001 * g, one_percent])
@pytest.mark.parametrize("often", [1.0, 30.0, 100.0, 1e5, 1e6])
def test_wrong_code_fails(often, bug):
    assert waves(often, 0, bug).verdict is gcm.FAIL


@pytest.mark.parametrize("often", [1e3, 1e4, 1e7, 1e8, 1e9])
def test_where_no_step_is_short_enough_right_code_does_not_fail(often):
    assert waves(often, 1).verdict is not gcm.FAIL
