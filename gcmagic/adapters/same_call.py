"""S: the cost and the gradients come from one call, ``loss, grads = net.loss(X, y)``.

Which of the things returned is the cost is seen from its type and, where several are one
number, from its name; never from its position.
"""

from __future__ import annotations

from .calling import Outcome, Read, is_cost_like
from .names import gradient_stems, is_cost_variable


def cost_element(outcome: Outcome) -> int | None:
    """Index of the cost among the things that backward returned."""
    elements = outcome.elements
    if len(elements) < 2:
        return None
    numbers = [k for k, (_, value, _) in enumerate(elements) if is_cost_like(value)]
    named = [k for k in numbers if is_cost_variable(elements[k][0] or "")]
    if len(named) == 1:
        return named[0]
    left = [k for k in numbers if not gradient_stems(elements[k][0] or "")]
    if not named and len(left) == 1 and len(elements) > 1:
        name = elements[left[0]][0]
        # a lone number beside a dict or arrays; `return dw, db` has names that say otherwise
        return left[0] if name is not None or len(numbers) == 1 else None
    return None


def cost_reader(outcome: Outcome) -> Read | None:
    """How to read the cost from the same call, None where it is not in it."""
    index = cost_element(outcome)
    return None if index is None else outcome.elements[index][2]
