"""Without source: which line of a right network has to go wrong for the user's gradient."""

from __future__ import annotations

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.diagnosis.reference.matching import data, reference
from gcmagic.diagnosis.reference.networks import ACTIVATIONS, LOSSES, chains, source
from gcmagic.problem import Problem

RNG = np.random.default_rng(0)
COUNT, FEATURES, HIDDEN, OUT = 7, 2, 4, 3
LAYERS = ((FEATURES, HIDDEN), (HIDDEN,), (HIDDEN, OUT), (OUT,))
COLUMNS = ((HIDDEN, FEATURES), (HIDDEN, 1), (OUT, HIDDEN), (OUT, 1))

# activation, loss, rows, regularised, the right line, the wrong line
BUGS = (
    ("tanh", "the mean squared error", True, False, "dZ1 = dA1 * (1 - A1 ** 2)", "dZ1 = dA1"),
    ("tanh", "half the squared error by example", True, False, "* (1 - A1 ** 2)", "* (1 - A1)"),
    ("relu", "the mean cross-entropy of a softmax", True, False, "dZ2 = (P - Y) / m",
     "dZ2 = P - Y"),
    ("relu", "the mean cross-entropy of a softmax", True, True, "dZ1 = dA1 * (Z1 > 0)",
     "dZ1 = dA1"),
    ("sigmoid", "the mean cross-entropy of a sigmoid", False, False, "* A1 * (1 - A1)",
     "* (1 - A1)"),
    ("tanh", "the squared error by example", False, True, "dW2 = dZ2 @ A1.T + lam * W2",
     "dW2 = dZ2 @ A1.T"),
    ("sigmoid", "half the squared error", True, False, "db1 = dZ1.sum(axis=0)",
     "db1 = dZ1.mean(axis=0)"),
)  # fmt: skip


def sourceless(activation, loss, rows, regularised, before="", after=""):
    """Cost, gradient and parameters without a source, under names of the user's own."""
    shapes = LAYERS if rows else COLUMNS
    shape = chains(shapes, FEATURES, rows)
    text = source(shape, activation, loss, regularised)
    head, _, backward = text.partition("def backward")
    assert before in backward
    text = head + "def backward" + backward.replace(before, after)
    rng = np.random.default_rng(1)
    X = rng.standard_normal((COUNT, FEATURES))
    labels = rng.integers(0, OUT, COUNT)
    Y = np.eye(OUT)[labels] if "entropy" in loss else rng.standard_normal((COUNT, OUT))
    X, Y = (X, Y) if rows else (X.T, Y.T)
    names = {"np": np, "X": X, "Y": Y, "m": COUNT, "lam": 0.3}
    exec(compile(text, "<nowhere>", "exec"), names)
    params = {key: rng.standard_normal(s) / 1.5 for key, s in zip(shape.names, shapes, strict=True)}
    return names["cost"], names["backward"], params


def told(report):
    return [finding for finding in report.findings if finding.code == "alike"]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug[0]}, {bug[1]}: {bug[5]}")
def test_the_line_that_has_to_go_wrong_is_named(bug):
    *network, before, after = bug
    report = gcm.check(*sourceless(*network, before, after), steps=0, repair=60)
    (finding,) = told(report)
    assert finding.title.startswith("your gradient equals that of a network in which ")
    assert before.split(" = ")[0].strip("* ") in finding.title
    assert set(finding.where.split()) == set(report.wrong)
    assert network[1] in finding.evidence
    assert ("lambda = 0.3" in finding.evidence) == network[3]
    # nothing of the user's is edited
    assert finding.mended is None


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_network_is_found_by_its_cost(activation, loss):
    cost, backward, params = sourceless(activation, loss, True, False)
    problem = Problem(cost, backward, params)
    theta = problem.layout.flatten(params)
    found = reference(problem, theta)
    assert (found.activation, found.lam) == (activation, 0.0)
    assert np.allclose(found.problem.gradient_at(theta), problem.gradient_at(theta), rtol=1e-9)


def test_where_no_network_has_the_cost_nothing_is_said():
    cost, backward, params = sourceless(*BUGS[0])
    other = eval("lambda p: cost(p) + 1e-3 * np.sum(p['b1'] ** 3)", {"cost": cost, "np": np})
    report = gcm.check(other, backward, params, steps=0, repair=60)
    assert report.verdict is gcm.FAIL
    assert not told(report)


def test_a_gradient_that_no_edit_explains_is_left_alone():
    cost, backward, params = sourceless(*BUGS[0])
    names = {"backward": backward, "np": np}
    wrong = eval("lambda p: {k: np.sin(7 * v) for k, v in backward(p).items()}", names)
    assert not told(gcm.check(cost, wrong, params, steps=0, repair=60))


def test_layers_are_found_in_either_order_and_direction():
    names = chains([(4, 2), (2,), (3, 4), (4,)], 3, True).names
    assert names == ("W2", "b2", "W1", "b1")
    assert chains(COLUMNS, FEATURES, False).names == ("W1", "b1", "W2", "b2")
    assert chains([(5, 4), (4,)], 3, True) is None
    assert chains([(3, 4), (7,)], 3, True) is None


def test_data_are_what_the_functions_hold():
    cost, backward, params = sourceless(*BUGS[0])
    shapes = {array.shape for array in data(Problem(cost, backward, params))}
    assert {(COUNT, FEATURES), (COUNT, OUT)} <= shapes


def test_lists_of_several_lengths_are_no_data():
    words = [[0, 1], [2], [0]]
    numbers = [[0.0, 1.0], [2.0, 3.0]]
    names = {"words": words, "numbers": numbers}
    cost = eval("lambda w: float(len(words)) + numbers[0][0]", names)
    (found,) = {id(array): array for array in data(Problem(cost, cost, np.ones(2)))}.values()
    assert np.array_equal(found, numbers)
