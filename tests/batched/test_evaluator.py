"""The evaluator: when it leaves an array to the loop and why, the audit, memory, interrupts."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from gcmagic import CheckInterrupted, UserCodeError
from gcmagic.batched import BatchedEvaluator, evaluator
from gcmagic.batched.arrays import Copies, of_parameter
from gcmagic.batched.batch import Batch
from gcmagic.batched.quick import quick
from gcmagic.batched.representation import RULES
from gcmagic.batched.tracing import traced
from gcmagic.evaluation import SerialEvaluator
from gcmagic.problem import Problem
from tests.problems import tanh_network

DATA = np.random.default_rng(0).standard_normal((8, 6))
THETA = np.random.default_rng(1).standard_normal((6, 7))


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(evaluator, "QUICK", 0.0)


def points_of(theta):
    return theta[:, None] + 1e-5 * np.array([-1.0, 1.0])


def both(cost, params=THETA, **options):
    """The evaluator after its work, its values and the loop's."""
    problem = Problem(cost, lambda p: p, params)
    theta = problem.layout.flatten(params)
    batched = BatchedEvaluator(**options)
    every = np.arange(theta.size)
    found = batched(problem, theta, every, points_of(theta))
    return batched, found, SerialEvaluator()(problem, theta, every, points_of(theta))


def _preallocated(w):
    out = np.zeros((8, 7))
    out[:] = DATA @ w
    return (out**2).sum()


def _one_by_one(w):
    out = np.zeros(8)
    for k in range(8):
        out[k] = np.sum(DATA[k] @ w)
    return (out**2).sum()


def _out(w):
    out = np.zeros((8, 7))
    np.matmul(DATA, w, out=out)
    return (out**2).sum()


def _aliased(w):
    out = np.zeros((8, 7))
    other = out
    out += DATA @ w
    return (other**2).sum() + (out**2).sum()


def _swallows(w):
    try:
        return float((DATA @ w).sum()) + 1.0
    except BaseException:
        return 0.0


def _mask(w):
    return np.sum(w**2) + np.sum(np.sort(w[w > THETA]))


def _prints(w):
    J = (w**2).sum()
    print(f"cost {J}", file=None) if J > 1e9 else str(J)
    return J


FALLBACKS = {
    "float": (lambda w: float(np.sum(w**2)) + 1.0, "into a float and goes on with it"),
    "straight on": (
        lambda w: math.sqrt(np.sum(w**2)),
        r"into a float and goes on with it \(line \d+ of <lambda>: lambda w: math.sqrt",
    ),
    "math": (lambda w: math.log(np.sum(w**2)), "into a float and goes on with it"),
    "branch": (
        lambda w: np.sum(w**2) if w[0, 0] > THETA[0, 0] else np.sum(w * w),
        "branches on a value that the perturbation changes",
    ),
    "preallocated": (_preallocated, "puts values into a plain array"),
    "one by one": (_one_by_one, r"puts values into a plain array \(line \d+ of _one_by_one"),
    "out": (_out, "writes into a plain array"),
    "another name": (_aliased, "writes into a plain array"),
    "array of arrays": (lambda w: np.array([w, w]).sum(), "puts values into a plain array"),
    "unknown": (lambda w: np.abs(np.fft.fft(w[0])).sum() + np.sum(w), "np.fft is not known"),
    "method": (lambda w: float(len(w.tobytes())) + np.sum(w), r"\.tobytes is not known"),
    "mask": (_mask, "goes on with what a mask picked that the perturbation changes"),
    "prints": (_prints, "prints a value"),
    "swallowed": (_swallows, "into a float and goes on with it"),
}


@pytest.mark.parametrize("name", FALLBACKS)
def test_what_cannot_be_traced_is_left_to_the_loop_with_its_reason(name):
    cost, reason = FALLBACKS[name]
    batched, found, wanted = both(cost)
    np.testing.assert_array_equal(found, wanted)
    assert list(batched.reasons) == ["theta"]
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(batched.reasons["theta"])


