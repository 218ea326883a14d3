"""Several arrays whose slopes come from the same sums, or that J sees in other ways as well."""

import numpy as np
import pytest

from gcmagic.batched import BatchedEvaluator, Level
from gcmagic.batched import moving as moving_module
from gcmagic.batched.batch import Batch
from gcmagic.batched.plan import Planner
from gcmagic.problem import Problem
from tests.batched.test_through import by_components

RNG = np.random.default_rng(5)
X = RNG.standard_normal((7, 12))  # 7 examples of 12 features
Y = RNG.standard_normal((7, 10))
SERIES = RNG.standard_normal((5, 7, 12))
STACK = RNG.standard_normal((3, 6, 12))
P = {
    "W": RNG.standard_normal((12, 20)) / 4,
    "b": RNG.standard_normal(20) / 4,
    "V": RNG.standard_normal((20, 10)) / 5,
    "c": RNG.standard_normal((1, 10)) / 4,
}
CELL = {
    "W": RNG.standard_normal((12, 14)) / 4,
    "U": RNG.standard_normal((14, 14)) / 4,
    "b": RNG.standard_normal(14) / 4,
}
HEADS = {name: RNG.standard_normal((12, 12)) / 4 for name in "qkvo"}
NOISE = 1e-15


def loss(scores):
    return np.mean((scores - Y) ** 2)


def dense(p):
    return loss(np.tanh(X @ p["W"] + p["b"]) @ p["V"] + p["c"])


def columns(p):
    A = np.tanh(p["W"].T @ X.T + p["b"].reshape(-1, 1))
    return loss((p["V"].T @ A).T + p["c"])


def in_place(p):
    Z = X @ p["W"]
    Z += p["b"]
    S = np.tanh(Z) @ p["V"]
    S += p["c"]
    return loss(S)


def residual(p):
    Z = X @ p["W"]
    return loss((np.tanh(Z + p["b"]) + Z) @ p["V"] + p["c"])


def gain(p):
    return loss(np.tanh(p["b"] * (X @ p["W"])) @ p["V"] + p["c"])


def gain_at_the_end(p):
    return loss((np.tanh(X @ p["W"] + p["b"]) @ p["V"]) * p["c"])


def penalised(p):
    return dense(p) + 0.1 * np.sum(p["W"] ** 2) + 0.1 * np.sum(p["c"] ** 2)


def one_by_itself(p):
    return dense(p) + p["V"][3, 4] ** 3 + np.exp(p["b"][2])


def shared_bias(p):
    A = np.tanh(X @ p["W"] + p["b"])
    return loss((A + p["b"]) @ p["V"] + p["c"])


def twice_the_sum(p):
    Z = X @ p["W"] + p["b"]
    return loss(np.tanh(Z + Z) @ p["V"] + p["c"])


def written_into(p):
    Z = X @ p["W"] + p["b"]
    Z[Z < 0] *= 0.1
    return loss(Z @ p["V"] + p["c"])


def kept(p, cache={}):  # noqa: B006
    cache["Z"] = X @ p["W"] + p["b"]
    return loss(np.tanh(cache["Z"]).dot(p["V"]) + p["c"])


def margin(p):
    S = np.tanh(X @ p["W"] + p["b"]) @ p["V"]
    return loss(S + p["c"]) + S[0, 3] - S[0, 8]


def method(p):
    S = np.tanh(X.dot(p["W"]) + p["b"]).dot(p["V"])
    return loss(S + p["c"]) + 0.1 * np.sum(S.dot(Y.T) ** 2)


def linear(p):
    return loss((X @ p["W"] + p["b"]) @ p["V"] + p["c"])


def recurrent(p):
    h = np.zeros((7, 14))
    for x in SERIES:
        h = np.tanh(x @ p["W"] + h @ p["U"] + p["b"])
    return np.sum(h[:, :10] * Y)


def attention(p):
    Q, K, V = STACK @ p["q"], STACK @ p["k"], STACK @ p["v"]
    S = Q @ np.swapaxes(K, 1, 2)
    S = np.exp(S - S.max(axis=-1, keepdims=True))
    return np.mean((S / S.sum(axis=-1, keepdims=True) @ V @ p["o"] - STACK) ** 2)


def batch_norm(p):
    Z = X @ p["W"]
    Z = (Z - Z.mean(axis=0)) / np.sqrt(Z.var(axis=0) + 1e-5)
    return loss(np.tanh(Z + p["b"]) @ p["V"] + p["c"])


