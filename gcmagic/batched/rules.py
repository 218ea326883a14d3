"""All the rules, by kind; importing them enters them into `RULES`."""

from . import elementwise, indexing, pending, products, reductions, shapes
from .arrays import RULES, UFUNCS

KINDS = (elementwise, reductions, shapes, indexing, products, pending)

__all__ = ["KINDS", "RULES", "UFUNCS"]
