"""What the units of a network show: saturated, never inactive, fed by one example."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.problem import Problem
from gcmagic.units import never_inactive
from gcmagic.watched import Watched, watch

rng = np.random.default_rng(0)
X = rng.standard_normal((6, 3))
FLAT = {"W1": 60 * rng.standard_normal((3, 4)), "b1": np.ones(4), "W2": rng.standard_normal((4, 2))}

ACTIVATIONS = {
    "tanh": ("tanh", np.tanh),
    "sigmoid": ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
    "sigmoid, the other way round": ("sigmoid", lambda z: 1.0 / (np.exp(-z) + 1.0)),
    "maximum": ("relu", lambda z: np.maximum(0, z)),
    "mask": ("relu", lambda z: z * (z > 0)),
    "where": ("relu", lambda z: np.where(z > 0, z, 0.0)),
    "from below": ("relu", lambda z: np.where(z <= 0, 0.01 * z, z)),
}


def network(act, data=X):
    def cost(p):
        return np.sum(act(data @ p["W1"] + p["b1"]).dot(p["W2"]) ** 2)

    return Problem(cost, lambda p: p, FLAT)


@pytest.mark.parametrize("how", ACTIVATIONS)
def test_activations_are_seen_with_their_arrays_and_their_slopes(how):
    kind, act = ACTIVATIONS[how]
    problem = network(act)
    theta = problem.layout.flatten(FLAT)
    seen = watch(problem, theta)
    assert [unit.kind for unit in seen.units] == [kind]
    (unit,) = seen.units
    assert unit.names == ("W1", "b1")
    z = X @ FLAT["W1"] + FLAT["b1"]
    h = 1e-6
    assert np.allclose(unit.slopes, (act(z + h) - act(z - h)) / (2 * h) > 0.5, atol=0.5)
    assert np.array_equal(unit.slopes.shape, z.shape)
    assert seen.examples == [("W1", X.shape, 6)]


VIEWS = {
    "transposed": lambda w: w.T.T,
    "another shape": lambda w: w.reshape(-1).reshape(3, 4),
    "a part": lambda w: w[:, :],
    "a copy": lambda w: copy.deepcopy(w),
}


@pytest.mark.parametrize("how", VIEWS)
def test_what_is_made_of_a_parameter_is_told_of_as_the_parameter(how):
    def cost(p):
        return np.sum(np.tanh(X @ VIEWS[how](p["W1"]) + p["b1"]).dot(p["W2"]) ** 2)

    problem = Problem(cost, lambda p: p, FLAT)
    seen = watch(problem, problem.layout.flatten(FLAT))
    assert [(unit.kind, unit.names) for unit in seen.units] == [("tanh", ("W1", "b1"))]
    assert seen.examples == [("W1", X.shape, 6)]


def test_arrays_of_no_call_note_nothing_anywhere():
    problem = network(lambda z: np.tanh(pickle.loads(pickle.dumps(z))))
    for _ in range(2):
        seen = watch(problem, problem.layout.flatten(FLAT))
        assert not seen.units
    stray = np.ndarray.__new__(Watched, (2, 2))
    stray[...] = 0.0
    assert type(np.tanh(stray @ np.ones((2, 2)))) is Watched
    assert stray.seen is Watched.seen is None


def test_the_sigmoid_of_scipy_is_seen():
    expit = pytest.importorskip("scipy.special").expit
    problem = network(expit)
    (unit,) = watch(problem, problem.layout.flatten(FLAT)).units
    assert (unit.kind, unit.names) == ("sigmoid", ("W1", "b1"))


@pytest.mark.parametrize("how", ACTIVATIONS)
def test_the_call_gets_the_same_cost_bit_by_bit(how):
    values = []
    problem = network(ACTIVATIONS[how][1])
    kept = Problem(lambda p: values.append(problem.fun(p)) or 0.0, lambda p: p, FLAT)
    theta = problem.layout.flatten(FLAT)
    assert watch(kept, theta) is not None
    assert float(values[0]) == problem.cost_at(theta)


def test_a_cost_that_takes_no_such_arrays_tells_nothing():
    def cost(p):
        if type(p) is not np.ndarray:
            raise TypeError("plain arrays only")
        return float(np.sum(p**2))

    assert watch(Problem(cost, lambda p: p, np.ones(3)), np.ones(3)) is None
    assert gcm.check(cost, lambda p: 2 * p, np.ones(3)).passed


def two_layers(params, data=X, **options):
    """A right tanh network with one output."""
    y = np.ones(len(data))

    def cost(p):
        return np.mean((np.tanh(data @ p["W1"]) @ p["w2"] - y) ** 2)

    def backward(p):
        A = np.tanh(data @ p["W1"])
        d = 2 * (A @ p["w2"] - y) / len(data)
        return {"W1": data.T @ (np.outer(d, p["w2"]) * (1 - A**2)), "w2": A.T @ d}

    return gcm.check(cost, backward, params, steps=0, **options)


def test_saturated_is_told_of_the_layer_and_only_where_it_is():
    start = {"W1": rng.standard_normal((3, 2)), "w2": np.array([1.0, 0.5])}
    told = [f for f in two_layers(start).findings if f.code == "saturated"]
    assert not told
    report = two_layers({**start, "W1": 200 * start["W1"]})
    (told,) = [f for f in report.findings if f.code == "saturated"]
    assert told.where == "W1"
    slopes = 1 - np.tanh(X @ (200 * start["W1"])) ** 2
    assert told.evidence.endswith(f"{np.count_nonzero(slopes < 1e-8)} of {slopes.size} values")
    assert report.verdict is not gcm.FAIL


@pytest.mark.parametrize("count", [1, 2])
def test_one_example_is_told_and_two_are_not(count):
    start = {"W1": rng.standard_normal((3, 2)), "w2": np.array([1.0, 0.5])}
    report = two_layers(start, X[:count])
    codes = [f.code for f in report.findings]
    assert ("no-power" in codes) == (count == 1)
    assert report.passed


def test_no_inactive_relu_is_a_fact_of_the_point():
    problem = network(lambda z: np.maximum(0, z))
    high = {**FLAT, "b1": np.full(4, 1e3)}
    assert never_inactive(problem, _at(problem, high)) == "no relu unit is inactive"
    assert not never_inactive(problem, _at(problem, FLAT))
    assert not never_inactive(network(np.tanh), _at(problem, high))


def _at(problem, params):
    report = gcm.check(lambda p: 0.5 * np.sum(p**2), lambda p: p, problem.layout.flatten(params))
    return report.phases[0]


@pytest.mark.parametrize("size", [0.05, 5.0])
def test_a_missing_mask_that_the_start_hides(size):
    data, start = np.abs(X), {"W1": np.full((3, 4), size), "w2": np.arange(1.0, 5.0)}

    def cost(p):
        return np.sum((np.maximum(0, data @ p["W1"]) @ p["w2"] - 1) ** 2)

    def backward(p):
        A = np.maximum(0, data @ p["W1"])
        d = 2 * (A @ p["w2"] - 1)
        return {"W1": data.T @ np.outer(d, p["w2"]), "w2": A.T @ d}  # should be times (A > 0)

    report = gcm.check(cost, backward, start, steps=0, repair=0)
    if size < 1:  # told wrong, and why the start does not show it
        assert report.wrong == ("W1",)
        (told,) = [f for f in report.findings if f.code == "hidden"]
        assert "no relu unit is inactive" in told.evidence
    else:  # no point near the start shows it: that is told
        assert report.passed
        (told,) = [f for f in report.findings if f.code == "no-power"]
        assert "at 3 points" in told.evidence


def test_what_is_flat_is_told_whatever_the_activation_is_called():
    """Gaussian units that are far from their centres: nothing of a tanh or a sigmoid in them."""
    Y = rng.standard_normal(6)

    def forward(p):
        return np.exp(-((X @ p["W"] + p["b"]) ** 2))

    def cost(p):
        return np.mean((forward(p) @ p["v"] + p["c"] - Y) ** 2)

    def grad(p):
        A = forward(p)
        d = 2 * (A @ p["v"] + p["c"] - Y) / 6
        dZ = -2 * (X @ p["W"] + p["b"]) * A * np.outer(d, p["v"])
        return {"W": X.T @ dZ, "b": dZ.sum(axis=0), "v": A.T @ d, "c": d.sum()}

    params = {"W": np.zeros((3, 2)), "b": np.array([8.0, -8.0]), "v": np.ones(2), "c": 0.5}
    report = gcm.check(cost, grad, params)
    (said,) = [f for f in report.findings if f.code == "saturated"]
    assert said.where == "W b v"
    assert report.verdict is gcm.PASS
    assert report.is_settled(said)
    near = gcm.check(cost, grad, params | {"b": np.array([0.8, -0.8])})
    assert "saturated" not in {f.code for f in near.findings}


def test_a_gradient_that_cancels_is_not_called_flat():
    """A softmax of nothing with as many examples of each label: the slope of the bias is zero."""
    labels = np.array([0, 1, 2, 0, 1, 2])

    def shares(p):
        e = np.exp(X @ p["W"] + p["b"])
        return e / e.sum(axis=1, keepdims=True)

    def cost(p):
        return -np.mean(np.log(shares(p)[np.arange(6), labels]))

    def grad(p):
        d = (shares(p) - np.eye(3)[labels]) / 6
        return {"W": X.T @ d, "b": d.sum(axis=0)}

    report = gcm.check(cost, grad, {"W": np.zeros((3, 3)), "b": np.full(3, 0.1)})
    assert 0 < np.max(np.abs(report.phases[0].block("b").analytic)) < 1e-15
    assert report.verdict is gcm.PASS
    assert "saturated" not in {f.code for f in report.findings}
