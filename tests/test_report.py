"""The report: the same text everywhere, HTML that is safe, data that is JSON."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import count

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.check import check_problem
from gcmagic.comparison import Status
from gcmagic.problem import Problem
from gcmagic.report_text import bound, exponent, span
from tests.problems import relu_network, tanh_network, with_bug


@pytest.fixture(scope="module")
def failed():
    return check_problem(with_bug(relu_network(), W2=lambda g: 2 * g), init="random")


def test_the_text_says_verdict_rows_worst_components_and_what_to_do(failed):
    text = str(failed)
    assert text.startswith("gradcheck FAIL: the gradient of W2 is wrong\n")
    rows = {line.split()[0]: line for line in text.splitlines() if line[:1] in ("W", "b")}
    assert [*rows] == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert all(("FAIL" in row) is (name == "W2") for name, row in rows.items())
    assert re.search(r"  W2\[\d, \d\]: analytic -?[\d.e-]+, numeric -?[\d.e-]+\n", text)
    assert "what to do next:\n- W2: the gradient is 2 times what it should be" in text
    assert "3.3e-1  FAIL" in rows["W2"]


def test_the_text_does_not_change_with_rounding(failed):
    """The same check with a cost that is summed in another order."""
    right = relu_network()
    rng = np.random.default_rng(0)
    for _ in range(5):
        shaken = Problem(
            lambda p: right.fun(p) * (1 + 2e-16 * rng.integers(-2, 3)),
            lambda p: {
                k: v * (1 + 2e-16 * rng.integers(-2, 3, v.shape)) * (2 if k == "W2" else 1)
                for k, v in right.grad(p).items()
            },
            right.params,
        )
        assert str(check_problem(shaken, init="random")) == str(failed)


@pytest.mark.parametrize(
    ("difference", "rounding", "verdict", "shown"),
    [
        (1 / 3, 0.0, gcm.FAIL, "3.3e-1"),
        (2e-11, 1e-10, gcm.PASS, "< 1e-7"),
        (1.2e-7, 3e-7, gcm.PASS, "< 1e-6"),
        (0.9e-7, 3e-7, gcm.PASS, "< 1e-6"),  # not "< 1e-7" on one machine and more on another
        (2e-4, 0.0, gcm.PASS, "< 1e-3"),
        (0.5, 0.0, gcm.INCONCLUSIVE, "< 1"),
        (float("nan"), 0.0, gcm.INCONCLUSIVE, "nan"),
        (1e-9, float("nan"), gcm.PASS, "< 1e-7"),
    ],
)
def test_differences_are_shown_as_far_as_they_are_the_same_everywhere(
    difference, rounding, verdict, shown
):
    assert bound(difference, rounding, 1e-7, verdict) == shown


def test_numbers_are_written_by_hand():
    assert [exponent(1e-7), exponent(3.3e-1, 1), exponent(1e12)] == ["1e-7", "3.3e-1", "1e12"]
    assert [exponent(float("nan")), exponent(float("inf"), 1)] == ["nan", "inf"]


class Checker(HTMLParser):
    """Tags that are opened and closed in order, and nothing that runs."""

    def __init__(self):
        super().__init__()
        self.open, self.images, self.words = [], [], []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "style", "iframe")
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag == "img":
            self.images.append(dict(attrs))
        elif tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_html_is_whole_and_says_what_the_text_says(failed):
    checker = Checker()
    checker.feed(failed._repr_html_())
    assert checker.open == []
    words = " ".join(checker.words)
    for said in ("FAIL", "the gradient of W2 is wrong", "W2: the gradient is 2 times", "5 x 20"):
        assert said in words
    (image,) = checker.images
    assert image["src"].startswith("data:image/png;base64,")
    assert "W2" in image["alt"]


def test_names_that_hold_html_are_escaped():
    evil = "<script>alert(1)</script>&\"'"
    problem = Problem(
        lambda p: float(p[evil] ** 2), lambda p: {evil: 3 * p[evil]}, {evil: 2.0}, how=evil
    )
    html = check_problem(problem)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in html
    Checker().feed(html)


def test_data_is_json_and_holds_every_component(failed):
    data = json.loads(json.dumps(failed.to_dict(), allow_nan=False))
    assert data["verdict"] == "FAIL"
    assert data["wrong"] == ["W2"]
    block = data["phases"][0]["blocks"][2]
    assert len(block["analytic"]) == len(block["status"]) == 15
    assert set(block["status"]) <= {"WRONG", "AGREES"}
    small = failed._repr_mimebundle_()["application/vnd.gcmagic.report+json"]
    assert "analytic" not in small["phases"][0]["blocks"][0]


def test_nan_becomes_a_string_in_the_data():
    report = gcm.check(lambda p: float("nan"), lambda p: p, 1.0)
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["difference"] == "nan"


def test_a_report_is_frozen_and_so_are_its_arrays(failed):
    with pytest.raises((AttributeError, TypeError)):
        failed.phases = ()
    with pytest.raises(ValueError, match="read-only"):
        failed.phases[0].blocks[0].analytic[0] = 1.0


def test_what_one_point_left_open_is_settled_by_another():
    kinked = Problem(
        lambda t: (t - 1) ** 2 + 0.1 * abs(t),
        lambda t: 2 * (t - 1) + 0.1 * (1 if t > 0 else -1),
        0.0,
    )
    report = check_problem(kinked)
    assert report.phases[0].verdict is gcm.INCONCLUSIVE
    assert report.phases[0].findings[0].code == "kink"
    assert report.phases[1].verdict is gcm.PASS
    assert report.verdict is gcm.PASS
    (finding,) = report.findings
    assert report.is_settled(finding)
    count = len(report.phases)
    assert f"at {count - 1} of {count} points; nothing speaks against it" in report.summary
    assert "settled at another point:\n- theta: no one slope here, as at a kink" in str(report)
    assert "what to do next" not in str(report)


def test_arrays_that_agree_at_one_point_each_are_no_agreement_at_two(failed):
    first, second = replace(failed.phases[0], name="one"), replace(failed.phases[0], name="two")
    good, bad = [block for block in first.blocks if block.verdict is gcm.PASS][:2], []
    bad = [replace(b, status=np.full(b.status.shape, Status.KINK, b.status.dtype)) for b in good]
    report = replace(
        failed,
        phases=(
            replace(first, blocks=(good[0], bad[1]), findings=()),
            replace(second, blocks=(bad[0], good[1]), findings=()),
        ),
    )
    assert report.summary.endswith("the cost, each array at one of 2 points at least")


def test_nfev_counts_every_call_of_the_cost(monkeypatch):
    monkeypatch.setattr("gcmagic.batched.evaluator.FEW", 10**9)  # one copy a call
    monkeypatch.setattr("gcmagic.directional.MOST", 0)
    calls = count()  # a list would be put back as it was
    right = tanh_network()
    counted = Problem(lambda p: (next(calls), right.fun(p))[1], right.grad, right.params)
    report = check_problem(counted, steps=0)
    # a few more: whether the cost repeats
    assert report.nfev <= next(calls) <= report.nfev + 4


def test_a_parameter_without_a_gradient_leaves_the_verdict_open():
    right = tanh_network()
    problem = replace(right, unchecked=("W9",), notes=("W9 gets no gradient: not checked",))
    report = check_problem(problem, steps=0)
    assert report.verdict is gcm.INCONCLUSIVE
    assert report.summary == "INCONCLUSIVE: W9 got no gradient to check; all else agrees"
    assert "note: W9 gets no gradient: not checked" in str(report)
    assert "Note: W9 gets no gradient" in report._repr_html_()
    assert report.to_dict()["unchecked"] == ["W9"]
    assert check_problem(problem, steps=0, layers=["W1"]).verdict is gcm.PASS


def test_numbers_that_differ_late_are_shown_to_the_digit_that_tells_them_apart():
    report = check_problem(with_bug(tanh_network(), W1=lambda g: g * (1 + 1e-5)), steps=0)
    line = next(line for line in str(report).splitlines() if line.startswith("  W1["))
    analytic, numeric = re.findall(r"(?:analytic|numeric) ([-\d.e]+)", line)
    assert analytic != numeric
    assert report.findings[0].title == "W1: the gradient is 1 + 1.0e-5 times what it should be"


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("d = W[-l+1].T @ d", "d = W[-l + 1].T @ d * sp", "* sp"),
        ("d = W @ d", "d = W.T @ d", ".T"),
        ("db = np.sum(d)", "db = np.mean(d)", "mean"),
        ("d = a*b", "d = a * c", "c"),
        ("d = a + a", "d = a", ""),
        ("x = 1", "x = 2", "2"),
    ],
)
def test_what_an_edit_changes_is_marked_and_spaces_are_no_change(before, after, changed):
    start, stop = span(before, after)
    assert after[start:stop].strip() == changed


def test_a_floor_says_no_more_than_a_difference_can_be():
    def cost(p):
        return 1e6 + 1e-60 * float(np.sum(p["W"])) + float(np.sum(p["b"] ** 2))

    report = gcm.check(
        cost,
        lambda p: {"W": np.full(3, 1e-60), "b": 2 * p["b"]},
        {"W": np.ones(3), "b": np.ones(2)},
    )
    assert max(block.floor for block in report.phases[0].blocks) > 1
    floors = re.findall(r"\(floor ([^)]*)\)", report._repr_html_())
    assert max(map(float, floors)) == 1
