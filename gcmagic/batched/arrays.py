"""What NumPy and the user's code see: copies that look like one array."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .batch import Batch, Foreign
from .bytecode import in_method, in_place, in_store, passes_on
from .nested import exchanged
from .quick import WORTH, may_wait, quick, waiting
from .representation import RULES, UFUNCS, Representation
from .spare import ARGUMENT, OPERAND, count_of, is_alone, is_called


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

_METHODS = (
    "all",
    "any",
    "argmax",
    "argmin",
    "argsort",
    "clip",
    "conj",
    "conjugate",
    "cumprod",
    "cumsum",
    "diagonal",
    "dot",
    "max",
    "mean",
    "min",
    "nonzero",
    "prod",
    "ptp",
    "ravel",
    "repeat",
    "round",
    "searchsorted",
    "squeeze",
    "std",
    "sum",
    "swapaxes",
    "take",
    "trace",
    "var",
)


class Copies(np.lib.mixins.NDArrayOperatorsMixin, Representation):
    """Many copies of one array."""

    __slots__ = ()

    # isinstance(x, np.ndarray); what NumPy reduces to no axes is a float64, a subclass of float
    __class__ = property(lambda self: np.ndarray if self.shape else np.float64)  # pyright: ignore

    @property
    def T(self) -> Any:  # noqa: N802
        """Transposed."""
        if self.batch.closed:
            return self._plain().T
        return RULES[np.transpose](self)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs and _all_open(inputs, self.batch):
            if ufunc is np.matmul:
                return RULES[ufunc](*inputs)
            spare = None
            place = 0 if type(inputs[0]) is Copies else len(inputs) - 1
            beside = inputs[1 - place] if len(inputs) == 2 else None
            if may_wait(inputs[place]) and type(beside) is not Copies and len(inputs) < 3:
                lone = count_of(inputs, place) <= ARGUMENT and is_called(sys._getframe(1))
                found = waiting(Copies, self.batch, ufunc, inputs[place], beside, not place, lone)
                if found is not None:
                    return found
            if (
                inputs[place].rows.size >= WORTH
                and count_of(inputs, place) <= ARGUMENT
                and is_alone(inputs[place].rows, self.batch.pool)
                and is_called(sys._getframe(1))
            ):
                spare = inputs[place]
            found = quick(Copies, self.batch, ufunc, inputs, spare)
            return UFUNCS[method](self.batch, ufunc, *inputs) if found is None else found
        references = sys.getrefcount(kwargs["out"][0]) if "out" in kwargs else 0
        if any(isinstance(x, Foreign) for x in inputs):
            return NotImplemented
        batch = _open((*inputs, kwargs.get("where")))
        if batch is None:
            if "out" in kwargs:
                kwargs["out"] = tuple(settled(kwargs["out"]))
            return getattr(ufunc, method)(*settled(inputs), **kwargs)
        if batch.taps is not None:
            found = batch.taps.joined(ufunc, method, inputs, kwargs)
            if found is not None:
                return found
        rule = UFUNCS.get(method)
        if rule is None:
            batch.refuse(f"np.{ufunc.__name__}.{method} is not known")
        inputs = settled(inputs)
        out = kwargs.pop("out", None)
        if out is None:
            return rule(batch, ufunc, *inputs, **kwargs)
        (target,) = out
        if type(target) is Copies:
            wanted = kwargs.pop("where", True)
            if wanted is True:
                return target.become(rule(batch, ufunc, *inputs, **kwargs))
            with np.errstate(all="ignore"):  # of places where nobody asks for it
                found = rule(batch, ufunc, *inputs, **kwargs)
            return target.become(np.where(wanted, found, target))
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
        if len(types) > 1 and any(issubclass(kind, Foreign) for kind in types):
            return NotImplemented
        batch: Batch | None = self.batch
        if batch.closed or not _all_open(args, batch) or kwargs:
            batch = _open((*args, *kwargs.values()))
            if batch is None:
                return func(*settled(args), **settled(kwargs))
            args, kwargs = settled(args), settled(kwargs)
        rule = RULES.get(func)
        if rule is None:
            batch.refuse(f"np.{getattr(func, '__name__', func)} is not known")
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
        if name == "rows":
            return self.made()
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
            code = sys._getframe(1).f_code
            self.batch.marked_at = code.co_filename, sys._getframe(1).f_lineno, code.co_name
            return self.batch.marker
        if in_store(sys._getframe(1)):
            self.batch.refuse("puts values into a plain array")
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

    def __round__(self, digits: int | None = None) -> Any:
        return np.round(self, digits) if digits is not None else int(self)  # pyright: ignore

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
        if isinstance(key, Foreign):
            key = RULES["resolved"](key)
        return RULES["getitem"](self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        if self.batch.closed:
            self._plain()[settled(key)] = settled(value)
        else:
            RULES["setitem"](
                self, RULES["resolved"](settled(key)), RULES["resolved"](settled(value))
            )

    @property
    def real(self) -> Any:
        """The array itself."""
        return self._plain() if self.batch.closed else self[...]

    @property
    def mT(self) -> Any:  # noqa: N802
        """The last two axes exchanged."""
        return np.matrix_transpose(self)  # pyright: ignore

    @property
    def flat(self) -> Any:
        """The numbers one by one."""
        return self._plain().flat if self.batch.closed else np.ravel(self)  # pyright: ignore

    @property
    def itemsize(self) -> int:
        """Bytes of one number."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of one copy."""
        return self.size * self.itemsize

    def sort(self, axis: int = -1, **kwargs: Any) -> None:
        """In place."""
        self[...] = np.sort(self, axis, **kwargs)  # pyright: ignore

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
        if place:
            one = place[0] if len(place) == 1 else place
            return (self if type(one) is tuple else np.ravel(self))[one]  # pyright: ignore
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self.reshape(())

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> Any:
        """The same numbers in another shape."""
        given = shape[0] if len(shape) == 1 else shape
        if self.batch.closed:
            return self._plain().reshape(given, order=order)  # pyright: ignore
        return RULES[np.reshape](self, given, order=order)

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order."""
        given = axes[0] if len(axes) == 1 and np.iterable(axes[0]) else axes or None
        if self.batch.closed:
            return self._plain().transpose(given)  # pyright: ignore
        return RULES[np.transpose](self, given)

    def flatten(self, order: str = "C") -> Any:
        """One axis."""
        return np.copy(np.ravel(self, order))  # pyright: ignore

    def fill(self, value: Any) -> None:
        """One number everywhere."""
        self[...] = value


def _method(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: Copies, *args: Any, **kwargs: Any) -> Any:
        rule = RULES.get(function)
        if rule is None or len(args) > 1 or self.batch.closed or not _all_open(args, self.batch):
            return function(self, *args, **kwargs)
        for value in kwargs.values():
            if type(value) is not bool and type(value) is not int:
                return function(self, *args, **kwargs)
        return rule(self, *args, **kwargs)

    return method


for _name in _METHODS:
    setattr(Copies, _name, _method(_name))


def _operator(name: str, ufunc: np.ufunc) -> Callable[[Copies, Any], Any]:
    inherited = getattr(np.lib.mixins.NDArrayOperatorsMixin, name)
    turned = name.startswith("__r")

    def operator(self: Copies, other: Any) -> Any:
        batch, kind = self.batch, type(other)
        if batch.closed:
            return inherited(self, other)
        if kind is Copies:
            if other.batch is not batch:
                return inherited(self, other)
        elif kind is not np.ndarray and kind not in _PLAIN:
            return inherited(self, other)
        if ufunc is np.matmul:
            return RULES[ufunc](other, self) if turned else RULES[ufunc](self, other)
        lone = sys.getrefcount(self) <= OPERAND
        if kind is not Copies and not self.axes and may_wait(self):
            found = waiting(Copies, batch, ufunc, self, other, not turned, lone)
            if found is not None:
                return found
        spare = None
        if lone and self.rows.size >= WORTH and is_alone(self.rows, batch.pool):
            spare = self
        elif (
            kind is Copies
            and sys.getrefcount(other) <= OPERAND
            and other.rows.size >= WORTH
            and is_alone(other.rows, batch.pool)
        ):
            spare = other
        inputs = (other, self) if turned else (self, other)
        found = quick(Copies, batch, ufunc, inputs, spare)
        return UFUNCS["__call__"](batch, ufunc, *inputs) if found is None else found

    return operator


for _name, _ufunc in (
    ("__add__", np.add),
    ("__radd__", np.add),
    ("__sub__", np.subtract),
    ("__rsub__", np.subtract),
    ("__mul__", np.multiply),
    ("__rmul__", np.multiply),
    ("__truediv__", np.true_divide),
    ("__pow__", np.power),
    ("__matmul__", np.matmul),
    ("__rmatmul__", np.matmul),
):
    setattr(Copies, _name, _operator(_name, _ufunc))


def _all_open(values: Iterable[Any], batch: Batch) -> bool:
    """Whether these are plain numbers and arrays and copies of `batch`, whose call still runs."""
    for value in values:
        kind = type(value)
        if kind is Copies:
            if value.batch is not batch:
                return False
        elif kind is not np.ndarray and kind not in _PLAIN:
            return False
    return not batch.closed


_PLAIN = frozenset([int, float, bool, np.float64, np.int64, type(None)])


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
    return exchanged(value, Copies, lambda x: x._plain() if x.batch.closed else x)


def of_parameter(batch: Batch, base: np.ndarray, offsets: np.ndarray, values: np.ndarray) -> Copies:
    """Copies of a parameter array, copy k with ``values[k]`` at the flat place ``offsets[k]``."""
    axes = tuple(range(base.ndim))
    if base.ndim == 2:  # as np.unravel_index, in a third of its time
        rows = offsets // max(1, base.shape[1])
        index = rows, offsets - base.shape[1] * rows
    else:
        index = tuple(np.unravel_index(offsets, base.shape)) if axes else ()
    return Copies(batch, base.shape, values, base if axes else None, axes, index)


def still(batch: Batch, base: np.ndarray) -> Copies:
    """Copies of a parameter array, none of them moved."""
    index = (np.zeros(batch.count, dtype=int),) * base.ndim
    rows = np.full(batch.count, base.item(0))
    return Copies(batch, base.shape, rows, base if index else None, tuple(range(base.ndim)), index)
