"""The slopes of a weight matrix from those of its sums, against those of its own components."""

import time
from dataclasses import replace

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic import confirm, extended
from gcmagic.batched import BatchedEvaluator, Level
from gcmagic.batched import through as through_module
from gcmagic.batched.look import Product
from gcmagic.batched.through import KINK, _Search, _some
from gcmagic.budget import within
from gcmagic.clock import Clock
from gcmagic.comparison import Status
from gcmagic.phase import Settings
from gcmagic.problem import Problem
from tests.problems import tanh_network, with_bug

RNG = np.random.default_rng(3)
X = RNG.standard_normal((40, 9))  # 40 features, 9 examples in columns
Y = RNG.standard_normal((12, 9))
PIXELS = RNG.integers(0, 255, (9, 40), dtype=np.uint8)
PIXELS[:, :7] = 0  # a border that is never written on
LABELS = RNG.integers(0, 12, 9)
W = RNG.standard_normal((12, 40)) / 6
MASK = RNG.uniform(size=(12, 40)) < 0.8
SCORES = RNG.standard_normal((10, 30))
NOISE = 1e-15


def squares(Z):
    return np.mean((np.tanh(Z) - Y) ** 2)


def logs(S):
    S = S - S.max(axis=1, keepdims=True)
    return (np.log(np.exp(S).sum(axis=1)) - S[np.arange(9), LABELS]).mean()


def normed(Z):
    Z = (Z - Z.mean(axis=1, keepdims=True)) / np.sqrt(Z.var(axis=1, keepdims=True) + 1e-5)
    return squares(Z)


def relued(Z):
    return np.mean((np.maximum(Z, 0) - Y) ** 2)


def written_into(Z):
    Z += 0.1
    Z[Z < 0] *= 0.01
    return np.mean((Z - Y) ** 2)


def method(cache):
    def cost(p):
        cache["Z"] = p["W"].dot(X)
        return squares(cache["Z"])

    return cost


def twice(p):
    return np.sum(np.tanh(p["W"].T @ np.tanh(p["W"] @ X)) ** 2)


# how a cost may come to its weights, and how many sums they then go into; 0 where it goes by
# components, for J sees the matrix itself, or in too many sums
COSTS = {
    "W @ X": (lambda p: squares(p["W"] @ X), 108),
    "W.dot(X)": (method({}), 108),
    "np.dot": (lambda p: squares(np.dot(p["W"], X)), 108),
    "X.T.dot(W.T)": (lambda p: squares(X.T.dot(p["W"].T).T), 108),
    "einsum": (lambda p: squares(np.einsum("oi,in->on", p["W"], X)), 108),
    "tensordot": (lambda p: squares(np.tensordot(p["W"], X, 1)), 108),
    "reshaped": (lambda p: squares(p["W"].reshape(-1, 40) @ X), 108),
    "softmax, integers as data": (lambda p: logs(PIXELS @ p["W"].T / 100), 108),
    "batch norm": (lambda p: normed(p["W"] @ X), 108),
    "relu": (lambda p: relued(p["W"] @ X), 108),
    "written into": (lambda p: written_into(p["W"] @ X), 108),
    "a branch on a sum": (lambda p: squares(p["W"] @ X) if p["W"].size > 3 else 0.0, 108),
    "a penalty": (lambda p: squares(p["W"] @ X) + 0.01 * np.sum(p["W"] ** 2), 108),
    "a penalty, absolute": (lambda p: squares(p["W"] @ X) + 0.01 * np.abs(p["W"]).sum(), 108),
    "a weight beside": (lambda p: squares(p["W"] @ X) * (1 + p["W"][0, 0] ** 2), 108),
    "with other weights": (lambda p: squares((p["W"] @ X) * (1 + np.sum(p["W"]))), 108),
    "two layers that share": (twice, 108 + 360),
    "one example": (lambda p: float(np.sum(np.tanh(p["W"] @ X[:, 0]) ** 2)), 12),
    "a mask": (lambda p: squares((p["W"] * MASK) @ X), 0),
    "normalised weights": (lambda p: squares(p["W"] / np.linalg.norm(p["W"]) @ X), 0),
    "some rows": (lambda p: squares(np.vstack([p["W"][:6] @ X, p["W"][6:] @ X])), 0),
    "no product": (lambda p: float(np.sum(np.sin(p["W"]) ** 2)), 0),
    "by itself": (lambda p: float(np.sum(np.tanh(p["W"] @ p["W"].T))), 0),
}


