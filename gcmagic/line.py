"""The values of the cost on one line through theta, and the slope that they give with its error."""

from __future__ import annotations

import math

import numpy as np

# from one step of a direction to the next
RATIO = 4.0
# rounding of a slope, as a multiple of (spread of one J) / h: four of its deviations
ROUNDING = 3.0
# a direction that bends more than this many times what the first did tells its own error
ALIKE = 8.0
# the error of a slope beside its jump, in units of the jump
CORNER = 10.0
# the divided difference that no cubic has at -4, -1, 0, 1, 4: what is left is rounding
_RAW = np.array([1 / 480, -1 / 30, 1 / 16, -1 / 30, 1 / 480])
RESIDUE: list[float] = (_RAW / np.linalg.norm(_RAW)).tolist()


class Line:
    """The values of J on one line through theta, at steps of base * 4**rung."""

    def __init__(self, k: int, cost: float, base: float) -> None:
        self.k, self.cost, self.base = k, cost, float(base)
        self.costs: dict[int, tuple[float, float]] = {}
        self.differences: dict[int, float] = {}
        self.gaps: dict[int, float] = {}
        self.rung = 0
        self.nfev = 0

    def put(self, rung: int, below: float, above: float) -> None:
        """Take down what one step gave."""
        self.costs[rung] = (below, above)
        self.differences[rung] = (above - below) / (2 * self.step(rung))
        self.gaps[rung] = (above - 2 * self.cost + below) / self.step(rung)
        self.nfev += 2

    def wants_less(self, noise: float, first: Line) -> bool:
        """Choose the rung of least error; whether a step below all those taken may do better."""
        errors = {rung: self._error(rung, noise, first) for rung in sorted(self.costs)[:-1]}
        self.rung = min(errors, key=errors.__getitem__)
        rounding = ROUNDING * noise / self.step(self.rung)
        return errors[self.rung] > 10 * rounding and self.rung <= min(self.costs) + 1

    def is_smooth(self, noise: float) -> bool:
        """Whether a step above the first two is likely to do better than one below them.

        With D(h) = s + a h^2 + b h^4 the first two steps show a; b is about 0.3 a^2 / s, as of a
        sine, and R at the second step is off by 4096 b h^4. So is the fourth derivative about
        6 a J'' / s, and (20 / 12) (4 h)^3 times that passes there for a jump.
        """
        if self._corner(0, noise):
            return False
        second = abs(self.differences[1] - self.differences[0]) / (RATIO**2 - 1)
        slope = max(abs(self.differences[0]), abs(self.cost))
        rounding = slope * ROUNDING * noise / self.step(0)
        jump = 10 * RATIO**3 * second * abs(self.gaps[0])
        return not (RATIO**6 * 0.3 * second**2 > rounding or jump > rounding)

    def step(self, rung: int) -> float:
        """The step h."""
        return self.base * RATIO**rung

    def value(self) -> float:
        """The extrapolated slope."""
        return self._slope(self.rung)

    def error(self, noise: float, first: Line) -> float:
        """The absolute error of the slope."""
        return self._error(self.rung, noise, first)

    def residues(self) -> list[float]:
        """What cubics leave of the values, in units of the spread of one J.

        Only up to the rung that was chosen: beyond it J is no cubic, but has kinks, say.
        """
        left = []
        far, near, middle, *_ = RESIDUE
        for rung in range(min(self.costs), self.rung + 1):
            below, above = self.costs[rung]
            beyond, over = self.costs[rung + 1]
            rest = far * (beyond + over) + near * (below + above) + middle * self.cost
            left.append(abs(rest))
        return left

    def is_coarse(self) -> bool:
        """Whether J moves too coarsely to show its noise: not at all, or in single precision."""
        if any(below == above for below, above in self.costs.values()):
            return True
        return all(
            float(np.float32(value)) == value for pair in self.costs.values() for value in pair
        )

    def _slope(self, rung: int) -> float:
        near, far = self.differences[rung], self.differences[rung + 1]
        return (RATIO**2 * near - far) / (RATIO**2 - 1)

    def _bent(self, rung: int) -> float:
        return abs(self.differences[rung + 1] - self.differences[rung])

    def _error(self, rung: int, noise: float, first: Line) -> float:
        bent = self._bent(rung) / 3
        if rung - 1 in self.costs:
            bent = min(bent, 4 / 3 * abs(self._slope(rung) - self._slope(rung - 1)))
        elif self is not first and rung in first.costs and rung - 1 in first.costs:
            like = first._bent(rung)
            if like and self._bent(rung) <= ALIKE * like:
                theirs = 4 / 3 * abs(first._slope(rung) - first._slope(rung - 1))
                bent = min(bent, theirs * max(1.0, self._bent(rung) / like))
        error = bent + self._corner(rung, noise) + ROUNDING * noise / self.step(rung)
        return error if math.isfinite(error) else math.inf

    def _corner(self, rung: int, noise: float) -> float:
        """The jump of the slope at theta: what is left at h = 0 of (J(h) - 2 J + J(-h)) / h.

        Many times that, for where several units are at zero their jumps cancel in part.
        """
        return CORNER * max(0.0, self._jump(rung) - 4 * ROUNDING * noise / self.step(rung))

    def _jump(self, rung: int) -> float:
        return abs(RATIO * self.gaps[rung] - self.gaps[rung + 1]) / (RATIO - 1)

    def jump_falls(self) -> bool:
        """Whether the smallest step shows a smaller jump than the one above; not one at theta."""
        low = min(self.costs)
        return low + 2 in self.costs and self._jump(low) < self._jump(low + 1) / 2
