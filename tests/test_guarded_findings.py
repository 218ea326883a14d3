"""A small number inside a log: right code beside it is right, wrong code is wrong as before."""

from __future__ import annotations

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.check import check_problem
from gcmagic.discovery import discover
from tests.discovery.rows import run_cells
from tests.discovery.stillness import fingerprint

NET = """
EPS = 1e-7
def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
class Net:
    eps = 1e-7
    def __init__(self):
        r = np.random.default_rng(1)
        self.W1, self.b1 = r.normal(size=(4, 5)), np.zeros(5)
        self.W2, self.b2 = r.normal(size=(5, 3)), np.zeros(3)
    def forward(self, x):
        self.x, self.h = x, np.tanh(x @ self.W1 + self.b1)
        self.p = softmax(self.h @ self.W2 + self.b2)
        return self.p
    def loss(self, x, t, eps=1e-7):
        return -np.mean(np.sum(t * np.log(self.forward(x) + 1e-7), axis=1))
    def backward(self, x, t):
        self.forward(x)
        d = (self.p - t) / len(x)
        dh = d @ self.W2.T * (1 - self.h ** 2)
        return {"W1": x.T @ dh, "b1": dh.sum(0), "W2": self.h.T @ d, "b2": d.sum(0)}
rng = np.random.default_rng(0)
x, t = rng.normal(size=(8, 4)), np.eye(3)[rng.integers(0, 3, 8)]
net = Net()
"""
WRITTEN = ("+ 1e-7", "+ eps", "+ self.eps", "+ EPS", "- -1e-7", "+ 1e-3")


def checked(source: str, **options):
    namespace = run_cells([source])
    before = fingerprint(namespace)
    report = check_problem(discover(namespace, cells=[source]), init="random", steps=1, **options)
    assert fingerprint(namespace) == before
    codes = {name: f.__code__ for name, f in vars(namespace["Net"]).items() if callable(f)}
    assert 1e-300 not in [c for code in codes.values() for c in code.co_consts]
    return report


@pytest.mark.parametrize("guard", WRITTEN)
def test_right_code_is_right_whatever_the_number_is_called_and_a_large_one_counts(guard):
    report = checked(NET.replace("+ 1e-7", guard), repair=0)
    small = guard not in WRITTEN[-2:]
    assert report.verdict is (gcm.PASS if small else gcm.FAIL)
    assert ("guarded-log" in {f.code for f in report.findings}) is small
    if small:
        assert "adds inside a log" in str(report)
        assert "1e-7" in str(report)
        again = gcm.check(report.problem.fun, report.problem.grad, report.problem.params)
        assert again.passed  # what a panel calls is the cost without it


@pytest.mark.parametrize(("old", "new", "wrong"), [
    ("x.T @ dh", "2 * x.T @ dh", {"W1"}),
    ("x.T @ dh", "1.0001 * x.T @ dh", {"W1"}),
    ("/ len(x)\n", "\n", {"W1", "b1", "W2", "b2"}),
])  # fmt: skip
def test_wrong_code_is_wrong_on_its_own_arrays_and_mended(old, new, wrong):
    report = checked(NET.replace(old, new))
    said = {b.name for phase in report.phases for b in phase.blocks if b.verdict is gcm.FAIL}
    assert said == wrong
    if new != "1.0001 * x.T @ dh":
        assert [f.code for f in report.repairs][:1] == ["repair"]


def test_a_decay_of_1e_5_that_the_gradient_has_not_is_no_number_in_a_log():
    def cost(w):
        return float(np.log(np.sum(w**2) + 1e-12) + 1e-5 * np.sum(w**2))

    def gradient(w):
        return 2 * w / np.sum(w**2)

    assert gcm.check(cost, gradient, np.arange(1.0, 4.0), repair=0).verdict is gcm.FAIL
