"""The cost at some points anywhere in one call, and an evaluator that knows such values already.

Every parameter array is a stack here: nothing is the same in all copies, so that a copy costs as
much arithmetic as a plain call. What is saved is the time that NumPy takes to be called at all,
which is most of a cost of small arrays.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from ..evaluation import Evaluator, SerialEvaluator
from ..parameters import ParameterLayout
from ..problem import Problem
from .arrays import Copies
from .audit import hold
from .batch import Batch, TooLarge, Untraceable, trimmed
from .tracing import called

# numbers that the copies of theta may take together: more of them are no cheaper than calls
MOST = 2**19
# seconds that a number takes in copies of all of theta: more than in a call for a wide network
NUMBER = 4e-8
# fewer of them than this take no less in one call
FEW = 16
# a cost that takes more than so many seconds has arrays large enough to be called by itself
QUICK = 1e-3
# points that are compared with plain calls, beside one that is known
AUDITED = 2


class Known:
    """An evaluator that looks values up, and calls the cost, once, for those that are not there.

    Parameters
    ----------
    values
        J by component and point.
    """

    __slots__ = ("_plain", "values")

    def __init__(self, values: dict[tuple[int, float], float]) -> None:
        self.values = values
        self._plain: Evaluator = SerialEvaluator()

    def __call__(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        """Evaluate; see `Evaluator`."""
        rows = zip(components.tolist(), points.tolist(), strict=True)
        found = [[self.values.get((k, point)) for point in row] for k, row in rows]
        missing = [place for place, row in enumerate(found) if None in row]
        if not missing:
            return np.array(found, dtype=float)
        values = np.array(found, dtype=object)
        values[missing] = self._plain(problem, theta, components[missing], points[missing])
        for place in missing:
            k = int(components[place])
            self.values.update({(k, t): values[place, n] for n, t in enumerate(points[place])})
        return values.astype(float)

    def given(self, components: np.ndarray, points: np.ndarray) -> np.ndarray | None:
        """The values that are there already; None where one is missing."""
        rows = zip(components.tolist(), points.tolist(), strict=True)
        found = [[self.values.get((k, point)) for point in row] for k, row in rows]
        return None if any(None in row for row in found) else np.array(found, dtype=float)

    def only(self, components: Sequence[int]) -> Known:
        """The same, of some of the components, which are numbered anew."""
        new = {k: place for place, k in enumerate(components)}
        return Known({(new[k], at): value for (k, at), value in self.values.items() if k in new})


def values_at(
    problem: Problem,
    thetas: np.ndarray,
    known: dict[int, float],
    limit: float = np.inf,
    audited: int = AUDITED,
) -> np.ndarray:
    """J at each row of `thetas`, in one call; some of them, and those known, compared with calls.

    Parameters
    ----------
    known
        J by row, from plain calls; each the centre of the rows that follow it.
    limit
        Bytes that the copies may take.
    audited
        How many more are compared.

    Raises
    ------
    Untraceable, TooLarge
        Where the function cannot be run on many copies at once, or gives something else then.
    """
    batch = Batch(len(thetas), limit)
    layout = problem.layout
    leaves = _leaves(batch, layout, thetas)
    params = layout.views(thetas[0].copy())
    with trimmed():
        values = called(problem, batch, params, dict(zip(layout.paths, leaves, strict=True)))
    rows = [*sorted(known), *_drawn(len(thetas), audited)]
    plain = [known[row] if row in known else problem.cost_at(thetas[row]) for row in rows]
    before = sorted(known)
    centres = [known[max((k for k in before if k <= row), default=before[0])] for row in rows]
    hold(values[rows], np.array(plain), np.array(centres))
    return values


@functools.lru_cache
def _drawn(count: int, some: int) -> list[int]:
    """Rows that are compared with plain calls."""
    rng = np.random.default_rng(count)
    return rng.choice(count, min(some, count), replace=False).tolist()


def tried(
    problem: Problem,
    thetas: np.ndarray,
    known: dict[int, float],
    limit: float,
    audited: int = AUDITED,
) -> np.ndarray | None:
    """As `values_at`; None where that cannot be."""
    try:
        return values_at(problem, thetas, known, limit, audited)
    except (Untraceable, TooLarge, Exception, SystemExit):  # plain calls say what it is
        return None


def _leaves(batch: Batch, layout: ParameterLayout, thetas: np.ndarray) -> list[Copies]:
    if np.matrix in layout.kinds:
        raise Untraceable("a np.matrix")
    leaves = []
    for block in layout.blocks:
        rows = np.ascontiguousarray(thetas[:, block.slice]).reshape(len(thetas), *block.shape)
        leaves.append(Copies(batch, block.shape, rows))
    return leaves
