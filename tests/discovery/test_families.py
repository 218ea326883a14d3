"""Every row of the table: what is bound, whether the gradient agrees, what is left as it was."""

from __future__ import annotations

import pytest

from .namespaces import ROWS
from .rows import Row, disagreeing
from .stillness import fingerprint


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.family}: {row.name}")
def test_binds_what_the_notebook_means_and_leaves_it_as_it_was(row: Row) -> None:
    namespace = row.namespace()
    before = fingerprint(namespace)
    problem = row.found(namespace)
    assert fingerprint(namespace) == before
    assert list(problem.layout.names) == row.params.split(), problem.how
    assert problem.gradient_name == row.backward, problem.how
    assert problem.cost_name == row.cost, problem.how
    for text in row.told:
        assert text in problem.how
    assert list(problem.unchecked) == row.unchecked.split(), problem.notes
    for name in problem.unchecked:
        assert f"{name} gets no gradient from {row.backward}: not checked" in problem.notes
    for text in row.noted:
        assert text in "\n".join(problem.notes)
    assert "\n" not in problem.how
    assert disagreeing(problem) == row.wrong.split(), problem.how
    assert fingerprint(namespace) == before