def test_the_reason_names_the_line():
    batched, *_ = both(_preallocated)
    assert "of _preallocated: out[:] = DATA @ w)" in batched.reasons["theta"]


RETURNED = {
    "float": lambda w: float(np.sum(np.tanh(DATA @ w))),
    "with more": lambda w: (float(np.sum(np.tanh(DATA @ w))), 1)[0],
    "item": lambda w: np.sum(np.tanh(DATA @ w)).item() / 8,
    "squeeze": lambda w: np.squeeze(np.sum(np.tanh(DATA @ w), keepdims=True)),
    "one by one": lambda w: np.sum(np.tanh(DATA @ w), keepdims=True),
    "same for all": lambda w: np.sum(w) if np.sum(w) < 1e9 and not np.isnan(w).any() else 0.0,
    "nothing of it": lambda w: 3,
}


def _named(w):
    J = np.sum(np.tanh(DATA @ w))
    J = float(J)
    return J


RETURNED["named"] = _named
RETURNED["through another"] = lambda w: _named(w)


@pytest.mark.parametrize("name", RETURNED)
def test_ways_to_return_a_cost(name):
    batched, found, wanted = both(RETURNED[name])
    assert batched.reasons == {}
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


@pytest.mark.parametrize(
    "cost",
    [
        lambda w: max(float(np.sum(w[0])), np.sum(THETA[0])),
        lambda w: [float(np.sum(w)), 1.0][int(np.sum(w) > np.sum(THETA))],
        lambda w: abs(float(np.sum(w))),
    ],
)
def test_a_float_that_is_looked_at_is_never_a_placeholder(cost):
    batched, found, wanted = both(cost)
    np.testing.assert_array_equal(found, wanted)
    assert batched.reasons


def test_the_audit_catches_a_broken_rule(monkeypatch):
    right = RULES[np.mean]
    monkeypatch.setitem(RULES, np.mean, lambda x, **o: right(x, **o) * (1 + 1e-7))
    batched, found, wanted = both(lambda w: np.mean((DATA @ w) ** 2))
    np.testing.assert_array_equal(found, wanted)
    assert batched.reasons["theta"].startswith("audit")


def test_the_audit_catches_a_difference_that_is_lost(monkeypatch):
    def still(x):
        return Copies(x.batch, x.shape, np.broadcast_to(np.tanh(x.row(0)), (len(x.rows), *x.shape)))

    tanh = np.tanh
    rule = lambda kind, batch, f, a, *s: still(*a) if f is tanh else quick(kind, batch, f, a, *s)
    monkeypatch.setattr("gcmagic.batched.arrays.quick", rule)
    batched, found, wanted = both(lambda w: np.sum(np.tanh(DATA @ w)))
    np.testing.assert_array_equal(found, wanted)
    assert batched.reasons["theta"].startswith("audit")


def test_one_array_may_fall_back_and_the_others_not():
    params = {"a": THETA, "b": THETA[:, :6].copy()}
    batched, found, wanted = both(
        lambda p: np.sum(p["a"] ** 2) + np.abs(np.fft.fft(p["b"])).sum(), params
    )
    assert list(batched.reasons) == ["b"]
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_a_reason_that_is_known_is_not_looked_for_again():
    calls = []

    def cost(w):
        calls.append(type(w) is Copies)
        return float(np.sum(w)) + 1

    problem = Problem(cost, lambda p: p, THETA)
    theta = THETA.ravel().copy()
    batched = BatchedEvaluator()
    for _ in range(3):
        batched(problem, theta, np.arange(42), points_of(theta))
    assert sum(calls) == 1


@pytest.mark.parametrize("dtype", [complex, np.longdouble])
def test_other_precisions_are_the_loops(dtype):
    problem = Problem(lambda w: np.sum(w**2), lambda p: p, THETA)
    theta = THETA.ravel().copy()
    batched = BatchedEvaluator()
    points = points_of(theta).astype(dtype)
    found = batched(problem, theta, np.arange(42), points)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, SerialEvaluator()(problem, theta, np.arange(42), points))
    assert "points are" in batched.reasons["theta"]
    batched(problem, theta, np.arange(42), points_of(theta))
    assert problem.fun is not batched._left.get("theta")


