"""How far a repair goes: told by a count; no machine's speed decides what a notebook says."""

from __future__ import annotations

import sys
import time

import numpy as np

import gcmagic as gcm
from gcmagic.diagnosis.repair import budget, repair, repairing
from gcmagic.diagnosis.repair.trial import Trial

WEIGHTS = np.array([1.0, -2.0, 0.5, 3.0])


def cost(w):
    return float(np.sum(np.sin(w) ** 5 + np.cos(w[::-1]) * w))


def hopeless(w):
    steep = np.exp(w)
    flat = np.tanh(w) * w
    return w * np.sum(steep) + flat


def looped(w):
    total = np.zeros_like(w)
    for k in range(50):
        total = total + w[k % 4]
    return total


def cost_of(function):
    return budget.cost_of(lambda: function(WEIGHTS), {function.__code__})


def test_the_end_is_the_same_however_fast_the_machine_is(monkeypatch):
    trials = []

    class Paused(Trial):
        pause = 0.0

        def __init__(self, *given):
            super().__init__(*given)
            trials.append(self)

        def _within(self, theta):
            time.sleep(self.pause)
            return super()._within(theta)

    monkeypatch.setattr(repairing, "Trial", Paused)
    monkeypatch.setattr(repairing, "LATE", 1e3)  # the clock of a busy machine has no say here
    report = gcm.check(cost, hopeless, WEIGHTS, repair=0)
    for Paused.pause in (0.0, 0.001):  # twice the seconds that it is given, and more
        assert not any(finding.code == "repair" for finding in repair(report, 0.15))
    fast, slow = trials
    assert fast.count == slow.count >= int(0.15 / cost_of(hopeless))


def test_what_a_candidate_costs_is_counted_and_not_measured():
    first, second = cost_of(looped), cost_of(looped)
    assert first == second > cost_of(hopeless)
    assert budget.candidates(2.0, lambda: looped(WEIGHTS), {looped.__code__}) == int(2.0 / first)
    assert budget.candidates(1e9, lambda: looped(WEIGHTS), {looped.__code__}) == budget.MOST


def test_a_debugger_goes_on():
    seen = []

    def trace(frame, event, argument):
        seen.append(event)

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        found = cost_of(looped)
        kept = sys.gettrace()
    finally:
        sys.settrace(before)
    assert found == budget.UNKNOWN
    assert kept is trace
