"""All arrays at once: what each of them gives by itself, or nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gcmagic.all_arrays import agreeing
from gcmagic.derivatives import Derivative
from gcmagic.one_array import compare
from gcmagic.phase import Settings
from gcmagic.problem import Problem

SHAPES = {"W": (3, 4), "b": (3, 1), "scale": ()}


def made(seed: int, noise: float, bug: float = 1.0, large: float = 1.0):
    """A quadratic cost, its gradient, and slopes that are off by `noise`; of one array `large`."""
    rng = np.random.default_rng(seed)
    params = {name: rng.standard_normal(shape) for name, shape in SHAPES.items()}
    factors = {"W": large, "b": 1.0, "scale": 1.0}
    problem = Problem(
        lambda p: sum(factors[name] * np.sum(v**2) for name, v in p.items()),
        lambda p: {name: 2 * factors[name] * v for name, v in p.items()},
        params,
    )
    theta = problem.layout.flatten(params)
    slopes = problem.gradient_at(theta)
    gradient = slopes.copy()
    gradient[4] *= bug
    every = []
    for block in problem.layout.blocks:
        components = np.arange(block.start, block.stop)
        steps = np.full(block.size, 1e-5)
        values = slopes[block.slice] + noise * rng.uniform(-1, 1, block.size) / 1e-5
        every.append(Derivative(components, values, steps, None, 2 * block.size, 1 / steps, 7))
    return problem, theta, gradient, every


def at_once(problem, gradient, every, noise):
    """What is found of all arrays at once, of a cost of one."""
    blocks = problem.layout.blocks
    chosen = [np.arange(block.size) for block in blocks]
    return agreeing(blocks, chosen, gradient, every, 1.0, noise, 1e-7)


def by_itself(problem, theta, gradient, every, noise):
    """What each array gives by itself."""
    return [
        compare(problem, theta, block, gradient, 1.0, noise, Settings(), None, found=part)[0]
        for block, part in zip(problem.layout.blocks, every, strict=True)
    ]


@given(seed=st.integers(0, 10**6), noise=st.sampled_from([1e-16, 1e-14, 1e-13]))
def test_what_is_found_of_all_is_what_each_gives_by_itself(seed: int, noise: float) -> None:
    problem, theta, gradient, every = made(seed, noise)
    alone = by_itself(problem, theta, gradient, every, noise)
    found = at_once(problem, gradient, every, noise)
    assert found is not None
    for one, other in zip(found, alone, strict=True):
        assert one.block is other.block
        assert one.verdict is other.verdict
        assert one.pre_activations == other.pre_activations == 7
        assert one.rounding == pytest.approx(other.rounding, rel=1e-14)
        for name in ("components", "analytic", "numeric", "error", "status"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
            assert not getattr(one, name).flags.writeable


@settings(max_examples=60, deadline=None)
@example(seed=309, exponent=-9.0, bug=2.130113074672858e-07, large=1e3, plain=False)
@given(
    seed=st.integers(0, 10**6),
    exponent=st.floats(-9.5, -6),
    bug=st.floats(-6e-7, 6e-7),
    large=st.sampled_from([1.0, 1e3]),
    plain=st.booleans(),
)
def test_all_agree_at_once_exactly_where_each_does_at_first_sight(
    seed: int, exponent: float, bug: float, large: float, plain: bool
) -> None:
    noise = 1e-16 if plain else 10.0**exponent  # without, errors that hide a bug from -7.4 on
    problem, theta, gradient, every = made(seed, noise, 1.0 + bug, large)
    together = at_once(problem, gradient, every, noise)  # first: slopes that are climbed for change
    at_first_sight = all(
        compare(problem, theta, block, gradient, 1.0, noise, Settings(), None, found=part)[1]
        == part.nfev
        for block, part in zip(problem.layout.blocks, every, strict=True)
    )
    assert (together is not None) == at_first_sight


@pytest.mark.parametrize(
    ("bug", "noise"),
    [
        pytest.param(1.01, 1e-16, id="a component is off"),
        pytest.param(np.nan, 1e-16, id="a gradient that is not finite"),
        pytest.param(np.inf, 1e-16, id="an infinite one"),
        pytest.param(1.0, 1e-4, id="errors that would hide a bug"),
    ],
)
def test_nothing_is_said_of_all_where_one_has_to_be_looked_at(bug: float, noise: float) -> None:
    problem, _, gradient, every = made(0, 1e-16, bug)
    assert at_once(problem, gradient, every, noise) is None


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_slope_that_is_not_finite_is_looked_at_by_itself(wrong: float) -> None:
    problem, _, gradient, every = made(0, 1e-16)
    every[1].values[0] = wrong
    assert at_once(problem, gradient, every, 1e-16) is None


def test_an_array_where_nothing_moves_is_looked_at_by_itself() -> None:
    problem, _, gradient, every = made(0, 1e-16)
    gradient[problem.layout.blocks[1].slice] = 0.0
    every[1].values[:] = 0.0
    assert at_once(problem, gradient, every, 1e-16) is None
    every[1].amplified[:] = 0.0  # as by the complex step
    assert at_once(problem, gradient, every, 1e-16) is None