def found(cost, params=None, name="W"):
    params = {"W": W} if params is None else params
    problem = Problem(cost, lambda p: p, params)
    theta = problem.layout.flatten(params)
    level = Level(problem.cost_at(theta), 1.0, NOISE)
    block = next(block for block in problem.layout.blocks if block.name == name)
    return BatchedEvaluator().through(problem, theta, [block], level).get(0), problem, theta


def by_components(problem, theta):
    steps = np.full(theta.size, 1e-5)
    points = theta[:, None] + steps[:, None] * np.array([-1.0, 1.0])
    values = BatchedEvaluator()(problem, theta, np.arange(theta.size), points)
    return (values[:, 1] - values[:, 0]) / (points[:, 1] - points[:, 0])


@pytest.mark.parametrize("name", COSTS)
def test_the_sums_give_the_slopes_of_the_components(name):
    cost, sums = COSTS[name]
    through, problem, theta = found(cost)
    assert (0 if through is None else through.sums) == sums
    if through is not None:
        plain = by_components(problem, theta)
        allowed = 20 * NOISE * (through.amplified + 1e5) + 1e-9 * np.abs(plain)
        assert np.all(np.abs(through.values - plain) <= allowed)


def test_a_penalty_counts_once_for_every_component():
    alone, with_penalty = (found(COSTS[name][0])[0] for name in ("W @ X", "a penalty"))
    penalty = with_penalty.values - alone.values
    np.testing.assert_allclose(penalty, 0.02 * W.reshape(-1), atol=1e-9)


def test_what_is_always_zero_has_no_error():
    """Pixels at the border, which no example writes on."""
    through, _, _ = found(COSTS["softmax, integers as data"][0])
    borders = through.values.reshape(W.shape)[:, :7]
    assert not np.any(borders)
    assert not np.any(through.amplified.reshape(W.shape)[:, :7])


@pytest.mark.parametrize("untried", [False, True])
def test_a_kink_beside_a_sum_is_passed_with_smaller_steps(untried):
    """Sums nearer to the corner of relu than the first step: every tenth, or a few untried ones."""
    features = np.random.default_rng(0).standard_normal((30, 30))
    if untried:
        sums = np.resize([-0.2, 0.3, -0.4, 0.5], (10, 30))
        sums.flat[np.setdiff1d(np.arange(300), _some(300))[[7, 50, 200]]] = 4e-6, -3e-6, 2e-6
    else:
        sums = np.resize([4e-6, -0.2, 0.3, -0.4, 0.5, -4e-6, 0.2, -0.3, 0.4, -0.5, 0.6], (10, 30))
    weights = sums @ np.linalg.inv(features)
    through, problem, theta = found(
        lambda p: np.sum(np.maximum(p["W"] @ features, 0) * SCORES), {"W": weights}
    )
    exact = (SCORES * (weights @ features > 0)) @ features.T
    noise = NOISE * abs(problem.cost_at(theta))
    assert np.any(np.abs(by_components(problem, theta) - exact.reshape(-1)) > 0.1)
    unseen = KINK * np.max(np.abs(SCORES)) * np.max(np.abs(features))
    off = np.abs(through.values - exact.reshape(-1))
    assert np.all(off <= 20 * noise * through.amplified + unseen)


def test_steps_are_as_long_as_all_tried_ones_but_one_allow():
    search = object.__new__(_Search)
    search.at = Level(1.0, 1.0, 0.0)
    near, steps = np.ones(8), np.full(8, 1e-5)

    def factor(*off):
        wide = near + np.resize([*off, *np.zeros(8)], 8)
        return search._too_long(wide, near, steps, steps / 2)

    assert factor() == factor(1.0) == factor(5e-9, 5e-9, 5e-9) == 1.0
    assert 0.5 < factor(2e-8, 1e-8) < 1.0  # by the second largest
    assert factor(1e-2, -1e-2) == 1 / 32


@pytest.mark.parametrize("off", [lambda slopes: 1.001 * slopes, lambda slopes: slopes + 1e-4])
def test_slopes_that_the_array_itself_does_not_have_are_not_taken(monkeypatch, off):
    right = Product.slopes
    monkeypatch.setattr(Product, "slopes", lambda *given: off(right(*given)))
    assert found(COSTS["W @ X"][0])[0] is None


