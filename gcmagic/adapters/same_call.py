"""S: the cost and the gradients come from one call, ``loss, grads = net.loss(X, y)``.

Which of the things returned is the cost is seen from its name, in the ``return`` or at the call,
or from the name of the function; never from its position, nor from its being a number.
"""

from __future__ import annotations

from dataclasses import dataclass

from .calling import Outcome, Read, is_cost_like
from .names import COST, gradient_stems, is_cost_variable, is_metric, role_score, words

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True, slots=True)
class CostElement:
    """The cost among the things that backward returned.

    Attributes
    ----------
    index
        Its place.
    read
        How to read it from the variables of the program.
    label
        What to call it: its name, or ``first value``.
    sure
        True where its own name says cost; a cost function beside it goes before one that is not.
    """

    index: int
    read: Read
    label: str
    sure: bool


def cost_element(outcome: Outcome) -> CostElement | None:
    """The cost among the things that backward returned, None where none of them says so."""
    elements = outcome.elements
    if len(elements) < 2:
        return None
    numbers = [k for k, (_, value, _) in enumerate(elements) if is_cost_like(value)]
    named = [k for k in numbers if is_cost_variable(elements[k][0] or "")]
    if len(named) == 1:
        return CostElement(named[0], elements[named[0]][2], elements[named[0]][0] or "", True)
    left = [k for k in numbers if _may_be_cost(elements[k][0] or "")]
    if named or len(left) != 1 or not _says_cost(outcome.function):
        return None
    name, _, read = elements[left[0]]
    ordinal = ORDINALS[left[0]] if left[0] < len(ORDINALS) else f"{left[0] + 1}th"
    return CostElement(left[0], read, name or f"{ordinal} value", False)


def _may_be_cost(name: str) -> bool:
    return not gradient_stems(name) and not is_metric(name)


def _says_cost(function: str) -> bool:
    # `propagate` is the name of a course for the cost and the gradients in one
    return role_score(function, COST) > 0 or "propagate" in words(function)
