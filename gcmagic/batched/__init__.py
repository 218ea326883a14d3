"""The fast lane: a NumPy function on many perturbed copies of its parameters at once.

`arrays` holds the three representations, `rules` how NumPy's functions act on them, `evaluator`
the audit, and the way back to the loop, `through` the slopes of weights and biases from those of
the sums that they go into.
"""

from .batch import Untraceable
from .evaluator import BatchedEvaluator
from .outcome import Level, Through

__all__ = ["BatchedEvaluator", "Level", "Through", "Untraceable"]
