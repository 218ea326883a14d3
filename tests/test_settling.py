"""What one point leaves open is looked at where it moves."""

from dataclasses import replace

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic import settling
from gcmagic.comparison import Status
from gcmagic.confirm import confirmed
from gcmagic.one_point import check_at
from gcmagic.phase import Settings
from tests.problems import tanh_network

X = np.array([[1.0, -2.0, 0.5], [0.3, 1.0, -1.0], [-1.2, 0.4, 2.0], [2.0, 1.0, 1.0]])
W = np.linspace(-0.5, 0.6, 12).reshape(3, 4)
LABELS = np.argmax(X @ W, axis=1)  # certain of every label where the weights are large


def cost(p):
    scores = X @ p["W"]
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.mean(logs[np.arange(4), LABELS])


def grad(p, factor=1.0):
    scores = X @ p["W"]
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    d = e / e.sum(axis=1, keepdims=True)
    d[np.arange(4), LABELS] -= 1
    return {"W": factor * X.T @ d / 4}


@pytest.mark.parametrize("large", [1.5e3, 5e3])
def test_a_softmax_that_is_certain_is_flat_here_and_judged_nearby(large):
    params = {"W": large * W}
    assert cost(params) == 0.0
    assert np.any(grad(params)["W"])
    report = gcm.check(cost, grad, params)
    assert report.verdict is gcm.PASS, report
    (said,) = [f for f in report.findings if f.code == "saturated"]
    assert "the cost is flat here" in said.title
    assert report.is_settled(said)
    assert "cost-does-not-move" not in {f.code for f in report.findings}
    wrong = gcm.check(cost, lambda p: grad(p, 1.01), params, repair=0)
    assert wrong.verdict is gcm.FAIL, wrong


def test_a_cost_of_other_parameters_is_still_told():
    other = {"W": W.copy()}
    report = gcm.check(lambda p: cost(other), grad, {"W": W})
    assert "cost-does-not-move" in {f.code for f in report.findings}
    assert "saturated" not in {f.code for f in report.findings}
    assert report.verdict is gcm.INCONCLUSIVE


@pytest.mark.parametrize(("offset", "again"), [(0.0, False), (4e8, True)])
def test_arrays_that_pass_are_looked_at_again_where_a_small_bug_would_not_show(
    monkeypatch, offset, again
):
    network, asked = tanh_network(), []
    kept = settling.seen_at
    monkeypatch.setattr(settling, "seen_at", lambda *given: asked.append(given) or kept(*given))
    report = gcm.check(
        lambda p: network.fun(p) + offset, network.grad, network.params, steps=0, budget=None
    )
    assert all(block.verdict is gcm.PASS for block in report.phases[0].blocks)
    assert bool(asked) == again


def test_one_array_of_several_that_is_called_wrong_is_looked_at_at_other_points():
    network = tanh_network()
    theta = network.layout.flatten(network.params)
    phase = check_at(network, "given parameters", theta, Settings())
    first, *others = phase.blocks
    status = first.status.copy()
    status[0] = Status.WRONG  # by what is special at this point
    phase = replace(phase, blocks=(replace(first, status=status), *others))
    assert phase.verdict is gcm.FAIL
    assert confirmed(network, phase, Settings()).verdict is not gcm.FAIL
