"""Named arrays <-> the vector theta: which component is which, and back again."""

from __future__ import annotations

import copy
import inspect
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import GradientShapeError, InputError
from .frames import is_frame, numbers_of

Path = tuple[Any, ...]
_F8 = np.dtype(np.float64)


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
    _flat: tuple[tuple[Any, slice, tuple[int, ...]], ...] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        leaves = (_get(self.template, path, "the parameters") for path in self.paths)
        object.__setattr__(self, "kinds", tuple(_kind(leaf) for leaf in leaves))
        plain = type(self.template) is dict and set(self.kinds) == {np.ndarray}
        plain = plain and [(key,) for key in self.template] == list(self.paths)
        pairs = zip(self.paths, self.blocks, strict=True)
        flat = (
            tuple((path[0], block.slice, block.shape) for path, block in pairs) if plain else None
        )
        object.__setattr__(self, "_flat", flat)

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
            array = _as_real(leaf, name)
            if array.size == 0:
                raise InputError(
                    f"parameter {name} is empty (shape {array.shape}); needed: at least one number"
                )
            dtype = "float64" if array.dtype is _F8 else str(array.dtype)  # which takes 5 us
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
            leaf = _as_real(_get(params, path, "the parameters"), block.name)
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
        if self._flat is not None and type(grads) is dict:  # as nearly all are
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
            leaf = _get(grads, path, ("the gradient of ", block.name))
            if type(leaf) is np.ndarray and leaf.shape == block.shape and leaf.dtype.kind in "fiub":
                gradient[block.slice] = leaf.reshape(-1)  # as nearly all are
                continue
            if isinstance(leaf, (list, tuple)):
                leaf = _listed(leaf)
            array = _as_real(leaf, f"the gradient of {block.name}")
            if block.name in self.spread and spreads(array.shape, block.shape):
                array = np.broadcast_to(array, block.shape)
            elif not _fits(array.shape, block.shape):
                raise gradient_shape(block, array.shape)
            gradient[block.slice] = array.reshape(-1)
        return gradient

    def _joined(self, grads: dict[Any, Any]) -> np.ndarray | None:
        """The arrays of a dict in the order of theta, None where one is not as it should be."""
        gradient = np.empty(self.size)
        for key, part, shape in self._flat or ():
            leaf = grads.get(key)
            if type(leaf) is not np.ndarray or leaf.shape != shape or leaf.dtype.kind not in "fiub":
                return None
            gradient[part] = leaf.reshape(-1)
        return gradient

    def views(self, vector: np.ndarray) -> Any:
        """The structure as views of `vector`, which nobody else may hold; see `unflatten`."""
        if self._flat is not None:
            return {key: vector[part].reshape(shape) for key, part, shape in self._flat}
        leaves = [
            _shaped(vector[block.start : block.stop], block, kind)
            for block, kind in zip(self.blocks, self.kinds, strict=True)
        ]
        return _build(self.template, iter(leaves))

    def workspace(self, theta: np.ndarray, dtype: Any = np.float64) -> Workspace:
        """A structure of this layout of its own, to be perturbed in place."""
        return Workspace(self, theta, dtype)


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
        if self.layout._flat is not None:
            self.params: Any = self.layout.views(self._theta)
            self._leaves: list[Any] = list(self.params.values())
            return
        self._leaves = [
            _shaped(self._theta[block.start : block.stop], block, kind)
            for block, kind in zip(self.layout.blocks, self.layout.kinds, strict=True)
        ]
        self.params = _build(self.layout.template, iter(self._leaves))

    def writer(self, block: Block) -> Callable[[int, Any], None]:
        """A function ``write(index, value)`` that sets a component of theta that is in `block`."""
        place = self.layout.place_of(block)
        if self.layout.kinds[place] is not object:
            return self._theta.__setitem__

        def write(index: int, value: Any) -> None:  # a number cannot be changed in place
            self._theta[index] = value
            self._leaves[place] = self._theta[index]
            self.params = _build(self.layout.template, iter(self._leaves))

        return write

    def numbers(self) -> memoryview[float] | None:
        """Theta to be set one by one, in a sixth of the time that an array takes for it.

        Those components alone that are in arrays; None where these are not of float64.
        """
        if self.dtype is not _F8:
            return None
        return memoryview(self._theta)  # pyright: ignore[reportArgumentType]

    def vector(self) -> np.ndarray:
        """The components as they are now, in the order of theta; to be read only, and at once."""
        theta, layout = self._theta, self.layout
        for block, path, leaf in zip(layout.blocks, layout.paths, self._leaves, strict=True):
            now = _get(self.params, path, "the parameters")
            if now is not leaf:  # else what is in it is in theta
                theta = theta.copy() if theta is self._theta else theta
                theta[block.slice] = np.asarray(now).reshape(-1)
        return theta


