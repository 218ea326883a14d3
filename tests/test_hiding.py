"""Bugs that the first parameters hide are told all the same, with the point that showed them."""

import linecache

import numpy as np
import pytest
from IPython.utils.capture import capture_output

import gcmagic as gcm
from gcmagic.exposing import special_value
from tests.hiding import HIDING
from tests.problems import RIGHT, tanh_network
from tests.shells import shell_of_its_own


@pytest.fixture(scope="module")
def shell():
    with shell_of_its_own() as shell:
        yield shell


def exposing(report):
    """Names of the points at which an array is wrong."""
    return [phase.name for phase in report.phases if phase.verdict is gcm.FAIL]


def bound(name):
    space: dict = {}
    cell, file = HIDING[name][0], f"<{name}>"
    linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
    exec(compile(cell, file, "exec"), space)
    problem = gcm.discover(space)
    return problem, HIDING[name][1]


@pytest.mark.parametrize("name", HIDING)
def test_the_magic_tells_it(shell, name):
    cell, wrong = HIDING[name]
    with capture_output():
        shell.run_cell("%reset -f")
        shell.run_cell(cell)
        report = shell.run_line_magic("gradcheck", "")
    assert report.verdict is gcm.FAIL, report
    assert " ".join(report.wrong) == wrong
    assert exposing(report)


@pytest.mark.parametrize("steps", [0, 5])
@pytest.mark.parametrize("name", HIDING)
def test_check_tells_it_at_the_parameters_that_hide_it(name, steps):
    problem, wrong = bound(name)
    report = gcm.check(problem.fun, problem.grad, problem.params, steps=steps)
    assert report.verdict is gcm.FAIL, report
    assert " ".join(report.wrong) == wrong
    assert report.phases[0].name not in exposing(report), "it does not hide"
    if not steps:
        assert all(point.startswith("jittered") for point in exposing(report))
        assert "hidden" in {f.code for f in report.findings}
        assert "hidden" not in str([f for f in report.findings if report.is_settled(f)])


@pytest.mark.parametrize("name", RIGHT)
def test_right_code_is_told_nothing_of_it(name):
    report = gcm.check(RIGHT[name](1).fun, RIGHT[name](1).grad, RIGHT[name](1).params, steps=0)
    assert report.verdict is gcm.PASS
    assert not {"hidden", "no-power"} & {f.code for f in report.findings}


def test_what_hides_is_told_where_no_other_point_can_be_looked_at():
    """Outside the given parameters this cost is not finite."""

    def cost(p):
        return float(np.sum(p["b"] ** 2) + p["w"] @ p["w"]) if not np.any(p["b"] > 0.1) else np.nan

    problem = {"w": np.arange(1.0, 5.0), "b": np.zeros(200)}
    report = gcm.check(cost, lambda p: {"w": 2 * p["w"], "b": 2 * p["b"]}, problem, steps=0)
    found = {f.code: f for f in report.findings}
    assert found["no-power"].evidence == "b: all zero"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((3, 1)), "all zero"),
        (np.ones(4), "all one"),
        (np.full((2, 3), 0.5), "all the same"),
        (np.eye(3), "the identity"),
        (np.ones((3, 3)) + np.diag([1, 2, 3]), "symmetric"),
        (1e-4 * np.arange(1, 5), "below 1e-3 in size"),
        (np.arange(1.0, 5.0), ""),
        (np.array(2.0), ""),
        (np.arange(9.0).reshape(3, 3), ""),
    ],
)
def test_what_is_special_about_an_array(values, said):
    assert special_value(values) == said


def test_evaluations_for_it_are_few_and_counted():
    problem = tanh_network((12, 10, 8, 3))
    before = sum(b.size for b in problem.layout.blocks)
    report = gcm.check(problem.fun, problem.grad, problem.params, steps=0)
    assert 2 * before < report.nfev < 2 * before + 20


def apart(pieces, hidden=(), sizes=None):
    """Twelve parameters in some arrays; zero where the gradient lacks a term that is zero there."""
    names = [f"p{k}" for k in range(pieces)]
    sizes = dict.fromkeys(names, 1.0) | (sizes or {})
    parts = dict(zip(names, np.split(np.linspace(0.1, 1.2, 12), pieces), strict=True))
    params = {n: np.zeros_like(part) if n in hidden else part for n, part in parts.items()}

    def cost(p):
        return sum(sizes[n] * np.sum(np.sin(p[n]) + p[n] ** 2) for n in names)

    def grad(p):
        decay = {n: 0.0 if n in hidden else 2 * p[n] for n in names}
        return {n: sizes[n] * (np.cos(p[n]) + decay[n]) for n in names}

    return gcm.check(cost, grad, params, steps=0, repair=0)


def test_arrays_share_a_line_so_that_more_of_them_take_no_more():
    assert apart(1).nfev == apart(6).nfev


@pytest.mark.parametrize("hidden", [("p0",), ("p3",), ("p1", "p4")])
@pytest.mark.parametrize("sizes", [{}, {"p1": 1e-7, "p3": 1e-7}])
def test_of_the_arrays_on_a_line_those_that_hide_a_bug_are_told(hidden, sizes):
    report = apart(6, hidden, sizes)
    assert report.wrong == hidden
    assert report.phases[0].verdict is gcm.PASS
    assert all(phase.name.startswith("jittered") for phase in report.phases[1:])
