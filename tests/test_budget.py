"""A check keeps to its budget, whatever a call of the cost takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from sys import modules
from typing import Any

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.check import check_problem
from gcmagic.problem import Problem

from .problems import tanh_network

TIMED = ("check", "clock", "repeatable", "budget", "places", "exposing")
SMALL, LARGE = tanh_network((3, 4, 2)), tanh_network((30, 40, 3))


@dataclass(frozen=True)
class Time:
    """A clock that calls move. It is the place in a file: no check puts that back."""

    file: int

    def __call__(self) -> float:
        return os.lseek(self.file, 0, os.SEEK_CUR) / 1e6

    def take(self, seconds: float) -> None:
        os.lseek(self.file, int(seconds * 1e6), os.SEEK_CUR)


@pytest.fixture
def time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    file = os.open(tmp_path / "clock", os.O_RDWR | os.O_CREAT)
    clock = Time(file)
    for name in TIMED:
        monkeypatch.setattr(modules[f"gcmagic.{name}"], "perf_counter", clock)
    yield clock
    os.close(file)


def slow(time: Time, net: Problem, seconds: float, bug: Callable[[str, Any], Any]) -> Problem:
    """The network with a cost that takes so long, one call at a time, and a backward pass twice."""

    def cost(params: dict[str, np.ndarray]) -> float:
        time.take(seconds)
        float(sum(np.sum(value) for value in params.values()))  # no copies in one call
        return net.fun(params)

    def backward(params: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        time.take(2 * seconds)
        return {name: bug(name, value) for name, value in net.grad(params).items()}

    return Problem(cost, backward, net.params)


def right(_: str, value: np.ndarray) -> np.ndarray:
    return value


def one_array(name: str, value: np.ndarray) -> np.ndarray:
    return 2 * value if name == "W1" else value


def all_arrays(_: str, value: np.ndarray) -> np.ndarray:
    return 1.01 * value


FITS = [
    (SMALL, 0.001, 60, 2),
    (SMALL, 0.03, 20, 2),
    (SMALL, 1.0, 60, 1),
    (SMALL, 5.0, 600, 2),
    (SMALL, 60.0, 3600, 1),
    (LARGE, 0.03, 20, 2),
    (LARGE, 1.0, 60, 1),
    (LARGE, 1.0, 600, 2),
]


@pytest.mark.parametrize(("net", "seconds", "budget", "points"), FITS)
def test_right_code_keeps_to_the_budget(time, net, seconds, budget, points):
    report = check_problem(slow(time, net, seconds, right), budget=budget, repair=0)
    assert report.verdict is gcm.PASS
    assert time() <= budget
    assert len(report.phases) == points
    told = {finding.code for finding in report.findings}
    assert ("over-budget" in told) == (report.settings.fast or points == 1)


@pytest.mark.parametrize(("net", "seconds", "budget", "points"), FITS)
@pytest.mark.parametrize("bug", [one_array, all_arrays])
def test_wrong_code_is_told_within_little_more(time, net, seconds, budget, points, bug):
    report = check_problem(slow(time, net, seconds, bug), budget=budget, repair=0)
    assert report.verdict is gcm.FAIL
    assert time() <= 2.5 * budget


@pytest.mark.parametrize(("seconds", "budget"), [(1.0, 20), (5.0, 60), (60.0, 60), (60.0, 600)])
def test_what_cannot_fit_is_refused_after_a_call_or_two(time, seconds, budget):
    with pytest.raises(gcm.InputError) as caught:
        check_problem(slow(time, SMALL, seconds, right), budget=budget)
    assert time() <= 6 * seconds
    message = str(caught.value)
    assert f"one call of the cost takes {seconds:g} s" in message
    needed = float(message.rpartition("--budget ")[2].rstrip(")"))
    os.lseek(time.file, 0, os.SEEK_SET)
    assert check_problem(slow(time, SMALL, seconds, right), budget=needed).verdict is gcm.PASS
    assert time() <= needed
