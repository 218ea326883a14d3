"""A self-test: bugs planted into the user's own gradient, and whether the check catches them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import numpy as np

from .batched import BatchedEvaluator
from .budget import within
from .clock import Clock
from .comparison import FAIL, PASS, Comparison, Verdict
from .confirm import confirmed
from .evaluation import Evaluator
from .initial import random_start
from .one_point import check_at
from .options import Options
from .phase import Phase, Settings
from .problem import Problem
from .repeatable import prepared
from .sandbox import unseen

# the gradient of one array, and the place of its largest component where it is checked
Change = Callable[[np.ndarray, int], np.ndarray | None]


def _transposed(g: np.ndarray, _: int) -> np.ndarray | None:
    return None if g.ndim < 2 else g.T.reshape(g.shape)


def _one_component(g: np.ndarray, largest: int) -> np.ndarray:
    spoiled = g.copy()
    spoiled.flat[largest] *= 1.5
    return spoiled


def _summed(g: np.ndarray, _: int) -> np.ndarray | None:
    return np.full(g.shape, g.sum()) if g.size > 1 else None


def _first_row_lost(g: np.ndarray, _: int) -> np.ndarray | None:
    if g.ndim == 0 or g.shape[0] < 2:
        return None
    spoiled = g.copy()
    spoiled[0] = 0.0
    return spoiled


# what is done to the gradient of one array; None where the array has no such mistake
PLANTS: dict[str, Change] = {
    "x 2": lambda g, _: 2 * g,
    "sign flipped": lambda g, _: -g,
    "zero": lambda g, _: 0 * g,
    "transposed": _transposed,
    "one component x 1.5": _one_component,
    "first row lost": _first_row_lost,
    "summed over all": _summed,
    "+ 1 %": lambda g, _: 1.01 * g,
}
# mistakes that a noisy cost may hide
FINE: dict[str, Change] = {
    "+ 0.01 %": lambda g, _: 1.0001 * g,
    "+ 0.0001 %": lambda g, _: 1.000001 * g,
}
# how large these are; rounding hides one where the floor of the array is a tenth of that
SIZES = {"+ 0.01 %": 1e-4, "+ 0.0001 %": 1e-6}
DROWNED = 0.1


@dataclass(frozen=True, slots=True)
class Planted:
    """One bug in one array: what the check said of it.

    Attributes
    ----------
    bug
        What was done to the gradient, ``"x 2"``.
    name
        The parameter array.
    verdict
        What the check says of the array with the bug in it.
    floor
        The smallest difference that rounding lets one see in it, as the check has measured it.
    """

    bug: str
    name: str
    verdict: Verdict
    floor: float = 0.0

    @property
    def caught(self) -> bool:
        """Whether the check says FAIL."""
        return self.verdict is FAIL


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SelfTest:
    """Whether bugs planted into a gradient are caught, so that a PASS of it means something.

    Attributes
    ----------
    planted
        Bugs of the sizes that people make, a `Planted` for each array that can have it.
    fine
        Tiny ones, which rounding in the cost may hide.
    left_out
        Arrays without a PASS of their own, and what the check says of each: a bug planted into
        them would prove nothing.
    problem
        What was tested.
    """

    planted: tuple[Planted, ...]
    fine: tuple[Planted, ...]
    left_out: tuple[tuple[str, Verdict], ...]
    problem: Problem = field(repr=False)

    @property
    def missed(self) -> tuple[Planted, ...]:
        """Planted bugs that the check does not call wrong, the tiny ones left out."""
        return tuple(p for p in self.planted if not p.caught)

    @property
    def passed(self) -> bool:
        """Whether something was planted, in every array, and all of it was caught."""
        return bool(self.planted) and not self.missed and not self.left_out

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays that bugs were planted into."""
        return tuple(dict.fromkeys(p.name for p in self.planted))

    @property
    def summary(self) -> str:
        """One line: how many were caught."""
        caught = len(self.planted) - len(self.missed)
        return f"{caught} of {len(self.planted)} planted bugs caught"

    def lines(self) -> list[str]:
        """Sentences below the table: what was missed, what hides, what was left out."""
        told = [f"missed: {p.bug} in {p.name} ({p.verdict.name})" for p in self.missed]
        for bug in FINE:
            hidden = [p for p in self.fine if p.bug == bug and not p.caught]
            size = f"an error of {bug.removeprefix('+ ')}"
            drowned = [p.name for p in hidden if not p.floor < DROWNED * SIZES[bug]]
            curved = [p.name for p in hidden if p.name not in drowned]
            if drowned:
                told.append(
                    f"{size} in {' '.join(drowned)} would not be seen: rounding in the cost is as "
                    "large"
                )
            if curved:
                told.append(
                    f"{size} in {' '.join(curved)} would not be seen: the slope changes by more "
                    "than half of that over the steps that are compared, as the cost is curved"
                )
            if hidden:
                continue
            if any(p.bug == bug for p in self.fine):
                told.append(f"{size} is caught in every array")
        told += [
            f"{name}: nothing planted, as the check says {verdict.name} of it"
            for name, verdict in self.left_out
        ]
        return told

    def rows(self) -> list[list[str]]:
        """The table: a row a bug, a column an array."""
        table = [["", *self.names]]
        for bug in PLANTS:
            found = {p.name: p for p in self.planted if p.bug == bug}
            cells = [self._cell(found.get(name)) for name in self.names]
            if found:
                table.append([bug, *cells])
        return table

    def _cell(self, planted: Planted | None) -> str:
        if planted is None:
            return "-"
        return "caught" if planted.caught else planted.verdict.name

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        every = (*self.planted, *self.fine)
        return {
            "passed": self.passed,
            "summary": self.summary,
            "planted": [
                {"bug": p.bug, "name": p.name, "verdict": p.verdict.name, "caught": p.caught}
                for p in every
            ],
            "left_out": {name: verdict.name for name, verdict in self.left_out},
        }

    def __repr__(self) -> str:
        rows = self.rows() if self.planted else []
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))] if rows else []
        table = [
            "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        return "\n".join([f"self-test: {self.summary}", *table, *self.lines()])

    def _repr_html_(self) -> str:
        style = "text-align:left;padding:.2em .9em .2em .2em"
        body = "".join(
            "<tr>" + "".join(f'<td style="{style}">{escape(cell)}</td>' for cell in row) + "</tr>"
            for row in (self.rows() if self.planted else [])
        )
        told = "".join(f"<li>{escape(line)}</li>" for line in self.lines())
        title = f"<p><b>self-test: {escape(self.summary)}</b></p>"
        return f'<div class="gcmagic-selftest">{title}<table>{body}</table><ul>{told}</ul></div>'


def self_test(
    fun: Callable[[Any], Any], grad: Callable[[Any], Any], params: Any, **options: Any
) -> SelfTest:
    """Plant known bugs into a gradient and see whether the check catches them.

    A check that passes everything is worth nothing. This takes the gradient as it is, doubles it,
    flips its sign, loses a row, sums over the wrong axes and so on, in one array at a time, and
    asks the check about each; the cost is not evaluated again for bugs in the same array.

    Parameters
    ----------
    fun, grad, params
        As for `check`.
    **options
        Those of `check` that say how to compare: ``epsilon``, ``scheme``, ``layers``,
        ``threshold``, ``init``, ``seed``, ``budget``. One point is looked at, whatever ``steps``.

    Returns
    -------
    SelfTest
        ``passed``, ``missed``, and a table as text and HTML.

    Raises
    ------
    GradcheckError
        As `check` does.

    Examples
    --------
    >>> import numpy as np
    >>> import gcmagic as gcm
    >>> x = np.array([[0.1, 0.2, 0.3], [0.05, 0.15, 0.25]])
    >>> gcm.self_test(lambda w: np.sum(np.sin(w)), lambda w: np.cos(w), x)
    self-test: 8 of 8 planted bugs caught
                         theta
    x 2                  caught
    sign flipped         caught
    zero                 caught
    transposed           caught
    one component x 1.5  caught
    first row lost       caught
    summed over all      caught
    + 1 %                caught
    an error of 0.01 % is caught in every array
    an error of 0.0001 % is caught in every array
    """
    return self_test_problem(Problem(fun, grad, params), **options)


def self_test_problem(problem: Problem, **options: Any) -> SelfTest:
    """`self_test` for a Problem, as discovery makes them."""
    asked = Options(**options)
    settings = asked.settings(problem.layout)
    theta = problem.layout.flatten(problem.params)
    original = problem
    with unseen(problem.fun, problem.grad, *problem.roots) as snapshot:
        clock = Clock(asked.budget)
        problem = prepared(problem, theta, snapshot, clock).problem
        if asked.init == "random":
            _, theta, _ = random_start(problem, theta, asked.seed)
        evaluator = AskedOnce(BatchedEvaluator())
        # every bug costs calls of the gradient, and the first one those of the cost
        plan = within(clock, problem, theta, settings, 2, evaluator)
        settings = plan.settings
        honest = _looked(problem, theta, settings, evaluator)
        planted, fine = [], []
        for block in honest.blocks:
            if block.verdict is not PASS:
                continue
            planted += list(_plant(problem, theta, settings, evaluator, block, PLANTS))
            fine += list(_plant(problem, theta, settings, evaluator, block, FINE))
    left = tuple((b.name, b.verdict) for b in honest.blocks if b.verdict is not PASS)
    return SelfTest(tuple(planted), tuple(fine), left, original)


def _plant(
    problem: Problem,
    theta: np.ndarray,
    settings: Settings,
    evaluator: Evaluator,
    block: Comparison,
    changes: dict[str, Change],
) -> Iterator[Planted]:
    """Each bug in one array, and the verdict of the check on it."""
    right = problem.gradient_at(theta)[block.block.slice].reshape(block.shape)
    largest = int(np.argmax(np.abs(right)))
    only = replace(settings, layers=(block.name,))
    for bug, change in changes.items():
        spoiled = change(right, largest)
        if spoiled is None or np.allclose(spoiled, right, rtol=1e-9, atol=0.0):
            continue  # the same gradient is no bug

        def grad(params: Any, change: Change = change) -> Any:
            """The user's gradient as a vector, with the bug in it, in the shape of params."""
            found = problem.layout.flatten_gradient(problem.grad(params))
            wrong = change(found[block.block.slice].reshape(block.shape), largest)
            found[block.block.slice] = np.ravel(wrong)  # type: ignore[arg-type]
            return problem.layout.unflatten(found)

        phase = _looked(replace(problem, grad=grad), theta, only, evaluator)
        found = phase.blocks[0]
        yield Planted(bug, block.name, found.verdict, found.floor)


def _looked(problem: Problem, theta: np.ndarray, settings: Settings, evaluator: Evaluator) -> Phase:
    phase = check_at(problem, "self-test", theta, settings, evaluator)
    return confirmed(problem, phase, settings, evaluator)


class AskedOnce:
    """An evaluator that asks another one once: the cost does not change with a planted bug."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.known: dict[tuple[bytes, ...], np.ndarray] = {}

    def __call__(
        self, problem: Problem, theta: np.ndarray, components: np.ndarray, points: np.ndarray
    ) -> np.ndarray:
        """Evaluate; see `Evaluator`. Values of the same question are given again."""
        at = theta.tobytes()
        keys = [
            (at, c.tobytes(), p.tobytes(), points.dtype.str.encode())
            for c, p in zip(components, points, strict=True)
        ]
        new = [k for k, key in enumerate(keys) if key not in self.known]
        if new:
            values = self.evaluator(problem, theta, components[new], points[new])
            for k, row in zip(new, values, strict=True):
                self.known[keys[k]] = row
        if not keys:
            return np.empty_like(points)
        return np.array([self.known[key] for key in keys])
