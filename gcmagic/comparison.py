"""Analytic against numeric: the difference, the error of every component, and the Verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, IntEnum

import numpy as np

from .parameters import Block

THRESHOLD = 1e-7
# the probability of what random directions prove
SURE = 0.999


class Verdict(Enum):
    """What a check says. The value is the sentence that a user reads."""

    PASS = "the gradient agrees with the cost"
    FAIL = "the gradient is wrong"
    INCONCLUSIVE = "this check cannot tell"

    def __repr__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        """Only PASS is true, so that ``if verdict`` never takes a shrug for a yes."""
        return self is Verdict.PASS


PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


class Status(IntEnum):
    """What is known of one component."""

    AGREES = 0
    WRONG = 1
    KINK = 2  # the cost has a corner within reach, so there is no one slope to compare with
    NOISY = 3  # the numeric derivative is not good enough to tell
    NOT_FINITE = 4
    UNCONFIRMED = 5  # off here, right at the points nearby


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What random directions say of all the components of one parameter array together.

    Attributes
    ----------
    analytic, numeric, error
        Slopes along the directions, the array's own part of them, one a direction. Where
        directions move all arrays at once, what is left over is counted against each of them.
    status
        AGREES, WRONG, or NOISY where they cannot tell.
    moves
        Whether anything in the array has a gradient or a slope.
    bound
        No component is off by more than this, with probability `SURE`.
    located
        Offsets of components that were found to be off.
    complete
        Whether these explain all that the directions see.
    nfev
        Evaluations of the cost that locating them took.
    searched
        Whether there was time to locate them.
    """

    analytic: np.ndarray
    numeric: np.ndarray
    error: np.ndarray
    status: Status
    moves: bool
    bound: float
    located: tuple[int, ...] = ()
    complete: bool = False
    nfev: int = 0
    searched: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """The slope of the cost along the gradient of an array, where its components are too noisy.

    Attributes
    ----------
    direction
        The gradient of the array, so scaled that the mean of its squares is one.
    analytic, numeric, error
        The slope that the gradient has along it, the one that the cost has, and its error.
    status
        AGREES, WRONG, NOISY where it cannot tell, UNCONFIRMED where another point contradicts it.
    """

    direction: np.ndarray
    analytic: float
    numeric: float
    error: float
    status: Status

    @property
    def difference(self) -> float:
        """|g - D| / (|g| + |D|) of the two slopes."""
        return abs(self.analytic - self.numeric) / (abs(self.analytic) + abs(self.numeric))

    @property
    def floor(self) -> float:
        """The difference that right code may show here."""
        return self.error / (abs(self.analytic) + abs(self.numeric))


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One parameter array at one theta.

    Attributes
    ----------
    block
        Name, shape and place of the array.
    components
        The offsets within the array that were checked; all others were left out.
    analytic, numeric, error
        The user's gradient, the numeric one, and the absolute error of the comparison, one a
        checked component, in the units of the gradient.
    status
        A `Status` a checked component.
    rounding
        The difference that rounding alone is expected to make here, from 30 u |J| a cost. Unlike
        `floor` it is not measured, so it is the same on every machine; the text goes by it.
    probe
        What random directions say of the whole array, where they were used: then `difference` and
        `floor` are theirs, and the components are those found wrong and a few beside them.
    joint
        What the slope along the gradient says, where single components are too noisy to show a
        small bug: it decides FAIL as they do.
    pre_activations
        How many elements Z of its products were moved in its place, dJ/dW = dJ/dZ A^T; 0 where
        each of its components was moved itself. A component that fails was moved itself as well.
    """

    block: Block
    components: np.ndarray
    analytic: np.ndarray
    numeric: np.ndarray
    error: np.ndarray
    status: np.ndarray
    rounding: float = 0.0
    probe: Probe | None = None
    joint: Joint | None = None
    pre_activations: int = 0
    # kept: they are asked for some fifty times in one check
    _clear: bool = field(init=False, repr=False)
    _verdict: Verdict = field(init=False, repr=False)
    _difference: float | None = field(init=False, repr=False, default=None)
    _floor: float | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_clear", not self.status.any())
        object.__setattr__(self, "_verdict", self._judged())

    @property
    def name(self) -> str:
        """Name of the parameter array."""
        return self.block.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the parameter array."""
        return self.block.shape

    @property
    def difference(self) -> float:
        """||g - D|| / (||g|| + ||D||) over the array, formula (2)."""
        if self._difference is None:
            self._measure()
        assert self._difference is not None
        return self._difference

    @property
    def floor(self) -> float:
        """||error|| / (||g|| + ||D||): the difference that right code may show here."""
        if self._floor is None:
            self._measure()
        assert self._floor is not None
        return self._floor

    def _measure(self) -> None:
        seen = self if self.probe is None else self.probe
        total = norm(seen.analytic) + norm(seen.numeric)
        whole = math.isfinite(total)
        off = _part(seen.analytic - seen.numeric, total) if whole else float("nan")
        object.__setattr__(self, "_difference", off)
        object.__setattr__(self, "_floor", _part(seen.error, total))

    @property
    def judged(self) -> int:
        """Of how many components the wrong ones were found: of all that directions cover, or see.

        Without directions, or where more are wrong than were located, of those in `components`.
        """
        whole = self.probe is not None and self.probe.complete
        return self.block.size if whole else self.components.size

    @property
    def discrepancies(self) -> np.ndarray:
        """|g_i - D_i| / (||g|| + ||D||): the root of the sum of their squares is `difference`."""
        total = norm(self.analytic) + norm(self.numeric)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.abs(self.analytic - self.numeric) / total

    @property
    def moves(self) -> np.ndarray:
        """Which components have a gradient, or a slope beyond its error."""
        with np.errstate(invalid="ignore"):
            return (self.analytic != 0) | (np.abs(self.numeric) > self.error)

    @property
    def is_zero(self) -> bool:
        """Whether nothing moved: no gradient at all, and none measured beyond its error."""
        if self.analytic.any():
            return False
        return not (np.any(self.moves) or (self.probe is not None and self.probe.moves))

    @property
    def is_unconfirmed(self) -> bool:
        """Whether it is off here, by a component or as a whole, and right at points nearby."""
        whole = self.joint is not None and self.joint.status == Status.UNCONFIRMED
        return whole or self.count(Status.UNCONFIRMED) > 0

    @property
    def sharpness(self) -> float:
        """The difference that right code may show where it is seen best, by parts or as a whole."""
        whole = np.inf if self.joint is None else self.joint.floor
        return min(whole, self.floor) if np.isfinite(self.floor) else whole

    @property
    def verdict(self) -> Verdict:
        """FAIL for one wrong component or the whole; PASS where all agree and something moved."""
        return self._verdict

    def _judged(self) -> Verdict:
        if self._clear and self.joint is None and self.probe is None:
            return PASS if self.status.size and not self.is_zero else INCONCLUSIVE
        if np.any(self.status == Status.WRONG):
            return FAIL
        if self.joint is not None and self.joint.status == Status.WRONG:
            return FAIL
        if self.is_unconfirmed:
            return INCONCLUSIVE
        if self.probe is not None:
            agrees = self.probe.status == Status.AGREES and np.all(
                np.isin(self.status, (Status.AGREES, Status.NOISY))
            )
            return PASS if agrees and not self.is_zero else INCONCLUSIVE
        if self.status.size and np.all(self.status == Status.AGREES) and not self.is_zero:
            return PASS
        return INCONCLUSIVE

    def count(self, status: Status) -> int:
        """How many components have this status."""
        if self._clear:  # AGREES everywhere, as nearly always
            return 0 if status else self.status.size
        return int(np.count_nonzero(self.status == status))

    def component(self, place: int) -> str:
        """Name of the checked component at `place`, ``W2[3, 1]``."""
        return self.block.component(int(self.components[place]))

    def worst(self, count: int, status: Status = Status.WRONG) -> list[int]:
        """Places of the components that are furthest off, ties in the order of theta.

        Distances are compared to two digits, so that rounding does not order what is equal.
        """
        places = np.flatnonzero(self.status == status)
        off = np.abs(self.analytic[places] - self.numeric[places])
        if places.size > 100 > count:  # what two digits cannot bring to the front is left away
            finite = np.where(np.isfinite(off), off, np.inf)
            near = np.flatnonzero(finite >= 0.9 * np.partition(finite, -count)[-count])
            places, off = places[near], off[near]
        keys = [(-float(f"{d:.1e}") if np.isfinite(d) else -np.inf) for d in off]
        return [int(places[k]) for k in np.argsort(keys, kind="stable")[:count]]


def difference(analytic: np.ndarray, numeric: np.ndarray) -> float:
    """||g - D|| / (||g|| + ||D||), between 0 and 1; NaN for 0/0 and for what is not finite.

    Formula (2) of the usual lecture on gradient checking. For g = c D it is |c - 1| / (|c| + 1).
    """
    return _part(analytic - numeric, norm(analytic) + norm(numeric))


def _part(values: np.ndarray, total: float) -> float:
    """||values|| / total, NaN where that has no meaning."""
    if not math.isfinite(total) or total == 0.0:
        return float("nan")
    return norm(values) / total


# squares of numbers that are neither too small nor too large for that
_PLAIN = 1e-200


def norm(x: np.ndarray) -> float:
    """Euclidean norm of a vector without overflow or underflow of the squares."""
    flat = x.reshape(-1)
    square = float(flat.dot(flat))
    if _PLAIN < square < 1 / _PLAIN:
        return math.sqrt(square)
    largest = float(np.maximum.reduce(np.abs(x), initial=0.0))
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    scaled = (x / largest).reshape(-1)
    return largest * math.sqrt(scaled.dot(scaled))
