"""Planted bugs are caught, and what cannot be caught is said."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.selftest import FINE, PLANTS, AskedOnce, self_test_problem
from tests.bugs import becomes, network


def test_every_planted_bug_is_caught_in_every_array():
    result = self_test_problem(network())
    assert result.passed
    assert result.names == ("W1", "b1", "W2", "b2", "W3", "b3")
    assert {p.bug for p in result.planted} == set(PLANTS)
    assert not result.missed
    assert result.summary == f"{len(result.planted)} of {len(result.planted)} planted bugs caught"


def test_the_users_arrays_are_left_alone():
    problem = network()
    before = {k: v.copy() for k, v in problem.params.items()}
    self_test_problem(problem, layers=["W2"])
    assert all(np.array_equal(before[k], problem.params[k]) for k in before)


def test_the_same_question_is_asked_once():
    asked = []

    def inner(problem, theta, components, points):
        asked.append(components.size)
        return points * 2

    once = AskedOnce(inner)
    theta, components = np.zeros(5), np.arange(3)
    points = np.arange(6.0).reshape(3, 2)
    for _ in range(3):
        assert np.array_equal(once(None, theta, components, points), points * 2)
    wider = once(None, theta, np.arange(4), np.arange(8.0).reshape(4, 2))
    assert np.array_equal(wider, 2 * np.arange(8.0).reshape(4, 2))
    assert asked == [3, 1]
    once(None, theta + 1, components, points)
    assert asked == [3, 1, 3]


def test_nothing_is_planted_into_a_wrong_array():
    result = self_test_problem(network(becomes("W2", lambda g, w: 2 * g)), layers=["W2", "b3"])
    assert result.names == ("b3",)
    assert not result.passed
    assert result.left_out == (("W2", gcm.FAIL),)
    assert "W2: nothing planted, as the check says FAIL of it" in repr(result)


def test_what_rounding_hides_is_said_and_not_counted():
    """In a cost with noise of a thousandth part an error of 0.0001 % cannot be seen."""

    def cost(w):
        return float(np.float32(np.sum(w**3)))

    result = gcm.self_test(cost, lambda w: 3 * w**2, np.linspace(1, 2, 6))
    hidden = {p.bug for p in result.fine if not p.caught}
    assert "+ 0.0001 %" in hidden <= set(FINE)
    assert "an error of 0.0001 % in theta would not be seen: rounding" in repr(result)


def test_a_check_that_passes_everything_would_be_found_out(monkeypatch):
    """The self-test is no check that cannot fail."""
    from gcmagic import selftest
    from gcmagic.comparison import Status

    honest = selftest._looked

    def blind(*arguments):
        phase = honest(*arguments)
        blocks = [replace(b, status=np.full_like(b.status, Status.AGREES)) for b in phase.blocks]
        return replace(phase, blocks=tuple(blocks))

    monkeypatch.setattr(selftest, "_looked", blind)
    result = self_test_problem(network(), layers=["W1"])
    assert not result.passed
    assert len(result.missed) == len(result.planted)
    assert "missed: x 2 in W1 (PASS)" in repr(result)


def test_text_html_and_data_say_the_same():
    result = self_test_problem(network(), layers=["W1", "b1"])
    html = result._repr_html_()
    for row in result.rows():
        assert all(cell in html for cell in row)
    assert json.loads(json.dumps(result.to_dict()))["passed"] is True
    assert repr(result) == repr(self_test_problem(network(), layers=["W1", "b1"]))


def test_the_magic_plants_too(capsys):
    from IPython.terminal.interactiveshell import TerminalInteractiveShell

    from tests.suites.single import RIGHT

    TerminalInteractiveShell.clear_instance()
    shell = TerminalInteractiveShell.instance(colors="nocolor")
    try:
        shell.run_line_magic("load_ext", "gcmagic")
        shell.user_ns.update(RIGHT[1].namespace())
        result = shell.run_line_magic("gradcheck", "--self-test --layers W2,b2")
        assert isinstance(result, gcm.SelfTest)
        assert result.passed
        assert "gradcheck: backward_propagation" in capsys.readouterr().out
    finally:
        TerminalInteractiveShell.clear_instance()


@pytest.mark.parametrize("option", [{"init": "somewhere"}, {"layers": ["W9"]}])
def test_what_cannot_be_meant_is_refused(option):
    with pytest.raises(gcm.InputError):
        self_test_problem(network(), **option)


def test_what_the_curvature_hides_is_not_called_rounding():
    result = gcm.self_test(lambda w: np.sum(w**3), lambda w: 3 * w**2, np.array([1.0, 2.0, 3.0]))
    hidden = [line for line in result.lines() if "would not be seen" in line]
    assert all("rounding" not in line for line in hidden)
    assert all(p.floor < 1e-9 for p in result.fine)
