"""What is known of J before its slopes are looked for by sums, and what comes of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Level:
    """J at the point, and how far it can be trusted.

    Attributes
    ----------
    cost
        J.
    size
        The size of J that steps are chosen for.
    noise
        The bound on the error of one J.
    """

    cost: float
    size: float
    noise: float


@dataclass(frozen=True, slots=True, eq=False)
class Through:
    """The slopes of one array that came from those of its sums.

    Attributes
    ----------
    values
        dJ/dtheta_i, one a component of the array.
    amplified
        What an error of one J, in units of J, makes in it: the error of a value is this times that.
    sums
        Elements of the sums that were moved.
    nfev
        Evaluations of the cost, those of the audit among them; what several arrays have in common
        is counted with the first of them.
    """

    values: np.ndarray
    amplified: np.ndarray
    sums: int
    nfev: int
