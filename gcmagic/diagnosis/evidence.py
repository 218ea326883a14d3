"""What the rules reason about: the arrays of one point, and how good a fit has to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..comparison import PASS, Comparison, Status
from ..notation import exponent
from ..phase import Phase, Settings
from ..problem import Problem
from .constants import Constant, known_constants

# numbers beyond the fitted ones that have to agree before anything is called proved
EVIDENCE = 4
# relative residual that rounding in backward itself may leave
ROUNDING = 1e-6
# a fit to numbers that are only this good proves nothing
COARSE = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One point, sorted for the rules.

    Attributes
    ----------
    phase, settings
        What was measured, and how.
    problem
        What was checked; None where only the numbers are known.
    wrong, right
        The arrays with components that are wrong, and those whose verdict is PASS.
    constants
        Numbers that a factor may turn out to be: sizes of arrays, settings of the network.
    """

    phase: Phase
    settings: Settings
    problem: Problem | None
    wrong: tuple[Comparison, ...]
    right: tuple[Comparison, ...]
    constants: tuple[Constant, ...]

    @classmethod
    def of(cls, phase: Phase, settings: Settings, problem: Problem | None) -> Evidence:
        """Sort a phase; the constants are looked up only where something is wrong."""
        wrong = tuple(b for b in phase.blocks if b.count(Status.WRONG))
        right = tuple(b for b in phase.blocks if b.verdict is PASS)
        known = known_constants(problem) if wrong and problem is not None else ()
        return cls(phase, settings, problem, wrong, right, known)

    def theta(self, block: Comparison) -> np.ndarray:
        """The values of the checked components of an array."""
        return self.phase.theta[block.block.start + block.components]


def whole(block: Comparison) -> bool:
    """Whether every component was checked, so that the array has its shape."""
    return block.analytic.size == block.block.size


def shaped(block: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """Both gradients in the shape of the array."""
    return block.analytic.reshape(block.shape), block.numeric.reshape(block.shape)


def moving(block: Comparison) -> int:
    """How many numeric components stand out of their error."""
    return int(np.count_nonzero(np.abs(block.numeric) > block.error))


def tolerance(error: np.ndarray, of: np.ndarray) -> float:
    """The relative residual that a right model of `of` may leave, given the errors."""
    size = float(np.linalg.norm(of))
    return ROUNDING + 3 * float(np.linalg.norm(error)) / size if size else np.inf


def residual(left: np.ndarray, of: np.ndarray) -> float:
    """||left|| / ||of||."""
    size = float(np.linalg.norm(of))
    return float(np.linalg.norm(left)) / size if size else np.inf


def equal(x: np.ndarray, y: np.ndarray, error: np.ndarray) -> bool:
    """Whether two gradients are the same as far as the errors let one see."""
    allowed = tolerance(error, y)
    return allowed < COARSE and residual(np.ravel(x) - np.ravel(y), y) <= allowed


def below(left: float) -> str:
    """A residual as a power of ten above it, the same on every machine."""
    return "below 1e-6" if left < 1e-6 else f"below {exponent(10.0 ** np.ceil(np.log10(left)))}"


def few(count: int) -> str:
    """How the evidence says that there is too little of it."""
    return f" ({count} number{'s' * (count != 1)}: too few to be sure)"
