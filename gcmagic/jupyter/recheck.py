"""The check again with another epsilon: what is asked, what is known, what it would cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..comparison import Comparison, Status
from ..confirm import confirmed
from ..curves import EPSILONS, SAMPLE, Curve, curve, spread
from ..errors import InputError
from ..evaluation import Evaluator
from ..nearby import jittered
from ..one_array import LADDER_LIMIT, compare
from ..one_point import check_at
from ..phase import Phase
from ..problem import Problem
from ..report import Report
from .slices import Slices

LADDER_CALLS = 14  # evaluations a component that a second opinion takes
JITTERED = "jittered"
KEPT = 1_000_000  # components of earlier answers that are kept


@dataclass(frozen=True, slots=True)
class Question:
    """What the controls ask for: a point, arrays, an epsilon (None: the report's own), a view."""

    phase: int
    names: tuple[str, ...]
    epsilon: float | None
    view: str = "discrepancy"


class Recheck:
    """Answers questions, and remembers the answers and what they took.

    Parameters
    ----------
    report
        What was found before; its own comparisons are the answers for its own epsilon.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        self._known: dict[tuple[int, str, float | None], Comparison] = {}
        self._calls: dict[tuple[int, str], int] = {}
        self._curves: dict[tuple[int, str], Curve] = {}
        self._points: list[Phase | None] = list(report.phases)
        self.points = [(phase.name, place) for place, phase in enumerate(report.phases)]
        if not any(name.startswith(JITTERED) for name, _ in self.points):
            self.points.insert(1, (JITTERED, len(self._points)))
            self._points.append(None)  # looked at when it is asked for

    def name_of(self, place: int) -> str:
        """What that point is called."""
        return next(name for name, at in self.points if at == place)

    def phase(self, place: int) -> Phase | None:
        """That point; None where nobody has looked at it yet."""
        return self._points[place]

    def look(self, place: int, slices: Slices) -> Phase:
        """That point, checked now where it has not been."""
        known = self._points[place]
        if known is not None:
            return known
        report = self.report
        self._hold(report.phases[0], slices)
        here = slices.at_home(report.problem)

        def evaluate(problem: Problem, theta: Any, components: Any, points: Any) -> np.ndarray:
            return slices(self.report.problem, theta, components, points)

        first = report.phases[0].theta
        theta = next(jittered(report.problem, first, report.settings.seed, 1))
        found = check_at(here, JITTERED, theta, report.settings, evaluate)
        self._points[place] = found = confirmed(here, found, report.settings, evaluate)
        return found

    def curves(self, question: Question, evaluator: Evaluator | None) -> list[Curve] | None:
        """Difference against epsilon; without an evaluator only where it is known."""
        phase, scheme = self._point(question.phase), self.report.settings.scheme
        if any((question.phase, name) not in self._curves for name in question.names):
            if evaluator is None:
                return None
            self._hold(phase, evaluator)
        found = []
        for name in question.names:
            key = question.phase, name
            if key not in self._curves:
                assert evaluator is not None
                with np.errstate(all="ignore"):
                    self._curves[key] = curve(self.report.problem, phase, name, scheme, evaluator)
            found.append(self._curves[key])
        return found

    def ladder_calls(self, question: Question) -> int:
        """Evaluations that the curves of `question` are expected to take, at most."""
        a_step = len(self.report.settings.scheme.offsets) * EPSILONS.size
        return a_step * sum(
            min(SAMPLE[0], block.analytic.size)
            for block in self._point(question.phase).blocks
            if block.name in question.names and (question.phase, block.name) not in self._curves
        )

    def _point(self, place: int) -> Phase:
        phase = self._points[place]
        assert phase is not None, "look() comes first"
        return phase

    def known(self, question: Question) -> list[Comparison] | None:
        """The answer, where nothing has to be computed for it."""
        phase = self._point(question.phase)
        own = {block.name: block for block in phase.blocks}
        if question.epsilon is None or not np.isfinite(phase.noise):  # that point is unusable
            return [own[name] for name in question.names]
        found = [self._known.get((question.phase, n, question.epsilon)) for n in question.names]
        return None if None in found else found  # type: ignore[return-value]

    def calls(self, question: Question) -> int:
        """Evaluations of the cost that an answer is expected to take."""
        return sum(
            self._calls_of(question.phase, name)
            for name in question.names
            if (question.phase, name, question.epsilon) not in self._known
        )

    def answer(
        self, question: Question, evaluator: Evaluator, share: float = 1.0
    ) -> list[Comparison]:
        """Compare again, array by array.

        Parameters
        ----------
        question
            What is asked.
        evaluator
            Gets the values, and stops the work by raising.
        share
            Of the components of every array; a sample is not remembered.

        Raises
        ------
        InputError
            Where the cost is not what it was, because a cell that was run since has changed it.
        """
        self._hold(self._point(question.phase), evaluator)
        return [self._compare(question, name, evaluator, share) for name in question.names]

    def _hold(self, phase: Phase, evaluator: Evaluator) -> None:
        """See to it that the cost is the one that was checked."""
        problem = self.report.problem
        with np.errstate(all="ignore"):
            now = evaluator(problem, phase.theta, np.zeros(1, dtype=int), phase.theta[:1, None])
        if not abs(now[0, 0] - phase.cost) <= 2 * phase.noise:
            raise InputError(
                f"{problem.cost_name} has changed since this check, from {phase.cost:.6g} to "
                f"{now[0, 0]:.6g} at the same parameters; run the check again"
            )

    def _compare(
        self, question: Question, name: str, evaluator: Evaluator, share: float
    ) -> Comparison:
        key = question.phase, name, question.epsilon
        if key in self._known:
            return self._known[key]
        phase, problem = self._point(question.phase), self.report.problem
        own = next(block for block in phase.blocks if block.name == name)
        gradient = np.full(problem.layout.size, np.nan)
        gradient[own.block.start + own.components] = own.analytic  # may be a sample
        size = own.analytic.size
        places = np.arange(size) if share >= 1 else spread(own, int(share * size))
        with np.errstate(all="ignore"):
            found, calls = compare(
                problem,
                phase.theta,
                own.block,
                gradient,
                phase.cost,
                phase.noise,
                replace(self.report.settings, epsilon=question.epsilon),
                evaluator,
                own.components[places],
            )
        if own.count(Status.UNCONFIRMED):  # no epsilon makes wrong what is right nearby
            status = np.where(found.status == Status.WRONG, Status.UNCONFIRMED, found.status)
            found = replace(found, status=status.astype(np.int8))
        if share >= 1:
            self._calls[key[:2]] = calls
            self._known[key] = found
            self._forget()
        return found

    def _calls_of(self, phase: int, name: str) -> int:
        if (phase, name) in self._calls:
            return self._calls[phase, name]
        own = next(block for block in self._point(phase).blocks if block.name == name)
        doubtful = own.analytic.size - own.count(Status.AGREES)
        scheme = len(self.report.settings.scheme.offsets)
        return scheme * own.analytic.size + LADDER_CALLS * min(doubtful, LADDER_LIMIT)

    def _forget(self) -> None:
        kept = sum(block.analytic.size for block in self._known.values())
        while kept > KEPT and len(self._known) > 1:
            kept -= self._known.pop(next(iter(self._known))).analytic.size