@pytest.mark.parametrize("memory", [2**20, 4 * 2**20])
def test_the_copies_stay_within_their_memory(memory, monkeypatch):
    peaks = []

    def watched(*args, **options):
        found = traced(*args, **options)
        peaks.append(found[1].peak)
        return found

    monkeypatch.setattr(evaluator, "traced", watched)
    problem = tanh_network((30, 40, 10), 50)
    theta = problem.layout.flatten(problem.params)
    batched = BatchedEvaluator(memory=memory)
    every = np.arange(theta.size)
    found = batched(problem, theta, every, points_of(theta))
    np.testing.assert_allclose(
        found, SerialEvaluator()(problem, theta, every, points_of(theta)), rtol=1e-13
    )
    assert batched.reasons == {}
    assert max(peaks) <= memory / 2
    assert len(peaks) > 8


def test_the_memory_that_is_really_taken_is_within_twice_the_budget():
    import tracemalloc

    problem = tanh_network((30, 40, 10), 50)
    theta = problem.layout.flatten(problem.params)
    every, memory = np.arange(theta.size), 4 * 2**20
    batched = BatchedEvaluator(memory=memory)
    batched(problem, theta, every, points_of(theta))
    tracemalloc.start()
    batched(problem, theta, every, points_of(theta))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * memory


def test_too_little_memory_for_anything_is_a_reason():
    batched, found, wanted = both(lambda w: np.sum(np.tanh(DATA @ w) @ w.T), memory=1000)
    np.testing.assert_array_equal(found, wanted)
    assert "a few copies need more memory" in batched.reasons["theta"]


@pytest.mark.parametrize("at", [1, 40, 60])
def test_an_interrupt_says_how_far_it_came_and_changes_nothing(at):
    calls = iter(range(10**6))

    def cost(w):
        if next(calls) == at:
            raise KeyboardInterrupt
        return float(np.sum(w)) + 1.0  # the loop's

    problem = Problem(cost, lambda w: w, THETA)
    theta = THETA.ravel().copy()
    with pytest.raises(CheckInterrupted, match=r"stopped after \d+ of 42 components"):
        BatchedEvaluator()(problem, theta, np.arange(42), points_of(theta))
    np.testing.assert_array_equal(theta, THETA.ravel())


def test_an_interrupt_between_batches_counts_what_is_done():
    calls = iter(range(10**6))

    def cost(p):
        if type(p["W1"]) is Copies and next(calls) == 1:
            raise KeyboardInterrupt
        return problem.fun(p)

    problem = tanh_network((6, 50, 4))
    stopped = Problem(cost, problem.grad, problem.params)
    theta = problem.layout.flatten(problem.params)
    every = np.arange(theta.size)
    with pytest.raises(CheckInterrupted, match=f"stopped after 32 of {theta.size} components"):
        BatchedEvaluator()(stopped, theta, every, points_of(theta))


def test_an_error_of_the_costs_own_names_the_component():
    def cost(w):
        if np.any(w > 100):
            raise ValueError("too large")
        return np.sum(w)

    problem = Problem(cost, lambda w: w, THETA)
    theta = THETA.ravel().copy()
    points = points_of(theta)
    points[7, 1] = 1000.0
    with pytest.raises(UserCodeError, match=r"theta\[1, 0\] moved: too large"):
        BatchedEvaluator()(problem, theta, np.arange(42), points)


def test_every_component_is_ticked_once():
    seen = []

    class Bar:
        def __init__(self, places):
            self.places = places

        def __enter__(self):
            for place in self.places:
                yield place
                seen.append(place)

        def __exit__(self, *_):
            pass

    class Shown(Bar):
        def __enter__(self):
            return Bar.__enter__(self)

    params = {"a": THETA, "b": np.ones(3), "c": THETA[:, :6].copy()}
    cost = lambda p: np.sum(p["a"] ** 2) * np.sum(p["b"]) + np.linalg.det(p["c"])
    problem = Problem(cost, lambda p: p, params)
    theta = problem.layout.flatten(params)
    BatchedEvaluator(Shown)(problem, theta, np.arange(theta.size), points_of(theta))
    assert seen == list(range(theta.size))


