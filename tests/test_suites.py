"""The suite of bugs: right code passes, and of wrong code exactly the wrong arrays are named."""

from __future__ import annotations

import random

import pytest

from gcmagic import PASS
from gcmagic.check import check_problem
from tests.suites import fresh, held_out, unseen
from tests.suites.cases import Case, Mutation, mutated
from tests.suites.single import NETWORKS, RIGHT, SINGLE, pairs

# the whole suite runs in benchmarks/diagnosis.py
SLICE = [
    *random.Random(1).sample(SINGLE, 16),
    *random.Random(1).sample(unseen.UNSEEN, 4),
    *random.Random(1).sample(held_out.HELD_OUT, 8),
    *random.Random(1).sample(fresh.FRESH, 8),
]
EVERY = (*SINGLE, *unseen.UNSEEN, *held_out.HELD_OUT, *fresh.FRESH)


def named(cases):
    return [pytest.param(case, id=case.name) for case in cases]


def test_the_suite_is_as_large_as_it_says():
    assert len(NETWORKS) >= 12
    assert len(SINGLE) >= 150
    assert len(unseen.UNSEEN) >= 40
    assert len(held_out.NETWORKS) >= 14
    assert len(held_out.HELD_OUT) >= 48
    assert len(fresh.NETWORKS) >= 14
    assert len(fresh.FRESH) >= 60
    networks = (*NETWORKS, *unseen.NETWORKS, *held_out.NETWORKS, *fresh.NETWORKS)
    names = [n.name for n in networks]
    assert len(set(names)) == len(names)
    assert len(pairs()) == 40
    assert pairs() == pairs()
    assert len({case.name for case in EVERY}) == len(EVERY)


@pytest.mark.parametrize("case", named(EVERY))
def test_a_bug_changes_lines_of_the_source_and_leaves_the_rest_in_place(case):
    assert case.lines
    assert len(case.lines) <= max(1, len(case.mutations[0].before.splitlines()))
    compile(case.source, case.name, "exec")


@pytest.mark.parametrize("case", named((*RIGHT, *unseen.RIGHT, *held_out.RIGHT, *fresh.RIGHT)))
def test_right_code_passes_without_a_word(case):
    report = check_problem(case.problem(), init="random", steps=0)
    assert report.verdict is PASS, report
    assert not report.findings


@pytest.mark.parametrize("case", named(fresh.RIGHT))
def test_right_code_is_right_with_its_other_data_too(case):
    assert case.network.other
    assert check_problem(case.elsewhere().problem(), init="random", steps=0).verdict is PASS


@pytest.mark.parametrize("case", named(SLICE))
def test_exactly_the_wrong_arrays_are_named(case):
    wrong = case.wrong()
    assert wrong
    assert check_problem(case.problem(), init="random", steps=0).wrong == wrong


def test_a_bug_whose_line_is_not_there_is_refused():
    with pytest.raises(ValueError, match="0 places"):
        mutated(Case(NETWORKS[0]).source, Mutation("dz9 = 0", "dz9 = 1"))
    with pytest.raises(ValueError, match="2 places"):
        mutated("a = 1\na = 1\n", Mutation("a = 1", "a = 2"))
