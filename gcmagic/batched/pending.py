"""``X.dot(W)`` of a plain X, the one product that NumPy does not hand to its argument.

It asks W for an ordinary array. It gets the identity, as a subclass of ndarray, so that what it
computes is X itself, exactly, in that subclass; which then stands for the product of X and the
copies. Code in C that takes it for what it looks like would find X, or NaN, in place of the
product of every copy, base and all, which the audit cannot miss.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .arrays import Copies
from .batch import Foreign
from .nested import exchanged
from .products import matmul
from .representation import RULES

_LARGEST = 4096  # rows of the identity


class Pending(np.ndarray, Foreign):
    """X, on its way to being a product."""

    __array_priority__: Any = 1e9  # pyright: ignore

    def __array_finalize__(self, obj: Any) -> None:
        if type(obj) is Pending:
            vars_of(self).update(vars_of(obj))

    def __getattribute__(self, name: str) -> Any:
        if name in ("__array_ufunc__", "__array_function__", "__array_priority__"):
            return object.__getattribute__(self, name)
        return getattr(product(self), name)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if "out" in kwargs:
            kwargs["out"] = resolved(kwargs["out"])
        return getattr(ufunc, method)(*resolved(inputs), **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return func(*resolved(args), **resolved(kwargs))


def vars_of(x: Pending) -> dict[str, Any]:
    """Its attributes, past __getattribute__."""
    return object.__getattribute__(x, "__dict__")


def product(x: Pending) -> Copies:
    """The copies that it stands for."""
    known = vars_of(x)
    if "product" not in known:
        source: Copies = known["source"]
        raw = np.ndarray.view(x, np.ndarray)
        if raw.dtype != np.float64 or not np.all(np.isfinite(raw)):
            source.batch.refuse(".dot of an array that is not finite")
        factor = raw.copy()
        raw[...] = np.nan
        known["product"] = matmul(factor, source)
        del known["source"]
    return known["product"]


def resolved(value: Any) -> Any:
    """With every pending product computed."""
    return exchanged(value, Pending, product)


def _forward(name: str) -> Any:
    def method(self: Pending, *args: Any) -> Any:
        return getattr(product(self), name)(*resolved(args))

    return method


for _name in (
    *("__getitem__", "__setitem__", "__len__", "__iter__", "__float__", "__int__", "__bool__"),
    *("__index__", "__complex__", "__contains__", "__str__", "__repr__", "__format__"),
    *("__copy__", "__deepcopy__", "__reduce_ex__"),
):
    setattr(Pending, _name, _forward(_name))


@functools.lru_cache(maxsize=4)
def _identity(size: int) -> np.ndarray:
    return np.eye(size)


def pending(x: Copies) -> Pending:
    """What ``X.dot`` gets for copies of one or two axes."""
    if x.shape[0] > _LARGEST:
        x.batch.refuse(".dot of a plain array")
    found = _identity(x.shape[0]).view(Pending)
    vars_of(found)["source"] = x
    return found


RULES["pending"] = pending
RULES["resolved"] = resolved