# the arrays that go by sums, those with one sum together
COSTS = {
    "dense": (dense, P, {"Wb", "Vc"}),
    "examples in columns": (columns, P, {"Wb", "V"}),  # c is added to the sum turned round
    "in place": (in_place, P, {"Wb", "Vc"}),
    "a sum that is used before the bias": (residual, P, {"W", "Vc"}),
    "a gain": (gain, P, {"W", "Vc"}),
    "a gain at the end": (gain_at_the_end, P, {"Wb", "V"}),
    "penalties": (penalised, P, {"Wb", "V"}),
    "one component by itself": (one_by_itself, P, {"W", "Vc"}),
    "a bias that is added twice": (shared_bias, P, {"W", "Vc"}),
    "a sum that is added to itself": (twice_the_sum, P, {"Wb", "Vc"}),
    "written into": (written_into, P, {"Wb", "Vc"}),
    "kept in a cache": (kept, P, {"Wb", "Vc"}),
    "some numbers of a sum by themselves": (margin, P, {"Wb", "V"}),
    "a product of a sum by the method": (method, P, {"Wb", "V"}),
    "no activation": (linear, P, {"Wb", "Vc"}),
    "steps in time": (recurrent, CELL, {"WUb"}),
    "attention": (attention, HEADS, {"q", "k", "v", "o"}),
    "batch norm": (batch_norm, P, {"W", "Vc"}),
}


def problem_of(name):
    cost, params, parts = COSTS[name]
    problem = Problem(cost, lambda p: p, params)
    return problem, problem.layout.flatten(params), parts


@pytest.mark.parametrize("name", COSTS)
def test_which_arrays_go_together(name):
    problem, theta, wanted = problem_of(name)
    names = [block.name for block in problem.layout.blocks]
    parts = Planner(problem, theta, problem.layout.blocks, 2**28).parts()
    assert {"".join(names[k] for k in part.uses) for part in parts} == wanted


@pytest.mark.parametrize("together", [10**9, 1], ids=["in one call", "one by one"])
@pytest.mark.parametrize("name", COSTS)
def test_their_slopes_are_those_of_their_components(name, together, monkeypatch):
    monkeypatch.setattr(moving_module, "TOGETHER", together)
    problem, theta, _ = problem_of(name)
    blocks = problem.layout.blocks
    at = Level(problem.cost_at(theta), 1.0, NOISE)
    found = BatchedEvaluator().through(problem, theta, blocks, at)
    plain = by_components(problem, theta)
    for k, one in found.items():
        own = plain[blocks[k].slice]
        assert np.all(np.abs(one.values - own) <= 20 * NOISE * (one.amplified + 1e5) + 1e-9)
    assert found or name == "a sum that is added to itself"


def test_the_sums_of_all_layers_go_through_the_cost_in_one_call():
    problem, theta, _ = problem_of("dense")
    calls = []
    counted = Problem(lambda p: calls.append(1) or dense(p), lambda p: p, P)
    at = Level(problem.cost_at(theta), 1.0, NOISE)
    assert len(BatchedEvaluator().through(counted, theta, problem.layout.blocks, at)) == 4
    # the look, the sums, and two plain calls along all four arrays
    assert len(calls) == 1 + 1 + 2


def test_what_is_shared_is_counted_once():
    problem, theta, _ = problem_of("steps in time")
    at = Level(problem.cost_at(theta), 1.0, NOISE)
    found = BatchedEvaluator().through(problem, theta, problem.layout.blocks, at)
    sums = 5 * 7 * 14
    assert [one.sums for one in found.values()] == [sums] * 3
    assert 2 * sums < sum(one.nfev for one in found.values()) < 3 * sums
    # the error of a slope is that of all the elements of its sums
    assert np.all(found[2].amplified > 0)


@pytest.mark.parametrize("same", [True, False])
def test_what_arrays_are_multiplied_with_is_kept_within_the_budget(same):
    features = RNG.standard_normal((500, 12))

    def cost(p):
        return sum(np.mean((features + k * (not same)) @ p["W"]) ** 2 for k in range(20))

    problem = Problem(cost, lambda p: p, P)
    limit = 44 * features.nbytes  # of the 20 products, and of the features once
    theta, blocks = problem.layout.flatten(P), problem.layout.blocks
    assert bool(Planner(problem, theta, blocks, limit).parts()) == same


def test_all_components_are_not_moved_at_once_where_their_copies_are_large():
    weights = RNG.standard_normal((60, 40))
    features, most = RNG.standard_normal((1000, 60)), []

    def cost(p):
        most.append(getattr(p["W"], "batch", Batch(1)).count)
        return sum(np.mean((features @ p["W"][:, k]) ** 2) for k in range(40))

    problem = Problem(cost, lambda p: p, {"W": weights})
    parts = Planner(problem, weights.reshape(-1), problem.layout.blocks, 2**28).parts()
    assert parts == []
    assert most[1:] == [3]  # after all of them, which stops at the first column
