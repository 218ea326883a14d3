"""Which shapes a gradient may have for its parameter, and what is said of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .errors import GradientShapeError

if TYPE_CHECKING:
    from .parameters import Block


def fits(gradient: tuple[int, ...], parameter: tuple[int, ...]) -> bool:
    """Whether a gradient has its parameter's shape but for axes of length one."""
    size = int(np.prod(parameter))
    if int(np.prod(gradient)) != size:
        return False
    try:
        return int(np.prod(np.broadcast_shapes(gradient, parameter))) == size
    except ValueError:
        return False


def gradient_shape(
    block: Block, shape: tuple[int, ...], blocks: Sequence[Block]
) -> GradientShapeError:
    """The gradient of a parameter, one of `blocks`, has another shape."""
    like = [other.name for other in blocks if other.shape == shape]
    return GradientShapeError(
        f"the gradient of {block.name} has shape {shape}, {block.name} has {block.shape}; needed: "
        f"the same shape ({_why(shape, block.shape, like)})"
    )


def _why(shape: tuple[int, ...], needed: tuple[int, ...], like: Sequence[str]) -> str:
    if len(shape) > 1 and shape == needed[::-1]:
        return "it is that of the transpose: factors of a product swapped, or .T left out?"
    if len(like) == 1:
        return f"it is that of {like[0]}: are gradients returned, or named, in another order?"
    return "a sum over the wrong axis, or keepdims=True left out?"


def spreads(gradient: tuple[int, ...], parameter: tuple[int, ...]) -> bool:
    """Whether ``parameter -= rate * gradient`` spreads a gradient of another shape, in silence.

    >>> spreads((), (3, 1)), spreads((1, 4), (3, 4)), spreads((3,), (3, 1))
    (True, True, False)
    """
    try:
        return np.broadcast_shapes(gradient, parameter) == parameter
    except ValueError:
        return False
