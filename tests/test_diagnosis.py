"""Every rule names its bug, keeps silent of the others, and is explained in README."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import gcmagic
from gcmagic import PASS
from gcmagic.check import check_problem
from gcmagic.diagnosis.constants import Constant, called, known_constants
from gcmagic.diagnosis.factors import factor_text
from gcmagic.diagnosis.once import said_once
from gcmagic.diagnosis.rules import CATALOGUE
from gcmagic.diagnosis.unexplained import FEW
from gcmagic.findings import Finding
from gcmagic.problem import Problem
from tests.bugs import BUGS, network
from tests.suites.held_out import HELD_OUT
from tests.suites.unseen import UNSEEN

ROOT = Path(gcmagic.__file__).parent
CODES = {code for rule in CATALOGUE for code in rule.codes}
ROWS = [pytest.param(code, *row[1:], id=f"{code}: {row[0]}") for code in BUGS for row in BUGS[code]]


def findings(problem):
    return check_problem(problem, steps=0).findings


def test_a_rule_has_a_function_a_bug_and_a_line_in_the_readme():
    readme = (ROOT.parent / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("## Findings") :]
    assert set(BUGS) == CODES
    assert not {code for code in CODES if f"`{code}`" not in table}
    made = set()
    for path in (ROOT / "diagnosis").glob("*.py"):
        if path.name != "open_questions.py":  # what is neither wrong nor right
            text = path.read_text(encoding="utf-8")
            made |= set(re.findall(r'Finding\(\s*"([a-z-]+)"', text))
    assert made == CODES


@pytest.mark.parametrize(("code", "problem", "where", "says"), ROWS)
def test_the_bug_is_named_first(code, problem, where, says):
    first = findings(problem)[0]
    assert (first.code, first.where) == (code, where), first
    assert says in first.title


def test_right_code_gets_no_finding():
    for lam in (0.0, 0.3):
        report = check_problem(network(lam=lam), steps=0)
        assert report.verdict is PASS
        assert not report.findings


@pytest.mark.parametrize(
    ("c", "name"),
    [
        (8.0, "N"),
        (1 / 8, "1 / N"),
        (4.0, "N / 2"),
        (0.25, "2 / N"),
        (0.6, "keep"),
        (-8.0, "-N"),
        (1 / 0.6, "1 / keep"),
        (3**0.5, "sqrt(k)"),
        (24.0, "N * k"),
        (7.0, ""),
        (1.0, ""),
        (-1.0, ""),
    ],
)
def test_a_constant_is_called_what_it_is(c, name):
    known = (Constant(8.0, "N", True), Constant(3.0, "k", True), Constant(0.6, "keep", False))
    assert called(c, known) == name


@pytest.mark.parametrize(
    ("start", "look"),
    [
        ("dmu = dz + self.mu / N", "dmu"),  # over other lines: dh = dmu @ ... + dlogvar @ ...
        ("dlogvar += 0.5", "dlogvar"),
        ("dgate = dact * up", "dgate"),
        ("dA = do @ v", "dA, then dS"),
        ("dX = merge(dq)", "dX"),
        ("df = up - low", "df"),
        ("for i in range(self.steps", "what they are all made from"),  # db takes da, dc as well
        ("dg = np.sum(dW *", "dW, then dg"),  # dV is made from dg
    ],
)
def test_what_every_wrong_array_and_no_right_one_is_made_from_is_named(start, look):
    case = next(c for c in (*HELD_OUT, *UNSEEN) if c.mutations[0].before.startswith(start))
    first = check_problem(case.problem(), init="random", steps=0, repair=0).findings[0]
    assert first.code == "shared-error"
    assert first.title.endswith(f"wrong: look at {look}")


def test_a_setting_as_large_as_a_size_is_named_beside_it():
    """The numbers cannot tell which of the two was forgotten."""
    known = (Constant(8.0, "N", True), Constant(8.0, "scale", False))
    assert called(8.0, known) == "N or scale"
    assert called(1 / 8, known) == "1 / N or 1 / scale"
    assert called(4.0, known) == "N / 2"


def test_of_two_equal_sizes_the_first_axis_gives_the_name():
    data = {"X": np.zeros((8, 3)), "tau": np.zeros(3)}
    problem = Problem(np.sum, np.ones_like, np.zeros(2), roots=(data,))
    assert called(3.0, known_constants(problem)) == "tau.shape[0]"


def test_nothing_is_called_proved_on_fewer_than_four_numbers_beyond_the_fitted_ones():
    """Two, three and four numbers fit a factor; five prove it."""
    for size, proved in ((2, False), (4, False), (5, True)):
        theta = np.arange(1.0, size + 1)
        report = gcmagic.check(
            lambda w: float(np.sum(w**3)), lambda w: 2.5 * 3 * w**2, theta, steps=0
        )
        first = report.findings[0]
        assert first.code == "constant-factor"
        assert ("perhaps" not in first.title) is proved
        assert ("too few to be sure" not in first.evidence) is proved


def test_every_factor_has_a_name_zero_too():
    assert [factor_text(c) for c in (0.0, -1.0, 0.0625, -0.5, 3.0)] == [
        "0", "-1", "1/16", "-1/2", "3",
    ]  # fmt: skip


def test_a_half_is_a_half_however_well_it_is_known():
    from gcmagic.diagnosis.factors import DECAY

    assert factor_text(0.5) == factor_text(0.50008, 5 * DECAY) == "1/2"
    assert factor_text(0.52, 5 * DECAY) == "0.52"


def test_what_one_point_says_of_more_arrays_another_does_not_say_again():
    from dataclasses import replace

    from gcmagic.findings import Finding

    report = gcmagic.check(lambda w: float(w @ w), lambda w: 2 * w, np.ones(3), steps=0)
    wide, narrow, other = (
        Finding(code, where, "title", "evidence", "hint")
        for code, where in (("order", "W1 W2"), ("order", "W1"), ("order", "W3"))
    )
    [phase] = report.phases
    first, second = replace(phase, findings=(wide,)), replace(phase, findings=(narrow, other))
    assert replace(report, phases=(first, second)).findings == (wide, other)
    # within one point each is something of its own
    assert replace(report, phases=(replace(phase, findings=(wide, narrow)),)).findings == (
        wide,
        narrow,
    )


def finding(code: str, where: str) -> Finding:
    if code == "few":
        return Finding("wrong", where, f"{where}: …", f"… ({FEW})", "")
    return Finding(code, where, f"{where}: …", "", "")


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ((["floor W1"], ["floor W1"]), ["floor W1"]),
        ((["floor W1 W2"], ["floor W1"]), ["floor W1 W2"]),
        ((["noisy b1", "floor W1"], ["floor W1 W2", "kink b1"]),
         ["noisy b1", "floor W1 W2", "kink b1"]),
        ((["floor W1", "floor W2"], ["floor W1 W2"]), ["floor W1 W2"]),
        ((["floor W1", "floor W1 W2"], []), ["floor W1", "floor W1 W2"]),
        ((["frozen "], ["frozen "]), ["frozen "]),
        ((["sign b1"], ["some-components b1"]), ["sign b1", "some-components b1"]),
        ((["sign b1"], ["kink b1"]), ["sign b1", "kink b1"]),
        ((["sign b1 b2"], ["wrong b1"]), ["sign b1 b2", "wrong b1"]),
        ((["sign b1 b2"], ["few b1"]), ["sign b1 b2"]),
        ((["few b1"], ["sign b2"]), ["few b1", "sign b2"]),
    ],
)  # fmt: skip
def test_what_points_say_alike_is_said_once_of_the_most_arrays(points, said):
    told = [[finding(*text.split(" ", 1)) for text in texts] for texts in points]
    once = [(one.code if FEW not in one.evidence else "few", one.where) for one in said_once(told)]
    assert [" ".join(pair) for pair in once] == said


def test_one_array_alone_is_not_compared_with_another_layer():
    report = gcmagic.check(lambda t: t**3, lambda t: 2 * t**2, 1.0, repair=0)
    hint = "Compare the line that makes dtheta with its derivation on paper."
    assert report.findings[0].hint == hint


def test_where_all_that_move_are_wrong_it_is_not_some_of_them():
    x = np.array([[1.0, 0.0, 2.0, 0.0], [0.5, 0.0, -1.0, 0.0]])

    def cost(p):
        return float(np.sum(np.tanh(p["W"] @ x.T) ** 2))

    def gradient(p):
        a = np.tanh(p["W"] @ x.T)
        return {"W": 2 * a * (1 - a) @ x}

    found = gcmagic.check(cost, gradient, {"W": np.full((3, 4), 0.3)}, steps=0, repair=0)
    assert "some-components" not in {one.code for one in found.findings}
    assert found.findings[0].code == "wrong"
