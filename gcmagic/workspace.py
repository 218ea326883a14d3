"""Parameters of a check's own, moved one component at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .leaves import build, leaf_at

if TYPE_CHECKING:
    from .parameters import Block, ParameterLayout

F8 = np.dtype(np.float64)


class Workspace:
    """A private copy of the parameters whose components are moved one at a time.

    Functions are called with `params`; no array is copied from one call to the next.
    """

    __slots__ = ("_leaves", "_theta", "dtype", "layout", "params")

    def __init__(self, layout: ParameterLayout, theta: np.ndarray, dtype: Any) -> None:
        self.layout = layout
        self.dtype = np.dtype(dtype)
        self.load(theta)

    def load(self, theta: np.ndarray) -> None:
        """Begin again at `theta` with arrays that nobody else holds."""
        self._theta = np.array(theta, dtype=self.dtype)  # the memory of all arrays
        if self.layout.flat is not None:
            self.params: Any = self.layout.views(self._theta)
            self._leaves: list[Any] = list(self.params.values())
            return
        self._leaves = [
            shaped(self._theta[block.start : block.stop], block, kind)
            for block, kind in zip(self.layout.blocks, self.layout.kinds, strict=True)
        ]
        self.params = build(self.layout.template, iter(self._leaves))

    def writer(self, block: Block) -> Callable[[int, Any], None]:
        """A function ``write(index, value)`` that sets a component of theta that is in `block`."""
        place = self.layout.place_of(block)
        if self.layout.kinds[place] is not object:
            return self._theta.__setitem__

        def write(index: int, value: Any) -> None:  # a number cannot be changed in place
            self._theta[index] = value
            self._leaves[place] = self._theta[index]
            self.params = build(self.layout.template, iter(self._leaves))

        return write

    def numbers(self) -> memoryview[float] | None:
        """Theta to be set one by one, in a sixth of the time that an array takes for it.

        Those components alone that are in arrays; None where these are not of float64.
        """
        if self.dtype is not F8:
            return None
        return memoryview(self._theta)  # pyright: ignore[reportArgumentType]

    def vector(self) -> np.ndarray:
        """The components as they are now, in the order of theta; to be read only, and at once."""
        theta, layout = self._theta, self.layout
        for block, path, leaf in zip(layout.blocks, layout.paths, self._leaves, strict=True):
            now = leaf_at(self.params, path, "the parameters")
            if now is not leaf:  # else what is in it is in theta
                theta = theta.copy() if theta is self._theta else theta
                theta[block.slice] = np.asarray(now).reshape(-1)
        return theta


def kind_of(leaf: Any) -> type:
    """What functions see a leaf as: ndarray, np.matrix, object for a number."""
    if type(leaf) is np.ndarray:
        return np.ndarray
    if isinstance(leaf, np.matrix):  # an ndarray in its place would broadcast
        return np.matrix
    return np.ndarray if isinstance(leaf, np.ndarray) else object


def shaped(values: np.ndarray, block: Block, kind: type) -> Any:
    """The values of one array as the kind of leaf that they are for."""
    if kind is object:
        return values[0]
    shaped = values.reshape(block.shape)
    return shaped if kind is np.ndarray else shaped.view(np.matrix)
