"""What was found at one theta, and how to look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .comparison import FAIL, INCONCLUSIVE, PASS, Comparison, Verdict, difference
from .findings import Finding
from .first_look import FEW
from .noise import NOISE_BOUND, is_single, rounded, single_noise
from .schemes import CENTRAL, UNIT_ROUNDOFF, Scheme, steps_for

# the error of one J that is expected before it is measured, in units of u |J|
EXPECTED_NOISE = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How to check: what is the same at every point."""

    scheme: Scheme = CENTRAL
    epsilon: float | None = None
    threshold: float = 1e-7
    layers: tuple[str, ...] | None = None
    seed: int = 0
    sample: int | None = None
    fast: bool = False
    # evaluations that a point may take beyond those that it does if the gradient is right
    spare: float = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """What was found at one theta.

    Attributes
    ----------
    name
        ``"random initialisation"``, ``"after 5 training steps"``.
    theta, cost
        The point, and J there.
    noise
        The absolute error of one J that was assumed.
    epsilon
        The step for components of size at most one.
    blocks
        One `Comparison` a parameter array.
    findings
        What was noticed at this point.
    nfev
        Evaluations of the cost.
    lost
        Whether J has lost digits here, by saturation, that it has elsewhere: `noise` leaves it out.
    single
        Whether J takes its parameters in float32, None where only its noise tells.
    proof
        One sentence: what random directions prove here, and with what probability.
    """

    name: str
    theta: np.ndarray
    cost: float
    noise: float
    epsilon: float
    blocks: tuple[Comparison, ...]
    findings: tuple[Finding, ...]
    nfev: int
    proof: str = ""
    lost: bool = False
    single: bool | None = None

    @property
    def difference(self) -> float:
        """Formula (2) over all the parameters that were checked."""
        seen = [block if block.probe is None else block.probe for block in self.blocks]
        return difference(
            np.concatenate([part.analytic for part in seen]),
            np.concatenate([part.numeric for part in seen]),
        )

    def block(self, name: str) -> Comparison | None:
        """The comparison of one parameter array; None where this point left it out."""
        return next((block for block in self.blocks if block.name == name), None)

    @property
    def refused(self) -> bool:
        """Whether nothing at all could be compared here."""
        return not np.isfinite(self.noise)

    @property
    def is_single_precision(self) -> bool:
        """Whether the noise of J is that of float32 somewhere in it, at any point."""
        if self.single is not None:
            return self.single
        return not self.lost and is_single(self.noise, self.cost)

    def noise_beside(self, theta: np.ndarray, cost: float, gradient: np.ndarray) -> float:
        """The spread of one J at another point, where J is `cost`: as here, or in proportion."""
        told = single_noise(theta, gradient, cost) if self.single else None
        if told is not None:
            return max(rounded(cost), told)
        if self.lost:  # what it was here, it need not be there
            return EXPECTED_NOISE / NOISE_BOUND * UNIT_ROUNDOFF * abs(cost)
        larger = max(1.0, abs(cost / self.cost)) if self.cost else 1.0
        return self.noise / NOISE_BOUND * larger

    def ordinary_noise(self, theta: np.ndarray, cost: float, gradient: np.ndarray) -> float:
        """The error of one J at another point, in proportion to J; NaN where it is not ordinary.

        Ordinary is what the precision makes it: what saturation does to J differs by the point.
        """
        if self.single and single_noise(theta, gradient, cost) is not None:
            return NOISE_BOUND * self.noise_beside(theta, cost, gradient)
        ordinary = cost_size(self.cost, self.noise) == abs(self.cost) or self.is_single_precision
        if self.theta.size < FEW:  # what it is not costs two steps of every component
            ordinary = self.noise <= EXPECTED_NOISE * UNIT_ROUNDOFF * abs(self.cost)
        ordinary = ordinary and not self.lost
        return self.noise * abs(cost / self.cost) if ordinary and self.cost else np.nan

    @property
    def verdict(self) -> Verdict:
        """FAIL where one array fails, PASS where all pass."""
        verdicts = [block.verdict for block in self.blocks]
        if FAIL in verdicts:
            return FAIL
        return PASS if verdicts and all(v is PASS for v in verdicts) else INCONCLUSIVE


def cost_size(cost: float, noise: float) -> float:
    """The size of J that the default step is chosen for: |J|, or what explains the noise."""
    return max(abs(cost), noise / (NOISE_BOUND * EXPECTED_NOISE * UNIT_ROUNDOFF))


def usual_steps(values: np.ndarray, cost: float, noise: float) -> np.ndarray:
    """The step of every component by itself, for centred differences of a J with this noise."""
    return steps_for(values, CENTRAL, None, cost_size(cost, noise))
