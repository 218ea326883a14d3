"""One array that stands for many copies of itself, each perturbed elsewhere.

A NumPy function that is called with a `Copies` in place of a parameter computes the same thing for
all the copies at once. A copy differs from a shared base at one index along each of some axes::

    axes = all       one-hot: one component differs         rows has the shape (n,)
    axes = some      slab: one row, column, ... differs     rows has the shape (n, the other axes)
    axes = ()        stack: everything may differ           rows has the shape (n, all axes)

so that what is the same in all copies is computed once. How NumPy's functions act on it stands in
the rules, which enter themselves into `RULES`; everything else is refused by raising `Untraceable`.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

import numpy as np

from .bytecode import in_method, in_place, passes_on

Index = tuple[np.ndarray, ...]

RULES: dict[Any, Callable[..., Any]] = {}
UFUNCS: dict[str, Callable[..., Any]] = {}  # by method: __call__, reduce, ...


class Untraceable(BaseException):
    """The function cannot be run on many copies at once; the message says why."""


class TooLarge(BaseException):
    """The copies would need more memory than they may."""


class Pool:
    """Memory that one batch leaves for the next: fresh pages cost more than the arithmetic.

    A buffer is free when nothing but the pool refers to it; every view of it does.
    """

    __slots__ = ("_buffers",)

    def __init__(self) -> None:
        self._buffers: list[np.ndarray] = []

    def empty(self, shape: tuple[int, ...]) -> np.ndarray:
        """An uninitialised array of float64."""
        size = 1
        for n in shape:
            size *= n
        if size < 4096:
            return np.empty(shape)
        for k in range(len(self._buffers) - 1, -1, -1):
            if size <= self._buffers[k].size <= 2 * size and self._uses(k) == _UNUSED:
                return self._buffers[k][:size].reshape(shape)
        self._buffers.append(np.empty(size))
        return self._buffers[-1].reshape(shape)

    def clear(self) -> None:
        """Let go of what is not in use."""
        self._buffers = []

    def _uses(self, k: int) -> int:
        return sys.getrefcount(self._buffers[k])


def _unused() -> int:
    pool = Pool()
    pool.empty((8192,))
    return pool._uses(0)


_UNUSED = _unused()


class Batch:
    """What all the arrays of one batched call share.

    Parameters
    ----------
    count
        Number of copies, n.
    limit
        Bytes that the arrays of all copies may take together.
    pool
        Where their memory comes from.
    """

    __slots__ = (
        "_members",
        "closed",
        "count",
        "largest",
        "limit",
        "live",
        "marked",
        "marker",
        "peak",
        "places",
        "pool",
        "refusal",
    )

    def __init__(self, count: int, limit: float = np.inf, pool: Pool | None = None) -> None:
        self.count = count
        self.pool = Pool() if pool is None else pool
        self.limit = limit
        self.live = self.peak = self.largest = 0
        self.closed = False
        self.refusal: str | None = None
        self.places = np.arange(count)
        self.marker: float | None = None
        self.marked: Copies | None = None
        self._members: list[weakref.ref[Copies]] = []

    def refuse(self, reason: str) -> NoReturn:
        """Give up; remembered, in case the user's code swallows the exception."""
        self.refusal = reason
        raise Untraceable(reason)

    def reserve(self, size: float, itemsize: int = 8) -> None:
        """See whether `size` more numbers still fit."""
        needed = int(size) * itemsize
        if self.live + needed > self.limit:
            raise TooLarge(f"{needed} bytes beside {self.live}")
        self.peak = max(self.peak, self.live + needed)

    def enter(self, member: Copies) -> None:
        """Count a new array."""
        self.live += member.rows.nbytes
        self.peak = max(self.peak, self.live)
        self.largest = max(self.largest, member.rows.nbytes)
        self._members.append(weakref.ref(member))

    def close(self) -> None:
        """End the call: what the user's code has kept becomes the array of the last copy.

        So it is what the last of as many plain calls would have left behind.
        """
        kept = [m for m in (ref() for ref in self._members) if m is not None]
        values = [np.array(member.row(-1)) for member in kept]
        self.closed = True
        self._members = []
        for member, value in zip(kept, values, strict=True):
            member.base, member.axes, member.index, member.rows = value, (), (), value
        self.marked = None


def rest_of(ndim: int, axes: Iterable[int]) -> list[int]:
    """The axes that are not among `axes`."""
    taken = set(axes)
    return [a for a in range(ndim) if a not in taken]


