"""P: one layer, ``affine_forward`` with ``affine_backward``, and no cost.

The cost is J = sum(out * dout) with a fixed random array ``dout``: its gradient with respect to
every input of the layer is what the backward function must return for that ``dout``.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

DRAW, WEIGH = "__draw__", "__weigh__"
_UPSTREAM = re.compile(
    r"d[A-Z]\w*|d_?(out|y|z|a|h|x|l|v|values|output|loss|prev|next|score|logit)s?\w{0,5}"
    r"|grads?(_\w*)?|\w+_grad|upstream\w*"
)
_LOOSE = frozenset({"delta", "deltas", "error", "g"})


def is_upstream(name: str) -> bool:
    """True for ``dout``, ``dZ``, ``grad_output``: the gradient that comes from above."""
    return name in _LOOSE or is_surely_upstream(name)


def is_surely_upstream(name: str) -> bool:
    """True where the name can mean nothing else, unlike ``delta`` and ``error``."""
    return _UPSTREAM.fullmatch(name) is not None


def draw(out: Any) -> np.ndarray:
    """The upstream array, the same in every call for an output of that shape."""
    return np.random.default_rng(0).standard_normal(np.shape(out))


def weigh(out: Any, upstream: np.ndarray) -> Any:
    """J = sum(out * dout); complex where `out` is."""
    return np.sum(np.asarray(out) * upstream)


FUNCTIONS = {DRAW: draw, WEIGH: weigh}
