"""The fast lane: a NumPy function on many perturbed copies of its parameters at once.

`arrays` holds the three representations, `rules` how NumPy's functions act on them, `evaluator`
the size of the batches, the audit, and the way back to the loop.
"""

from .batch import Untraceable
from .evaluator import BatchedEvaluator

__all__ = ["BatchedEvaluator", "Untraceable"]
