"""Paths that are gone from backward: made anew by the chain rule from the forward pass."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from benchmarks.repair import is_right, mended
from gcmagic import PASS
from gcmagic.check import check_problem
from gcmagic.diagnosis.repair.slopes import Slope, Through
from tests.suites.cases import Case
from tests.suites.paths import PATHS, RIGHT

RNG = np.random.default_rng(0)
WORTH = {
    "X": RNG.uniform(0.5, 2.0, (4, 3)),
    "W": RNG.uniform(0.5, 2.0, (3, 2)),
    "v": RNG.uniform(0.5, 2.0, 3),
    "c": RNG.uniform(0.5, 2.0, (4, 1)),
    "np": np,
}
EXPRESSIONS = [
    "X + v", "X - v * 2", "X * c", "v / X", "X ** 3", "X @ W", "X @ v", "np.dot(X, W)", "-X.T",
    "np.exp(X * v)", "np.log(X)", "np.tanh(X - v)", "np.sqrt(X * c)", "np.square(v)",
    "np.abs(X - 1)", "np.sin(X) * np.cos(v)", "np.maximum(X, v)", "np.minimum(1, X)",
    "np.where(X > 1, X, v)", "np.sum(X * v, axis=1)", "(X * c).sum(axis=0)", "np.mean(X ** 2)",
    "X.mean(axis=1, keepdims=True)", "np.log1p(X) / np.sum(X, axis=1, keepdims=True)",
    "0.5 * np.sum(W ** 2)",
]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_chain_rule_agrees_with_differences(text):
    def worth(node, **changed):
        return eval(ast.unparse(node), {**WORTH, **changed})

    node = ast.parse(text, mode="eval").body
    upstream = np.random.default_rng(1).standard_normal(np.shape(worth(node)))
    slope = Slope(ast.parse("g", mode="eval").body, upstream.shape)
    found: dict[str, np.ndarray] = {}
    for leaf, made in Through(worth, lambda node: node).leaves(node, slope):
        name = ast.unparse(leaf)
        value = np.broadcast_to(worth(made.node, g=upstream), WORTH[name].shape)
        assert np.shape(worth(made.node, g=upstream)) == made.shape
        found[name] = found.get(name, 0) + value
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - {"np"}
    assert set(found) == names
    for name in names:
        direction = np.random.default_rng(2).standard_normal(WORTH[name].shape)
        ahead, behind = (
            np.sum(upstream * worth(node, **{name: WORTH[name] + h * direction}))
            for h in (1e-6, -1e-6)
        )
        assert np.isclose(np.sum(found[name] * direction), (ahead - behind) / 2e-6, rtol=1e-7)


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in RIGHT])
def test_the_networks_are_right(case):
    assert check_problem(case.problem(), init="random", steps=0).verdict is PASS


# three of these are missed without the chain rule, or mended by two edits
GONE = [case for case in PATHS if any(not m.after.strip() for m in case.mutations)]


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in GONE])
def test_a_path_that_is_gone_is_made_anew(case):
    report = check_problem(case.problem(), init="random", steps=0, repair=5)
    found = [finding for finding in report.findings if finding.code == "repair"]
    assert len(found) == 1
    assert is_right(mended(case, found), Case(case.network))