def test_few_components_are_not_worth_a_batch():
    seen = []

    def cost(w):
        seen.append(type(w) is Copies)
        return np.sum(w**2)

    problem = Problem(cost, lambda w: w, np.ones(5))
    BatchedEvaluator()(problem, np.ones(5), np.arange(5), points_of(np.ones(5)))
    assert not any(seen)


def test_what_the_cost_keeps_becomes_the_array_of_the_last_copy():
    kept = SimpleNamespace(cache=None, total=0.0)

    def cost(w):
        kept.cache = {"Z": DATA @ w, "w": [w]}
        kept.total = kept.total + np.sum(w)
        return np.sum(kept.cache["Z"] ** 2)

    problem = Problem(cost, lambda w: w, THETA)
    theta = THETA.ravel().copy()
    traced(problem, theta, problem.layout.blocks[0], np.array([0, 5]), np.array([1.0, 2.0]))
    moved = theta.copy()
    moved[5] = 2.0
    w = moved.reshape(6, 7)
    np.testing.assert_array_equal(np.asarray(kept.cache["w"][0]), w)
    np.testing.assert_allclose(np.asarray(kept.cache["Z"]), DATA @ w)
    assert type(kept.cache["Z"] + 1) is np.ndarray
    assert float(kept.total + 1) == pytest.approx(1 + w.sum())
    plain = problem.cost_at(theta)
    assert plain == pytest.approx(np.sum((DATA @ THETA) ** 2))


def test_plain_parameters_that_the_cost_writes_into_are_new_at_every_call():
    def cost(p):
        p["b"] *= 2.0
        p["a"] += 1.0
        return np.sum(p["a"] ** 2) + np.sum(p["b"])

    batched, found, wanted = both(cost, {"a": THETA, "b": THETA.copy()})
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
    assert batched.reasons == {}


def test_integer_parameters_and_numbers():
    params = {"n": np.arange(40), "c": 2.0}
    batched, found, wanted = both(lambda p: np.sum(p["n"] ** 2) * p["c"], params)
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
    assert batched.reasons == {}


def test_copies_of_a_number():
    x = of_parameter(Batch(3), np.array(2.0), np.zeros(3, dtype=int), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal((x * 2).rows, [2, 4, 6])
    assert isinstance(x, float)


def test_objects_that_share_an_array_are_moved_together():
    from gcmagic.discovery import discover

    space = {"np": np, "X": DATA, "__name__": "__main__"}
    source = """
class Layer:
    def __init__(self, W): self.W = W
    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.W)
    def backward(self, d):
        d = d * (1 - np.tanh(self.x @ self.W) ** 2)
        self.dW = self.x.T @ d
        return d @ self.W.T
class Net:
    def __init__(self):
        rng = np.random.default_rng(0)
        self.params = {"W1": rng.standard_normal((6, 7)), "W2": rng.standard_normal((7, 6))}
        self.layers = [Layer(self.params["W1"]), Layer(self.params["W2"])]
    def loss(self, X):
        for layer in self.layers: X = layer.forward(X)
        return 0.5 * np.sum(X ** 2)
    def gradient(self, X):
        self.loss(X)
        for layer in self.layers: X = layer.forward(X)
        d = X
        for layer in self.layers[::-1]: d = layer.backward(d)
        return {"W1": self.layers[0].dW, "W2": self.layers[1].dW}
net = Net()
"""
    exec(source, space)
    problem = discover(space)
    theta = problem.layout.flatten(problem.params)
    batched, every = BatchedEvaluator(), np.arange(theta.size)
    found = batched(problem, theta, every, points_of(theta))
    wanted = SerialEvaluator()(problem, theta, every, points_of(theta))
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
    assert batched.reasons == {}
