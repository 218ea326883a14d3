"""Attributes that functions set on themselves go back, those that were not there before too."""

from __future__ import annotations

import pytest

from gcmagic.sandbox import untouched

from .forgotten import ARRAYS
from .rows import Row, disagreeing

COUNTING = ARRAYS.replace(
    "    return 0.5",
    '    compute_loss.calls = getattr(compute_loss, "calls", 0) + 1\n    return 0.5',
)


@pytest.mark.parametrize("start", ["", "compute_loss.calls = 7\n"])
def test_attributes_of_functions_are_as_before(start: str) -> None:
    row = Row("", "T", COUNTING + start, "", "backward", "compute_loss")
    namespace = row.namespace()
    before = dict(vars(namespace["compute_loss"]))
    problem = row.found(namespace)
    assert vars(namespace["compute_loss"]) == before
    with untouched(problem.fun, *problem.roots):
        problem.cost(problem.params)
        assert vars(namespace["compute_loss"]) != before
    assert vars(namespace["compute_loss"]) == before
    assert disagreeing(problem) == []
    assert vars(namespace["compute_loss"]) == before
