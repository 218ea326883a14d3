"""Named arrays <-> the vector theta: which component is which, and back again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import InputError
from .gradient_shapes import fits, gradient_shape, spreads
from .leaves import Path, as_real, build, describe, leaf_at, leaves_of, listed, path_name
from .workspace import F8, Workspace, kind_of, shaped


@dataclass(frozen=True, slots=True)
class Block:
    """One parameter array: where it lies in theta and what its components are called."""

    name: str
    shape: tuple[int, ...]
    start: int
    stop: int
    dtype: str = "float64"

    @property
    def size(self) -> int:
        """Number of components."""
        return self.stop - self.start

    @property
    def slice(self) -> slice:
        """The block's components within theta."""
        return slice(self.start, self.stop)

    def component(self, offset: int) -> str:
        """Name of the component `offset` places into the block, ``W1[3, 2]``."""
        if not self.shape:
            return self.name
        index = np.unravel_index(offset, self.shape)
        return f"{self.name}[{', '.join(str(int(k)) for k in index)}]"


@dataclass(frozen=True, slots=True)
class ParameterLayout:
    """How a structure of arrays becomes one vector theta, and how theta becomes the structure.

    Made by `ParameterLayout.of`. Leaves may be arrays or numbers, in dicts, lists and tuples
    nested as deep as one likes; ``None`` stands for a parameter that is not there.
    """

    blocks: tuple[Block, ...]
    paths: tuple[Path, ...]
    template: Any
    # arrays whose gradient may have fewer components, as an update spreads them
    spread: frozenset[str] = frozenset()
    # ndarray, np.matrix or something else: what the leaves of `template` are
    kinds: tuple[type, ...] = field(init=False, repr=False)
    # key, slice and shape of each array, where the structure is a dict of arrays, as most are
    flat: tuple[tuple[Any, slice, tuple[int, ...]], ...] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        leaves = (leaf_at(self.template, path, "the parameters") for path in self.paths)
        object.__setattr__(self, "kinds", tuple(kind_of(leaf) for leaf in leaves))
        plain = type(self.template) is dict and set(self.kinds) == {np.ndarray}
        plain = plain and [(key,) for key in self.template] == list(self.paths)
        pairs = zip(self.paths, self.blocks, strict=True)
        flat = (
            tuple((path[0], block.slice, block.shape) for path, block in pairs) if plain else None
        )
        object.__setattr__(self, "flat", flat)

    @classmethod
    def of(cls, params: Any) -> ParameterLayout:
        """Read the layout of `params`.

        Raises
        ------
        InputError
            Where there is no number in it, or a leaf is not made of real numbers.
        """
        blocks: list[Block] = []
        paths: list[Path] = []
        start = 0
        for path, leaf in leaves_of(params):
            name = path_name(path)
            if any(block.name == name for block in blocks):
                raise InputError(
                    f"two parameters are called {name!r}; needed: keys that tell them apart"
                )
            array = as_real(leaf, name)
            if array.size == 0:
                raise InputError(
                    f"parameter {name} is empty (shape {array.shape}); needed: at least one number"
                )
            dtype = "float64" if array.dtype is F8 else str(array.dtype)  # which takes 5 us
            blocks.append(Block(name, array.shape, start, start + array.size, dtype))
            paths.append(path)
            start += array.size
        if not blocks:
            raise InputError(
                f"no parameters: {describe(params)} holds no number; needed: an array, a number, "
                "or a dict or list of them"
            )
        return cls(tuple(blocks), tuple(paths), params)

    @property
    def size(self) -> int:
        """Number of components of theta."""
        return self.blocks[-1].stop

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameter arrays, in the order of theta."""
        return tuple(block.name for block in self.blocks)

    def component(self, index: int) -> str:
        """Name of component `index` of theta, ``W1[3, 2]``."""
        block = self.block_of(index)
        return block.component(index - block.start)

    def block_of(self, index: int) -> Block:
        """The block that component `index` of theta belongs to."""
        return self.blocks[bisect_right(self.blocks, index, key=lambda block: block.start) - 1]

    def owners(self, components: np.ndarray) -> np.ndarray:
        """The places of the blocks that components of theta belong to."""
        starts = [block.start for block in self.blocks]
        return np.searchsorted(starts, components, side="right") - 1

    def place_of(self, block: Block) -> int:
        """Which of the blocks it is; the first place where it is the very same object is quick."""
        for place, known in enumerate(self.blocks):
            if known is block:
                return place
        return self.blocks.index(block)

    def select(self, layers: str | Sequence[str] | None) -> tuple[Block, ...]:
        """The blocks that `layers` names; all of them for ``None``."""
        if layers is None:
            return self.blocks
        wanted = [layers] if isinstance(layers, str) else list(layers)
        if not wanted:
            raise InputError(f"no layer is named; there are: {' '.join(self.names)}")
        known = {block.name: block for block in self.blocks}
        for name in wanted:
            if name not in known:
                raise InputError(
                    f"no parameter array is called {name!r}; there are: {' '.join(known)}"
                )
        return tuple(block for block in self.blocks if block.name in wanted)

    def flatten(self, params: Any) -> np.ndarray:
        """Theta, float64, of a structure that has this layout."""
        theta = np.empty(self.size)
        for block, path in zip(self.blocks, self.paths, strict=True):
            leaf = as_real(leaf_at(params, path, "the parameters"), block.name)
            if leaf.shape != block.shape:
                raise InputError(
                    f"parameter {block.name} has shape {leaf.shape}; needed: {block.shape}"
                )
            theta[block.slice] = leaf.reshape(-1)
        return theta

    def unflatten(self, theta: np.ndarray) -> Any:
        """The structure with the values of `theta`; every array in it is new."""
        return self.workspace(theta).params

    def flatten_gradient(self, grads: Any) -> np.ndarray:
        """The gradient as one vector in the order of theta.

        Values are taken as they are, NaN included. A gradient array may leave out or add axes of
        length one where broadcasting against its parameter moves no component, ``(3,)`` for
        ``(1, 3)``, and nothing else: ``(3,)`` for ``(3, 1)`` would update a 3 x 3 block.

        Raises
        ------
        InputError
            Where a gradient is missing or is no array of real numbers; GradientShapeError where it
            has another shape.
        """
        if self.flat is not None and type(grads) is dict:  # as nearly all are
            gradient = self._joined(grads)
            if gradient is not None:
                return gradient
        if isinstance(self.template, Mapping) and not isinstance(grads, Mapping):
            raise InputError(
                f"the gradient is {describe(grads)}; needed: a dict with the keys "
                f"{' '.join(map(str, self.template))}"
            )
        gradient = np.empty(self.size)
        for block, path in zip(self.blocks, self.paths, strict=True):
            leaf = leaf_at(grads, path, ("the gradient of ", block.name))
            if type(leaf) is np.ndarray and leaf.shape == block.shape and leaf.dtype.kind in "fiub":
                gradient[block.slice] = leaf.reshape(-1)  # as nearly all are
                continue
            if isinstance(leaf, (list, tuple)):
                leaf = listed(leaf)
            array = as_real(leaf, f"the gradient of {block.name}")
            if block.name in self.spread and spreads(array.shape, block.shape):
                array = np.broadcast_to(array, block.shape)
            elif not fits(array.shape, block.shape):
                raise gradient_shape(block, array.shape, self.blocks)
            gradient[block.slice] = array.reshape(-1)
        return gradient

    def _joined(self, grads: dict[Any, Any]) -> np.ndarray | None:
        """The arrays of a dict in the order of theta, None where one is not as it should be."""
        gradient = np.empty(self.size)
        for key, part, shape in self.flat or ():
            leaf = grads.get(key)
            if type(leaf) is not np.ndarray or leaf.shape != shape or leaf.dtype.kind not in "fiub":
                return None
            gradient[part] = leaf.reshape(-1)
        return gradient

    def views(self, vector: np.ndarray) -> Any:
        """The structure as views of `vector`, which nobody else may hold; see `unflatten`."""
        if self.flat is not None:
            return {key: vector[part].reshape(shape) for key, part, shape in self.flat}
        leaves = [
            shaped(vector[block.start : block.stop], block, kind)
            for block, kind in zip(self.blocks, self.kinds, strict=True)
        ]
        return build(self.template, iter(leaves))

    def workspace(self, theta: np.ndarray, dtype: Any = np.float64) -> Workspace:
        """A structure of this layout of its own, to be perturbed in place."""
        return Workspace(self, theta, dtype)
