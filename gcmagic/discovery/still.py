"""Parameters under which the cost stays as it is although they get a gradient."""

from __future__ import annotations

import numpy as np

from ..problem import Problem
from ..sandbox import untouched
from .trial import quiet


def nudged(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every component moved, by about a tenth of its size and by 0.01 at least."""
    return values + 0.1 * np.maximum(np.abs(values), 0.1) * rng.standard_normal(values.shape)


def unmoved(problem: Problem) -> tuple[str, ...]:
    """Names of the parameters that have a gradient and that the cost does not depend on.

    A velocity ``self.vW`` that moves with every step looks like a parameter of its own. What has no
    gradient either is a unit that is dead at this point, and the check says so.
    """
    params = problem.params
    rng = np.random.default_rng(0)
    found: list[str] = []
    with untouched(problem.fun, problem.grad, *problem.roots) as snapshot, quiet():
        try:
            first = problem.cost(params)
            snapshot.restore()
            # told before anything is put back: the arrays may be those that lie in the layers
            given = {name for name, value in problem.grad(params).items() if np.any(value)}
            for name, value in params.items():
                snapshot.restore()
                before = np.asarray(value, dtype=float)
                moved = nudged(before, rng)
                moved = moved if before.ndim else float(moved)
                if problem.cost({**params, name: moved}) == first and name in given:
                    found.append(name)
        except (Exception, SystemExit):  # the check itself says what cannot be computed
            return ()
    return tuple(found)
