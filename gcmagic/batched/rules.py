"""All the rules, by kind; importing them enters them into `RULES`."""

from . import elementwise, indexing, joins, pending, products, reductions, shapes, singly
from .representation import RULES, UFUNCS

KINDS = (elementwise, reductions, shapes, joins, indexing, products, pending, singly)

__all__ = ["KINDS", "RULES", "UFUNCS"]
