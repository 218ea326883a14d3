"""P: one layer, ``affine_forward`` with ``affine_backward``, and no cost.

The cost is J = sum(out * dout) with a fixed random array ``dout``: its gradient with respect to
every input of the layer is what the backward function must return for that ``dout``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .names import gradient_stems

DRAW, WEIGH = "__draw__", "__weigh__"
_UPSTREAM = frozenset({"delta", "upstream", "g", "grad", "dout", "dvalues", "error", "deltas"})


def is_upstream(name: str) -> bool:
    """True for ``dout``, ``dZ``, ``grad_output``: the gradient that comes from above."""
    return name in _UPSTREAM or bool(gradient_stems(name))


def draw(out: Any) -> np.ndarray:
    """The upstream array, the same in every call for an output of that shape."""
    return np.random.default_rng(0).standard_normal(np.shape(out))


def weigh(out: Any, upstream: np.ndarray) -> Any:
    """J = sum(out * dout); complex where `out` is."""
    return np.sum(np.asarray(out) * upstream)


FUNCTIONS = {DRAW: draw, WEIGH: weigh}