def _kind(leaf: Any) -> type:
    if type(leaf) is np.ndarray:
        return np.ndarray
    if isinstance(leaf, np.matrix):  # an ndarray in its place would broadcast
        return np.matrix
    return np.ndarray if isinstance(leaf, np.ndarray) else object


def _shaped(values: np.ndarray, block: Block, kind: type) -> Any:
    """The values of one array as the kind of leaf that they are for."""
    if kind is object:
        return values[0]
    shaped = values.reshape(block.shape)
    return shaped if kind is np.ndarray else shaped.view(np.matrix)


def path_name(path: Path) -> str:
    """What a leaf is called: ``W1``, ``layer1.W``, ``params[0]``, ``theta`` for a lone array.

    >>> path_name(("hidden layer", "W")), path_name((0, "b"))
    ('hidden_layer.W', 'params[0].b')
    """
    if not path:
        return "theta"
    first, *rest = path
    name = first if isinstance(first, str) else f"params[{first!r}]"
    for key in rest:
        name += f".{key}" if isinstance(key, str) else f"[{key!r}]"
    if name.isprintable() and " " not in name:
        return name
    # names are listed with spaces between them, one array a line
    return "".join(c if c.isprintable() and not c.isspace() else "_" for c in name)


def leaves_of(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf of nested dicts, lists and tuples with the keys that lead to it."""
    if type(value) is np.ndarray:  # the question to an abstract class takes longer than the rest
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves_of(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for key, item in enumerate(value):
            yield from leaves_of(item, (*path, key))
    elif value is not None:
        yield path, value


def _get(value: Any, path: Path, what: str | tuple[str, str]) -> Any:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            raise InputError(
                f"{''.join(what)} is missing: {describe(value)} has no {key!r}; needed: "
                "the same structure as the parameters"
            ) from None
    return value


def _as_real(leaf: Any, name: str) -> np.ndarray:
    # numpy.ma is loaded when first asked for, which takes 50 ms: without it nothing is masked
    if "numpy.ma" in sys.modules and isinstance(leaf, np.ma.MaskedArray):
        raise InputError(f"{name} is a masked array; needed: a plain array (np.ma.filled(...))")
    if hasattr(leaf, "toarray"):
        raise InputError(
            f"{name} is a sparse matrix, {type(leaf).__name__}; needed: an array (.toarray())"
        )
    if is_frame(leaf) and name.startswith("the gradient"):
        return numbers_of(leaf)
    if not isinstance(leaf, (np.ndarray, np.generic, int, float, complex)):
        if is_frame(leaf):
            raise InputError(f"{name} is {describe(leaf)}; needed: an array (.to_numpy())")
        raise InputError(f"{name} is {describe(leaf)}; needed: an array of real numbers")
    array = np.asarray(leaf)
    if array.dtype.kind not in "fiub":
        raise InputError(
            f"{name} is an array of {array.dtype}; needed: real numbers (float64 is best)"
        )
    return array


def _listed(leaf: Any) -> Any:
    """A list of numbers as an array; anything else as it came, for the message."""
    try:
        array = np.array(leaf)
    except ValueError:
        return leaf
    return array if array.dtype.kind in "fiu" else leaf


def _fits(gradient: tuple[int, ...], parameter: tuple[int, ...]) -> bool:
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


def describe(value: Any) -> str:
    """What arrived, for a message: ``an array of shape (3, 2)``, ``None``."""
    if isinstance(value, Mapping):
        return f"a dict with the keys {' '.join(map(str, value)) or '(none)'}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if value is None:
        return "None"
    if inspect.isgenerator(value):
        return "a generator (a yield in the function? return instead)"
    if inspect.iscoroutine(value):
        value.close()  # nobody will wait for it
        return "a coroutine (an async function? a plain def is needed)"
    return f"a value of type {type(value).__name__}"


def _build(template: Any, leaves: Iterator[Any]) -> Any:
    """The containers of `template` anew, filled with `leaves` in the order of `leaves_of`."""
    if type(template) is np.ndarray:
        return next(leaves)
    if type(template) is dict:
        return {key: _build(item, leaves) for key, item in template.items()}
    if isinstance(template, Mapping):
        new = copy.copy(template) if isinstance(template, MutableMapping) else dict(template)
        for key, item in template.items():
            new[key] = _build(item, leaves)
        return new
    if isinstance(template, (list, tuple)):
        items = [_build(item, leaves) for item in template]
        return type(template)(*items) if hasattr(template, "_fields") else type(template)(items)
    return None if template is None else next(leaves)
