"""The options of a check: one frozen record, validated once, for every door that leads to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .comparison import THRESHOLD
from .errors import InputError
from .parameters import ParameterLayout
from .phase import Settings
from .schemes import CENTRAL, Scheme, as_scheme

# seconds; a check that would take longer looks at a sample
BUDGET = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to check; `check` says what each field means.

    Raises
    ------
    InputError
        For a value that cannot be meant: what arrived, and what was needed.
    """

    epsilon: float | None = None
    scheme: Scheme | str = CENTRAL
    layers: str | Sequence[str] | None = None
    threshold: float = THRESHOLD
    steps: int = 5
    learning_rate: float | None = None
    init: str = "given"
    seed: int = 0
    budget: float | None = BUDGET
    n_jobs: int = 1
    fast: bool = False
    repair: float = 5.0
    raise_on_failure: bool = False

    def __post_init__(self) -> None:
        as_scheme(self.scheme)
        epsilon, rate, budget = self.epsilon, self.learning_rate, self.budget
        _hold("epsilon", epsilon, epsilon is None or _is_positive(epsilon), "a positive number")
        names = isinstance(self.layers, (str, list, tuple)) or self.layers is None
        _hold("layers", self.layers, names, "names of parameter arrays")
        small = _is_positive(self.threshold) and self.threshold < 1
        _hold("threshold", self.threshold, small, "between 0 and 1, such as 1e-7")
        _hold("steps", self.steps, _is_count(self.steps), "0, 1, 2, ...")
        _hold("learning_rate", rate, rate is None or _is_positive(rate), "a positive number")
        _hold("init", self.init, self.init in ("given", "random"), "'given' or 'random'")
        _hold("seed", self.seed, _is_count(self.seed), "0, 1, 2, ...")
        seconds = budget is None or _is_positive(budget)
        _hold("budget", budget, seconds, "a number of seconds, or None")
        at_all = _is_positive(self.repair) or self.repair == 0
        _hold("repair", self.repair, at_all, "a number of seconds, 0 for none")
        jobs = isinstance(self.n_jobs, (int, np.integer)) and self.n_jobs != 0
        _hold("n_jobs", self.n_jobs, jobs, "a number of processes, -1 for all cores")

    def settings(self, layout: ParameterLayout) -> Settings:
        """What is the same at every point, for parameters of this layout."""
        names = tuple(block.name for block in layout.select(self.layers))
        return Settings(
            as_scheme(self.scheme),
            self.epsilon,
            self.threshold,
            names,
            self.seed,
            fast=bool(self.fast),
        )


def _hold(name: str, value: Any, holds: bool, needed: str) -> None:
    if not holds:
        raise InputError(f"{name} is {value!r}; needed: {needed}")


def _is_positive(value: Any) -> bool:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return number and bool(np.isfinite(value)) and bool(value > 0)


def _is_count(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 0)
