"""The check again with another epsilon: what is asked, what is known, what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..comparison import Comparison, Status, difference
from ..errors import InputError
from ..evaluation import Evaluator
from ..notation import exponent
from ..phase import LADDER_LIMIT, compare
from ..report import Report

LADDER_CALLS = 14  # evaluations a component that a second opinion takes
KEPT = 1_000_000  # components of earlier answers that are kept


@dataclass(frozen=True, slots=True)
class Question:
    """What the controls ask for: a point, arrays, an epsilon (None: the report's own)."""

    phase: int
    names: tuple[str, ...]
    epsilon: float | None


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

    def known(self, question: Question) -> list[Comparison] | None:
        """The answer, where nothing has to be computed for it."""
        phase = self.report.phases[question.phase]
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
        phase, problem = self.report.phases[question.phase], self.report.problem
        with np.errstate(all="ignore"):
            now = evaluator(problem, phase.theta, np.zeros(1, dtype=int), phase.theta[:1, None])
        if not abs(now[0, 0] - phase.cost) <= 2 * phase.noise:
            raise InputError(
                f"{problem.cost_name} has changed since this check, from {phase.cost:.6g} to "
                f"{now[0, 0]:.6g} at the same parameters; run the check again"
            )
        return [self._compare(question, name, evaluator, share) for name in question.names]

    def _compare(
        self, question: Question, name: str, evaluator: Evaluator, share: float
    ) -> Comparison:
        key = question.phase, name, question.epsilon
        if key in self._known:
            return self._known[key]
        phase, problem = self.report.phases[question.phase], self.report.problem
        own = next(block for block in phase.blocks if block.name == name)
        gradient = np.full(problem.layout.size, np.nan)
        gradient[own.block.start + own.components] = own.analytic  # may be a sample
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
                own.components if share >= 1 else own.components[_sample(own, share)],
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
        own = next(block for block in self.report.phases[phase].blocks if block.name == name)
        doubtful = own.analytic.size - own.count(Status.AGREES)
        scheme = len(self.report.settings.scheme.offsets)
        return scheme * own.analytic.size + LADDER_CALLS * min(doubtful, LADDER_LIMIT)

    def _forget(self) -> None:
        kept = sum(block.analytic.size for block in self._known.values())
        while kept > KEPT and len(self._known) > 1:
            kept -= self._known.pop(next(iter(self._known))).analytic.size


def _sample(own: Comparison, share: float) -> np.ndarray:
    """Some places, spread evenly, and those that the report found furthest off."""
    count = max(2, int(share * own.analytic.size))
    spread = np.linspace(0, own.analytic.size - 1, min(count, own.analytic.size)).astype(int)
    return np.unique(np.concatenate([spread, np.array(own.worst(2), dtype=int)]))


def sentence(blocks: Sequence[Comparison]) -> str:
    """What a picture of `blocks` shows, in words and exact figures."""
    total = sum(block.analytic.size for block in blocks)
    counts = {status: sum(block.count(status) for block in blocks) for status in Status}
    words = {
        Status.WRONG: "off",
        Status.KINK: "at a kink",
        Status.NOISY: "too noisy to tell",
        Status.NOT_FINITE: "not finite",
        Status.UNCONFIRMED: "off here but right nearby",
    }
    parts = [f"{counts[s]:,} of {total:,} components {w}" for s, w in words.items() if counts[s]]
    if counts[Status.AGREES] == total:
        parts = [f"all {total:,} components agree" if total > 1 else "the one component agrees"]
    wrong = [block for block in blocks if block.count(Status.WRONG)]
    if not wrong and np.isfinite(overall(blocks)):
        parts.append(f"difference {exponent(overall(blocks), 1)}")
    if wrong:
        far = max(wrong, key=lambda block: float(_off(block)))
        place = far.worst(1)[0]
        parts.append(
            f"worst {far.component(place)}: analytic {far.analytic[place]:.3g}, "
            f"numeric {far.numeric[place]:.3g}"
        )
    return ", ".join(parts)


def overall(blocks: Sequence[Comparison]) -> float:
    """Formula (2) over all of `blocks`."""
    return difference(
        np.concatenate([block.analytic for block in blocks]),
        np.concatenate([block.numeric for block in blocks]),
    )


def _off(block: Comparison) -> float:
    place = block.worst(1)[0]
    return abs(block.analytic[place] - block.numeric[place])