def gather(array: np.ndarray, axes: tuple[int, ...], index: Index) -> np.ndarray:
    """Values of a plain array at `index` along `axes`: (n, the other axes), (1, all) for none."""
    if not axes:
        return array[None]
    if axes[-1] == len(axes) - 1:
        return array[index]
    return np.moveaxis(array, axes, range(len(axes)))[index]


class _Probe:
    """Counts the references to an array that an operator writes into."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        references = sys.getrefcount(kwargs["out"][0]) if "out" in kwargs else 0
        return references


def _lone() -> int:
    total: Any = np.zeros(2)
    total += _Probe()
    return total


_LONE = _lone()  # of an array that one name holds

_METHODS = frozenset(
    ["all", "any", "argmax", "argmin", "argsort", "clip", "compress", "conj", "conjugate", "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ptp", "ravel", "repeat", "round", "searchsorted", "sort", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var"]
)


class Copies(np.lib.mixins.NDArrayOperatorsMixin):
    """Many copies of one array; see the module."""

    __slots__ = ("__weakref__", "axes", "base", "batch", "family", "index", "origin", "own", "rows", "shape")

    def __init__(
        self,
        batch: Batch,
        shape: tuple[int, ...],
        rows: np.ndarray,
        base: np.ndarray | None = None,
        axes: tuple[int, ...] = (),
        index: Index = (),
    ) -> None:
        self.batch = batch
        self.shape = shape
        self.rows = rows
        self.base = base
        self.axes = axes
        self.index = index
        self.own = False  # nobody else sees `rows`: it may be written into
        self.family: list[weakref.ref[Copies]] | None = None  # views of the same memory
        self.origin: tuple[Copies, Any] | None = None
        batch.enter(self)

    def __del__(self) -> None:
        if not self.batch.closed:
            self.batch.live -= self.rows.nbytes

    # -- what the rules use ------------------------------------------------------------------

    def on(self, keep: tuple[int, ...]) -> np.ndarray:
        """Rows as they are where only the axes `keep`, some of `axes`, are indexed."""
        if keep == self.axes:
            return self.rows
        assert self.base is not None
        count = self.batch.count
        rest = rest_of(self.ndim, keep)
        self.batch.reserve(count * np.prod([self.shape[a] for a in rest], dtype=float))
        dropped = [k for k, a in enumerate(self.axes) if a not in keep]
        dtype = np.result_type(self.base, self.rows)
        if keep:
            out = gather(self.base, keep, self.index_of(keep)).astype(dtype, copy=False)
        else:
            shape = (count, *self.shape)
            out = self.batch.pool.empty(shape) if dtype == np.float64 else np.empty(shape, dtype)
            out[...] = self.base
        where = [1 + rest.index(self.axes[k]) for k in dropped]
        moved = np.moveaxis(out, where, range(1, 1 + len(where)))
        moved[(self.batch.places, *(self.index[k] for k in dropped))] = self.rows
        return out

    def dense(self) -> np.ndarray:
        """All copies in full, (n, shape); not to be written into."""
        return self.on(())

    def index_of(self, axes: tuple[int, ...]) -> Index:
        """The index along some of `axes`."""
        return tuple(self.index[self.axes.index(a)] for a in axes)

    def delta(self) -> np.ndarray | None:
        """Rows less the base there; None where that is not finite."""
        assert self.base is not None
        with np.errstate(invalid="ignore", over="ignore"):
            found = self.rows - gather(self.base, self.axes, self.index)
        return found if np.all(np.isfinite(found)) else None

    def row(self, k: int) -> np.ndarray:
        """The array of copy `k`."""
        if not self.axes:
            return self.rows[k]
        assert self.base is not None
        out = np.array(self.base, dtype=np.result_type(self.base, self.rows))
        rest: list[Any] = [slice(None)] * self.ndim
        for a, i in zip(self.axes, self.index, strict=True):
            rest[a] = i[k]
        out[tuple(rest)] = self.rows[k]
        return out

    def uniform(self) -> np.ndarray | None:
        """The array that all copies are, None where they differ."""
        first = self.row(0)
        same = self.rows == gather(first, self.axes, self.index)
        if np.all(same) and (not self.axes or np.all(self.base == first)):
            return first
        return None

    def view(self, other: Copies, key: Any = None) -> Copies:
        """`other`, noted as what NumPy would have made a view of this array, ``self[key]``."""
        if self.family is None:
            self.family = [weakref.ref(self)]
        self.family[:] = [ref for ref in self.family if ref() is not None]
        self.family.append(weakref.ref(other))
        other.family = self.family
        other.origin = None if key is None else (self, key)
        return other

    def relatives(self) -> list[Copies]:
        """The views of the same memory that are still there, without this one, oldest first."""
        seen = (ref() for ref in self.family or ())
        return [member for member in seen if member is not None and member is not self]

    def become(self, other: Any, own: bool = False) -> Copies:
        """Take the values of another array: every name of this one sees them, and every view."""
        if type(other) is not Copies:
            other = np.asarray(other)
            shared = np.broadcast_to(other, (self.batch.count, *other.shape))
            other = Copies(self.batch, other.shape, shared)
        if other.shape != self.shape:
            raise ValueError(f"cannot write shape {other.shape} into an array of {self.shape}")
        if not np.can_cast(other.dtype, self.dtype, "same_kind"):
            self.batch.refuse(f"writes {other.dtype} into an array of {self.dtype}")
        root, above = self, {id(self)}
        while root.origin is not None:
            root = root.origin[0]
            above.add(id(root))
        beside = [member for member in self.relatives() if id(member) not in above]
        if any(member.origin is None for member in beside):
            self.batch.refuse("writes into an array that another array is a view of")
        self._take(other, own)
        below = self
        while below.origin is not None:  # x[0] += 1 writes into x too
            parent, key = below.origin
            parent._take(RULES["written"](parent, key, below), own=True)
            below = parent
        for member in beside:
            assert member.origin is not None
            parent, key = member.origin
            member._take(RULES["getitem"](parent, key), own=False)
        return self

    def _take(self, other: Copies, own: bool) -> None:
        self.batch.live += other.rows.nbytes - self.rows.nbytes
        self.rows = other.rows.astype(self.dtype, copy=False)
        self.base, self.axes, self.index = other.base, other.axes, other.index
        self.own = own

    def _plain(self) -> np.ndarray:
        """What it stands for once the call is over."""
        return self.rows

    # -- what NumPy and the user's code see --------------------------------------------------

    # isinstance(x, np.ndarray); what NumPy reduces to no axes is a float64, a subclass of float
    __class__ = property(lambda self: np.ndarray if self.shape else np.float64)  # pyright: ignore

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.rows.dtype

    @property
    def T(self) -> Any:  # noqa: N802
        return np.transpose(self)  # pyright: ignore

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        references = sys.getrefcount(kwargs["out"][0]) if "out" in kwargs else 0
        batch = _open(inputs)
        if batch is None:
            if "out" in kwargs:
                kwargs["out"] = tuple(settled(kwargs["out"]))
            return getattr(ufunc, method)(*settled(inputs), **kwargs)
        rule = UFUNCS.get(method)
        if rule is None:
            batch.refuse(f"np.{ufunc.__name__}.{method} is not known")
        inputs = settled(inputs)
        out = kwargs.pop("out", None)
        if out is None:
            return rule(batch, ufunc, *inputs, **kwargs)
        (target,) = out
        if type(target) is Copies:
            return target.become(rule(batch, ufunc, *inputs, **kwargs))
        # `total += x` binds the name anew; nobody sees what becomes of an array without another
        if references > _LONE or target.base is not None or not in_place(sys._getframe(1)):
            batch.refuse("writes into a plain array")
        found = rule(batch, ufunc, *inputs, **kwargs)
        if found.shape != target.shape or found.dtype != target.dtype:
            batch.refuse("writes into a plain array")
        return found

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        batch = _open((*args, *kwargs.values()))
        if batch is None:
            return func(*settled(args), **settled(kwargs))
        rule = RULES.get(func)
        if rule is None:
            batch.refuse(f"np.{getattr(func, '__name__', func)} is not known")
        args, kwargs = settled(args), settled(kwargs)
        out = kwargs.pop("out", None)
        if out is not None and type(out) is not Copies:
            batch.refuse("writes into a plain array")
        try:
            result = rule(*args, **kwargs)
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is None:
                # an argument that the rule does not take
                batch.refuse(f"np.{func.__name__}: {error}")
            raise
        return result if out is None else out.become(result)

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return functools.partial(getattr(np, name), self)
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")
        if self.batch.closed:
            return getattr(self._plain(), name)
        self.batch.refuse(f".{name} is not known")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.batch.closed:
            return np.array(self._plain(), dtype=dtype)
        if self.ndim in (1, 2) and in_method(sys._getframe(1), "dot"):
            return RULES["pending"](self)
        self.batch.refuse("puts values into a plain array")

    def __float__(self) -> float:
        if self.batch.closed:
            return float(self._plain())
        same = self.uniform() if self.size == 1 else None
        if same is not None:
            return float(same.reshape(-1)[0])
        # a cost is often made a float on its way out: then, and only then, that is the result
        if self.size == 1 and self.batch.marked is None and passes_on(sys._getframe(1)):
            self.batch.marker = float("nan")
            self.batch.marked = self
            return self.batch.marker
        self.batch.refuse("turns a number into a float and goes on with it")

    def _decided(self, what: str) -> Any:
        if self.batch.closed:
            return self._plain()
        same = self.uniform()
        if same is None:
            self.batch.refuse(what)
        return same

    def __bool__(self) -> bool:
        return bool(self._decided("branches on a value that the perturbation changes"))

    def __int__(self) -> int:
        return int(self._decided("turns a value into an integer"))

    def __index__(self) -> int:
        return self._decided("uses a value as an index").__index__()

    def __complex__(self) -> complex:
        self.batch.refuse("turns a number into a complex one")

    def __str__(self) -> str:
        if self.batch.closed:
            return str(self._plain())
        self.batch.refuse("prints a value")

    def __format__(self, spec: str) -> str:
        if self.batch.closed:
            return format(self._plain(), spec)
        self.batch.refuse("prints a value")

    def __repr__(self) -> str:
        return f"<{self.batch.count} copies of an array of shape {self.shape}>"

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[k] for k in range(self.shape[0]))

    def __contains__(self, _: object) -> bool:
        self.batch.refuse("asks whether a value is in an array")

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.copy()

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self.batch.closed:
            return self._plain().__reduce_ex__(protocol)
        self.batch.refuse("pickles an array")

    def __getitem__(self, key: Any) -> Any:
        if self.batch.closed:
            return self._plain()[settled(key)]
        return RULES["getitem"](self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.batch.closed:
            self._plain()[settled(key)] = settled(value)
        else:
            RULES["setitem"](self, settled(key), settled(value))

    def copy(self, order: str = "K") -> Any:
        """A copy."""
        return np.copy(self)  # pyright: ignore

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Any:
        """Another type of number."""
        return self._plain().astype(dtype) if self.batch.closed else RULES["astype"](self, dtype)

    def item(self, *place: Any) -> Any:
        """The only number, still one a copy."""
        if self.batch.closed:
            return self._plain().item(*place)
        if place or self.size != 1:
            self.batch.refuse(".item() of an array")
        return self.reshape(())

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> Any:
        """The same numbers in another shape."""
        given = shape[0] if len(shape) == 1 else shape
        return np.reshape(self, given, order=order)  # pyright: ignore

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order."""
        given = axes[0] if len(axes) == 1 and np.iterable(axes[0]) else axes or None
        return np.transpose(self, given)  # pyright: ignore

    def flatten(self, order: str = "C") -> Any:
        """One axis."""
        return np.copy(np.ravel(self, order))  # pyright: ignore

    def fill(self, value: Any) -> None:
        """One number everywhere."""
        self[...] = value


def _open(values: Iterable[Any]) -> Batch | None:
    """The batch of the first array whose call still runs."""
    for value in values:
        if type(value) is Copies:
            if not value.batch.closed:
                return value.batch
        elif type(value) in (list, tuple):
            found = _open(value)
            if found is not None:
                return found
    return None


def settled(value: Any) -> Any:
    """With what is left of calls that are over as plain arrays."""
    if type(value) is Copies:
        return value._plain() if value.batch.closed else value
    if type(value) in (list, tuple):
        return type(value)(settled(item) for item in value)
    if type(value) is dict:
        return {key: settled(item) for key, item in value.items()}
    return value


def of_parameter(batch: Batch, base: np.ndarray, offsets: np.ndarray, values: np.ndarray) -> Copies:
    """Copies of a parameter array, copy k with ``values[k]`` at the flat place ``offsets[k]``."""
    axes = tuple(range(base.ndim))
    index = np.unravel_index(offsets, base.shape) if axes else ()
    return Copies(batch, base.shape, values, base if axes else None, axes, tuple(index))
