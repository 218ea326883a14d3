"""Schemes by the one identity that holds them all, and by what they do to polynomials."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from gcmagic import CENTRAL, COMPLEX_STEP, FORWARD, RICHARDSON, InputError
from gcmagic.derivatives import derivative
from gcmagic.problem import Problem
from gcmagic.schemes import SCHEMES, as_scheme, default_epsilon, steps_for

ALL = [FORWARD, CENTRAL, RICHARDSON, COMPLEX_STEP]


@pytest.mark.parametrize("scheme", ALL, ids=lambda s: s.name)
def test_weights_pick_the_first_derivative_and_nothing_else_up_to_the_order(scheme):
    for power in range(scheme.order + 1):
        total = sum(
            w * complex(o) ** power for o, w in zip(scheme.offsets, scheme.weights, strict=True)
        )
        assert complex(total).real == pytest.approx(float(power == 1), abs=1e-15)


@pytest.mark.parametrize("scheme", ALL, ids=lambda s: s.name)
@given(at=st.floats(-3, 3), degree=st.integers(0, 4))
def test_polynomials_up_to_the_order_are_exact(scheme, at, degree):
    degree = min(degree, scheme.order)
    problem = Problem(lambda t: t**degree, lambda t: t, at)
    h = np.array([1e-20 if scheme.is_complex else 0.1])
    found = derivative(problem, np.array([at]), np.array([0]), h, scheme)
    wanted = degree * at ** (degree - 1) if degree else 0.0
    assert found.values[0] == pytest.approx(wanted, abs=1e-11)


def test_the_lecture_numbers():
    """theta**3 at 1 with epsilon 0.01: 3.0001 from two sides, 3.0301 from one."""
    problem = Problem(lambda t: t**3, lambda t: 3 * t**2, 1.0)
    at, h = np.array([1.0]), np.array([0.01])
    two = derivative(problem, at, np.array([0]), h, CENTRAL).values[0]
    one = derivative(problem, at, np.array([0]), h, FORWARD).values[0]
    assert two == pytest.approx(3.0001, abs=1e-12)
    assert one == pytest.approx(3.0301, abs=1e-12)


@pytest.mark.parametrize(
    ("scheme", "cost", "epsilon"),
    [
        (CENTRAL, 0.7, 1e-5),
        (CENTRAL, 1e3, 1e-4),
        (CENTRAL, -1e9, 1e-2),
        (CENTRAL, 1e30, 1e-1),
        (CENTRAL, math.nan, 1e-5),
        (FORWARD, 1.0, 1e-7),
        (RICHARDSON, 1e5, 1e-2),
        (COMPLEX_STEP, 1e9, 1e-20),
    ],
)
def test_default_epsilon_grows_with_the_cost(scheme, cost, epsilon):
    assert default_epsilon(scheme, cost) == pytest.approx(epsilon)


def test_default_steps_scale_with_theta_and_given_ones_do_not():
    theta = np.array([0.01, -200.0])
    np.testing.assert_allclose(steps_for(theta, CENTRAL, None, 1.0), [1e-5, 2e-3])
    np.testing.assert_allclose(steps_for(theta, CENTRAL, 1e-7, 1.0), [1e-7, 1e-7])


@pytest.mark.parametrize("epsilon", [0, -1e-5, math.nan, math.inf, "small", 1j])
def test_an_epsilon_that_is_none_is_refused(epsilon):
    with pytest.raises(InputError, match="epsilon is"):
        steps_for(np.ones(2), CENTRAL, epsilon, 1.0)


def test_the_step_really_taken_divides():
    # 1e5 + 1e-7 is not 1e-7 away from 1e5 in float64; for a linear cost D is exact all the same
    problem = Problem(lambda t: 3.0 * t, lambda t: 3.0, 1e5)
    found = derivative(problem, np.array([1e5]), np.array([0]), np.array([1e-7]))
    assert found.steps[0] != 1e-7
    assert found.values[0] == pytest.approx(3.0, rel=1e-3)


def test_an_epsilon_that_moves_nothing_is_refused_with_the_component():
    problem = Problem(lambda t: t.sum(), lambda t: np.ones(2), np.array([1.0, 1e9]))
    with pytest.raises(InputError, match=r"too small to move theta\[1\] = 1e\+09"):
        derivative(problem, np.array([1.0, 1e9]), np.arange(2), np.full(2, 1e-9))


def test_schemes_go_by_name():
    assert all(as_scheme(name) is scheme for name, scheme in SCHEMES.items())
    with pytest.raises(InputError, match="no scheme 'centered'; there are: forward central"):
        as_scheme("centered")