def test_errors_of_two_components_do_not_make_up_for_each_other(monkeypatch):
    right = Product.slopes
    for second in range(1, 9):

        def off(self, of_sums, size, at=second):
            slopes = right(self, of_sums, size)
            slopes[[0, at]] += [1e-3, -1e-3]
            return slopes

        monkeypatch.setattr(Product, "slopes", off)
        assert found(COSTS["W @ X"][0])[0] is None


def test_one_component_that_the_sums_do_not_show_is_not_passed_over():
    """W[3, 5] has a way to J of its own, which a cost that looks at its type may keep from us."""

    def cost(p):
        beside = p["W"][3, 5] ** 2 if type(p["W"]) is np.ndarray else 0.0
        return squares(p["W"] @ X) + beside

    assert found(cost)[0] is None


SIZES = (60, 40, 5)
NETWORK = tanh_network(SIZES)


def test_a_network_takes_fewer_evaluations_than_it_has_components_and_says_how():
    report = gcm.check(NETWORK.fun, NETWORK.grad, NETWORK.params, steps=0)
    assert report.verdict is gcm.PASS
    first, *_ = report.phases[0].blocks
    assert first.pre_activations < first.components.size == 2400
    assert report.nfev < 2400
    assert "W1, b1, W2 and b2: numeric slopes through" in str(report)
    assert "pre-activations" in report._repr_html_()
    assert report.to_dict()["phases"][0]["blocks"][0]["pre_activations"] == first.pre_activations


def test_a_step_that_is_asked_for_moves_every_component():
    report = gcm.check(NETWORK.fun, NETWORK.grad, NETWORK.params, steps=0, epsilon=1e-5)
    assert not any(block.pre_activations for block in report.phases[0].blocks)
    assert report.nfev > 4800
    assert "pre-activations" not in str(report)


