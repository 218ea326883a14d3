"""Which shapes a gradient may have for its parameter, and what is said of the others."""

from __future__ import annotations

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


def gradient_shape(block: Block, shape: tuple[int, ...]) -> GradientShapeError:
    """The gradient of a parameter has another shape."""
    return GradientShapeError(
        f"the gradient of {block.name} has shape {shape}, {block.name} has {block.shape}; needed: "
        f"the same shape ({_why(shape, block.shape)})"
    )


def _why(shape: tuple[int, ...], needed: tuple[int, ...]) -> str:
    if len(shape) > 1 and shape == needed[::-1]:
        return "it is that of the transpose: factors of a product swapped, or .T left out?"
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
