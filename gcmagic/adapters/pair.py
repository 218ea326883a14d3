"""P: one layer, ``affine_forward`` with ``affine_backward``, and no cost.

The cost is J = sum(out * dout) with a fixed random array ``dout``: its gradient with respect to
every input of the layer is what the backward function must return for that ``dout``. A layer with
several outputs, such as a step of an LSTM, has one such term for each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

DRAW, WEIGH = "__draw__", "__weigh__"
_UPSTREAM = re.compile(
    r"d[A-Z]\w*|d_?(out|y_?hat|values|output|loss|prev|next|score|logit)s?\w{0,5}"
    r"|d_?[yzahxlvc](s|next|prev|out|t)?([A-Z0-9_]\w{0,5})?"  # and no word such as data, day
    r"|grads?(_\w*)?|\w+_grad|upstream\w*"
)
_LOOSE = frozenset({"delta", "deltas", "error", "g"})


class Context:
    """What stands for ``ctx`` where the notebook has none: it keeps what it is given."""

    def save_for_backward(self, *arrays: Any) -> None:
        """Keep arrays as ``saved_tensors``, ``saved_arrays`` and ``saved``."""
        self.saved_tensors = self.saved_arrays = self.saved = arrays


def is_upstream(name: str) -> bool:
    """True for ``dout``, ``dZ``, ``grad_output``: the gradient that comes from above."""
    return name in _LOOSE or is_surely_upstream(name)


def matched(upstreams: Sequence[str], outputs: Sequence[str]) -> list[tuple[str, str]]:
    """Which output each upstream gradient belongs to: by name, or else all of them in order."""
    if len(upstreams) == 1:
        return [(upstreams[0], outputs[0])]
    named = [(up, out) for up in upstreams for out in outputs if up in _spelt(out)]
    if len(named) == len(upstreams):
        return named
    return list(zip(upstreams, outputs, strict=True)) if len(upstreams) == len(outputs) else []


def _spelt(out: str) -> tuple[str, ...]:
    return (f"d{out}", f"d_{out}", f"{out}_grad", f"grad_{out}", f"{out}_bar")


def is_surely_upstream(name: str) -> bool:
    """True where the name can mean nothing else, unlike ``delta`` and ``error``."""
    return _UPSTREAM.fullmatch(name) is not None


def draw(out: Any, seed: int = 0) -> np.ndarray:
    """The upstream array, the same in every call for an output of that shape."""
    # not the stream that the random start is drawn from: x = dout is a special point of many layers
    return np.random.default_rng([seed, 0xD0]).standard_normal(np.shape(out))


def weigh(out: Any, upstream: np.ndarray) -> Any:
    """J = sum(out * dout); complex where `out` is."""
    return np.sum(out * upstream)


FUNCTIONS = {DRAW: draw, WEIGH: weigh}
