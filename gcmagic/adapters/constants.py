"""Data and constants under the names of parameters: inputs called U, a weight of the loss."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

import numpy as np

from .calling import Leaf, Scope, all_leaves
from .names import kind

# inputs in some notebooks, and matrices of weights in others
_LETTERS = frozenset({"U", "V"})
_WEIGHT = re.compile(r"w|wts?|weights?", re.IGNORECASE)
# names of what weights the inputs, so that another weight beside it weights the loss
_TAKEN = re.compile(r"(w|wts?|weights?|kernel|theta|thetas|params|parameters|coefs?)_?\d*", re.I)


def only_input(leaf: Leaf, roots: Scope, is_parameter: Callable[[Leaf], bool]) -> bool:
    """Whether an array called U holds the inputs, because nothing else can be them.

    Not beside a V, as in a recurrence or a factorisation, nor beside an array that may be data.

    Parameters
    ----------
    leaf
        The array.
    roots
        All that the program starts from.
    is_parameter
        Which of the others are known for parameters, or look like them.
    """
    if leaf.key not in _LETTERS or not np.ndim(leaf.value):
        return False
    others = [other for other in all_leaves(roots) if other.path != leaf.path]
    others = [other for other in others if np.ndim(other.value)]
    if any(other.key in _LETTERS for other in others):
        return False
    return all(kind(other.key) == "y" or is_parameter(other) for other in others)


def weights_loss(leaf: Leaf, bound: Sequence[Leaf], roots: Scope) -> bool:
    """Whether a ``weight`` is one of the loss, of its examples or of its classes.

    The inputs have weights of their own then, and its shape is that of an axis of the targets.
    """
    if not _WEIGHT.fullmatch(leaf.key) or _is_item(leaf, bound):
        return False
    if not any(_TAKEN.fullmatch(other.key) and other.key != leaf.key for other in bound):
        return False
    shape = np.shape(leaf.value)
    if np.size(leaf.value) == 1:
        return True
    targets = [other.value for other in all_leaves(roots) if kind(other.key) == "y"]
    axes: Collection[int] = {n for value in targets for n in np.shape(value)}
    return max(shape) in axes and np.size(leaf.value) == max(shape)


def _is_item(leaf: Leaf, bound: Sequence[Leaf]) -> bool:
    """Whether it lies in the dict or list that holds a bound one."""
    return (
        len(leaf.path) > 1
        and leaf.path[-1][0] == "item"
        and any(other.path[:-1] == leaf.path[:-1] for other in bound)
    )
