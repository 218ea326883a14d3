"""Cases that gradient checkers get wrong, one row each, with the outcome that is wanted."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic import FAIL, INCONCLUSIVE, PASS
from gcmagic.comparison import Verdict

rng = np.random.default_rng(5)
X, Y = rng.standard_normal((8, 4)), rng.standard_normal((8, 4))
LAM = 1e-4
PARAMS = {
    "W1": rng.standard_normal((4, 4)) / 2,
    "b1": rng.standard_normal(4) / 5,
    "W2": rng.standard_normal((4, 4)) / 2,
    "b2": rng.standard_normal(4) / 5,
}


def forward(p):
    A = np.tanh(X @ p["W1"] + p["b1"])
    return A, A @ p["W2"] + p["b2"]


def cost(p, scale=1.0, offset=0.0, lam=0.0):
    decay = lam / 2 * (np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2))
    return float(scale * np.sum((forward(p)[1] - Y) ** 2) / 16 + decay + offset)


def backward(p, scale=1.0):
    A, out = forward(p)
    d2 = scale * (out - Y) / 8
    d1 = d2 @ p["W2"].T * (1 - A**2)
    return {"W1": X.T @ d1, "b1": d1.sum(axis=0), "W2": A.T @ d2, "b2": d2.sum(axis=0)}


def changed(name: str, change: Callable[[np.ndarray], np.ndarray]):
    """Backward with one array of its gradient changed."""
    return lambda p: {**backward(p), name: change(backward(p)[name])}


def with_nan(g):
    g = g.copy()
    g[1, 2] = np.nan
    return g


@dataclass(frozen=True)
class Row:
    """A cost, a gradient, and what has to be said of them."""

    fun: Callable[[Any], Any]
    grad: Callable[[Any], Any]
    params: Any
    verdict: Verdict
    code: str = ""
    where: str = ""
    says: str = ""


def tiny_beside_large(factor):
    big = np.array([1.0, -2.0, 3.0])
    return (
        lambda p: 1e6 * np.sum(p["big"] ** 2) / 2 + np.sum(p["small"] ** 2) / 2,
        lambda p: {"big": 1e6 * p["big"], "small": factor * p["small"]},
        {"big": big, "small": np.array([0.5])},
    )


def noisy():
    draws = itertools.count()
    return lambda p: cost(p) + 1e-3 * np.sin(1e6 * np.sqrt(2) * next(draws) + 1)


def hidden():
    """The factor that is left out is one, or zero, at the values that a network starts with."""
    start = {"gamma": np.ones(4), "w": rng.standard_normal(4)}
    return (
        lambda p: np.sum(np.tanh(p["gamma"] * p["w"])),
        lambda p: {
            "gamma": p["w"] * (1 - np.tanh(p["gamma"] * p["w"]) ** 2),
            "w": 1 - np.tanh(p["gamma"] * p["w"]) ** 2,  # should be times gamma
        },
        start,
    )


def bias_at_zero():
    def fun(p):
        return cost(p) + 0.05 * np.sum(p["b1"] ** 2)

    return fun, backward, {**PARAMS, "b1": np.zeros(4)}


TABLE = {
    "correct network, loss + 1e3": Row(lambda p: cost(p, offset=1e3), backward, PARAMS, PASS),
    "correct network, loss + 1e6": Row(lambda p: cost(p, offset=1e6), backward, PARAMS, PASS),
    "cost constant, gradient zero": Row(
        lambda w: 3.0, np.zeros_like, np.ones(3), INCONCLUSIVE, "nothing-moves", "theta"
    ),
    "|x| at 1e-9": Row(
        # told at the point itself; a jittered one settles it
        lambda w: np.sum(np.abs(w)),
        np.sign,
        np.array([1e-9]),
        PASS,
        "kink",
        "theta",
    ),
    "cost and gradient NaN": Row(
        lambda w: np.nan, lambda w: np.nan * w, np.ones(3), INCONCLUSIVE, "not-finite"
    ),
    "one NaN in the gradient": Row(
        cost, changed("W1", with_nan), PARAMS, INCONCLUSIVE, "not-finite", "W1", "W1[1, 2]"
    ),
    "a tiny component 2 x wrong beside one of 1e6": Row(
        *tiny_beside_large(2.0), FAIL, "constant-factor", "small"
    ),
    "all 2 x wrong, loss x 1e-5": Row(
        lambda p: cost(p, 1e-5), lambda p: backward(p, 2e-5), PARAMS, FAIL, "constant-factor"
    ),
    "all 2 x wrong, loss x 1e-8": Row(
        lambda p: cost(p, 1e-8), lambda p: backward(p, 2e-8), PARAMS, FAIL, "constant-factor"
    ),
    "L2 term with lambda 1e-4 missing": Row(
        lambda p: cost(p, lam=LAM), backward, PARAMS, FAIL, "regulariser", "W1 W2", "0.0001"
    ),
    "b2 gradient x 1.001": Row(
        cost, changed("b2", lambda g: 1.001 * g), PARAMS, FAIL, "constant-factor", "b2", "1.001"
    ),
    "cost with noise of 1e-3": Row(noisy(), backward, PARAMS, INCONCLUSIVE, "cost-not-repeatable"),
    "square W transposed": Row(cost, changed("W2", np.transpose), PARAMS, FAIL, "transposed", "W2"),
    "a factor hidden where the value is 1": Row(*hidden(), FAIL, "hidden", "w", "gamma: all one"),
    "a term hidden where the value is 0": Row(*bias_at_zero(), FAIL, "", "b1"),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_row_gets_the_wanted_outcome(name):
    row = TABLE[name]
    report = gcm.check(row.fun, row.grad, row.params, repair=0, steps=0)
    assert report.verdict is row.verdict, report
    if row.code:
        told = [f for f in report.findings if f.code == row.code]
        assert told, report
        where = row.where or told[0].where
        (finding,) = [f for f in told if f.where == where]
        assert row.says in f"{finding.title} {finding.evidence}", finding
    if row.verdict is not FAIL:
        assert report.phases[0].verdict is (INCONCLUSIVE if row.code else PASS)
    elif row.where:
        assert " ".join(report.wrong) == row.where


@pytest.mark.parametrize("name", TABLE)
def test_the_same_with_the_training_phase(name):
    row = TABLE[name]
    report = gcm.check(row.fun, row.grad, row.params, repair=0)
    assert report.verdict is row.verdict, report


def test_the_small_one_is_named_and_the_large_one_is_not():
    report = gcm.check(*tiny_beside_large(2.0), repair=0)
    assert report.wrong == ("small",)
    assert report.difference < 1e-5, "formula (2) over everything does not see it"