BUGS = {
    "all": lambda g: 2 * g,
    "one": lambda g: g + 1e-3 * (np.arange(g.size).reshape(g.shape) == 77),
    "a row": lambda g: g * (np.arange(g.shape[0])[:, None] != 3),
    "slightly": lambda g: g * (1 + 1e-3),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_fails_on_exactly_its_array(bug):
    wrong = with_bug(NETWORK, W1=BUGS[bug])
    report = gcm.check(wrong.fun, wrong.grad, wrong.params, steps=0, repair=0)
    assert report.wrong == ("W1",)
    wanted = np.asarray(wrong.grad(wrong.params)["W1"] != NETWORK.grad(NETWORK.params)["W1"])
    assert report.phases[0].block("W1").count(Status.WRONG) == np.count_nonzero(wanted)


def test_the_budget_knows_how_many_there_are_to_move():
    def slow(params):
        time.sleep(2e-3)
        return NETWORK.fun(params)

    problem = Problem(slow, NETWORK.grad, NETWORK.params)
    theta = problem.layout.flatten(problem.params)
    clock = Clock(2.0)  # for 2,645 components of more than 2 ms each, 4 evaluations a component
    clock.saw(cost=2.1e-3, gradient=1e-4)
    plan = within(clock, problem, theta, Settings(), 1, BatchedEvaluator())
    assert plan.findings == ()
    assert not plan.settings.fast
    by_itself = replace(Settings(), epsilon=1e-5)
    clock = Clock(1e-3)
    clock.saw(cost=2.1e-3, gradient=1e-4)
    assert within(clock, problem, theta, by_itself, 1, BatchedEvaluator()).settings.fast


def test_a_large_network_is_looked_at_as_a_whole_in_extended_precision(monkeypatch):
    """One direction a wrong array, for a call in that precision takes a hundred times as long."""
    monkeypatch.setattr(confirm, "MANY", 1000)
    asked = []
    kept = extended.right_in_extended_precision

    def counted(problem, theta, question, numeric):
        asked.append(question.components.size)
        return kept(problem, theta, question, numeric)

    monkeypatch.setattr(extended, "right_in_extended_precision", counted)
    monkeypatch.setattr(confirm, "right_in_extended_precision", counted)
    wrong = with_bug(NETWORK, W1=BUGS["all"], W2=BUGS["a row"])
    report = gcm.check(wrong.fun, wrong.grad, wrong.params, steps=0, repair=0)
    assert report.wrong == ("W1", "W2")
    assert asked == [1, 1]
    assert report.phases[0].block("W1").count(Status.WRONG) == 2400


def test_rounding_of_a_large_network_is_no_bug(monkeypatch):
    """a / (1 - a) near a = 1 loses most of its digits, in backward, at every step."""
    monkeypatch.setattr(confirm, "MANY", 10)
    x = np.linspace(0.5, 1.0, 30)

    def sigmoid(p):
        return 1 / (1 + np.exp(-(p["w"] @ x)))

    def grad(p):
        a = sigmoid(p)
        return {"w": x * a / (1 - a) * np.exp(-(p["w"] @ x)) * a}

    report = gcm.check(lambda p: np.log1p(np.exp(p["w"] @ x)), grad, {"w": np.full(30, 1.3)})
    assert report.verdict is gcm.PASS


def test_a_cost_that_exits_in_a_product_is_left_to_the_plain_calls():
    def cost(p):
        if type(p["W"]) is not np.ndarray:
            raise SystemExit
        return squares(p["W"] @ X)

    assert found(cost)[0] is None


def curved(frequency):
    """Sines of steep sums: a step of a component is short beside their period, eight are not."""
    rng = np.random.default_rng(0)
    features, wanted = rng.uniform(-1, 1, (64, 200)), rng.standard_normal((64, 10))
    weights = rng.uniform(-1, 1, (200, 10)) * np.sqrt(6 / 200) / frequency

    def cost(p):
        return np.sum((np.sin(frequency * (features @ p["W"])) - wanted) ** 2) / 64

    def grad(p):
        Z = frequency * (features @ p["W"])
        return {"W": features.T @ (2 * (np.sin(Z) - wanted) * np.cos(Z) * frequency / 64)}

    return Problem(cost, grad, {"W": weights})


def offset():
    """A feature of 10,000 moves all scores of an example alike: what counts is far smaller."""
    rng = np.random.default_rng(1)
    features, labels = rng.standard_normal((32, 60)), rng.integers(0, 10, 32)
    features[:, 0] = 1e4
    every = np.arange(32)

    def shares(p):
        S = features @ p["W"]
        E = np.exp(S - S.max(axis=1, keepdims=True))
        return E / E.sum(axis=1, keepdims=True)

    def cost(p):
        S = features @ p["W"]
        S = S - S.max(axis=1, keepdims=True)
        return (np.log(np.exp(S).sum(axis=1)) - S[every, labels]).mean()

    def grad(p):
        return {"W": features.T @ (shares(p) - np.eye(10)[labels]) / 32}

    return Problem(cost, grad, {"W": rng.standard_normal((60, 10)) / 8})


@pytest.mark.parametrize("problem", [curved(10), curved(30), offset()])
def test_steps_are_as_short_as_the_curvature_of_the_sums_needs(problem):
    report = gcm.check(problem.fun, problem.grad, problem.params, steps=0)
    assert report.verdict is gcm.PASS
    assert report.phases[0].blocks[0].pre_activations
    assert len(report.phases) == 1


def test_sums_that_are_no_better_than_their_curvature_are_left(monkeypatch):
    """Too long a step on purpose: most components are doubtful, and right when they are moved."""
    first = _Search._first
    monkeypatch.setattr(_Search, "_first", lambda self, number: 300 * first(self, number))
    monkeypatch.setattr(_Search, "_too_long", lambda self, *slopes: 1.0)
    monkeypatch.setattr(through_module, "agreeing", lambda planner, found, at: (list(found), 0))
    problem = curved(10)
    report = gcm.check(problem.fun, problem.grad, problem.params, steps=0)
    assert report.verdict is gcm.PASS
    assert not report.phases[0].blocks[0].pre_activations


def test_weights_that_change_in_place_are_not_the_array_that_is_multiplied():
    """W *= c, with a gradient that forgets c by less than the audit would see."""
    c = 1 - 4e-6

    def cost(p):
        p["W"] *= c
        return squares(p["W"] @ X)

    def grad(p):
        T = np.tanh(p["W"] * c @ X)
        return {"W": 2 * (T - Y) * (1 - T**2) / Y.size @ X.T}

    assert found(cost)[0] is None
    report = gcm.check(cost, grad, {"W": W}, steps=0, repair=0)
    assert report.verdict is gcm.FAIL
