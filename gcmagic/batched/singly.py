"""Functions that act on one copy after the other, where the rest of the cost takes all at once.

What the copies become goes on as one array, so that a rare function in the middle of a cost does
not send all of it back to the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Copies
from .nested import exchanged
from .representation import RULES

# that compute something new and write into nothing; where NumPy 1.26 has them
_NAMES = (
    *("kron", "cross", "percentile", "quantile", "nanpercentile", "nanquantile", "nanmedian"),
    *("nanvar", "nanstd", "nanprod", "trapezoid", "trapz", "cov", "corrcoef", "gradient"),
    *("convolve", "correlate", "polyval", "interp", "ediff1d", "vander", "cumulative_sum"),
    *("select", "choose", "piecewise", "insert", "delete", "resize", "block", "diagflat"),
    *("partition", "argpartition", "lexsort", "unique", "unstack", "broadcast_arrays"),
    *("bincount", "digitize", "searchsorted", "histogram", "apply_along_axis", "apply_over_axes"),
    *("compress", "extract", "meshgrid", "linspace", "trim_zeros", "unravel_index", "vecdot"),
)
_OF_MATRICES = (
    *("inv", "pinv", "det", "slogdet", "solve", "lstsq", "cholesky", "qr", "svd", "svdvals"),
    *("eigh", "eigvalsh", "matrix_power", "matrix_norm", "vector_norm", "vecdot", "cross", "cond"),
)


def singly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`function` of every copy by itself: of arrays, numbers, and lists and tuples of them."""
    first: list[Copies] = []

    def note(x: Copies) -> Copies:
        first.append(x)
        return x

    exchanged([args, kwargs], Copies, note)
    batch = first[0].batch
    name = getattr(function, "__name__", str(function))
    found = []
    for k in range(batch.count):
        mine = exchanged([args, kwargs], Copies, lambda x, k=k: _one(x, k))
        found.append(function(*mine[0], **mine[1]))
        if not k:
            batch.reserve(batch.count * np.sum([np.size(part) for part in _parts(found[0])]))
    several = isinstance(found[0], (tuple, list))
    if several and len({len(one) for one in found}) > 1:
        batch.refuse(f"np.{name} gives a copy more arrays than another")
    whole = []
    for same in zip(*(_parts(one) for one in found), strict=True):
        arrays = [np.asarray(x) for x in same]
        if len({x.shape for x in arrays}) > 1:
            batch.refuse(f"np.{name} gives each copy a shape of its own")
        rows = np.array(arrays)
        if rows.dtype.kind not in "fiub":
            batch.refuse(f"np.{name} gives no array of real numbers")
        whole.append(Copies(batch, rows.shape[1:], rows))
    if not several:
        return whole[0]
    kind = type(found[0])
    return kind(*whole) if hasattr(kind, "_fields") else kind(whole)


def _parts(found: Any) -> Any:
    return found if isinstance(found, (tuple, list)) else (found,)


def _one(x: Copies, k: int) -> Any:
    found = x.row(k)
    return found if found.ndim else found[()]  # a number, as NumPy would have made of it


def _rule(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: singly(function, *args, **kwargs)


for _place, _names in ((np, _NAMES), (np.linalg, _OF_MATRICES)):
    for _name in _names:
        _function = getattr(_place, _name, None)
        if _function is not None:
            RULES.setdefault(_function, _rule(_function))
