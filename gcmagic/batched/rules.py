"""All the rules, by kind; importing them enters them into `RULES`."""

from . import elementwise, indexing, products, reductions, shapes
from .arrays import RULES, UFUNCS

KINDS = (elementwise, reductions, shapes, indexing, products)

__all__ = ["KINDS", "RULES", "UFUNCS"]
