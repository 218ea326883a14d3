"""Series and data frames of pandas as arrays of numbers; pandas itself is never imported."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def is_frame(value: Any) -> bool:
    """Whether it is a Series or a data frame of numbers."""
    pandas = sys.modules.get("pandas")
    if pandas is None or isinstance(value, np.ndarray):
        return False
    if isinstance(value, pandas.Series):
        return value.size > 0 and value.dtype.kind in "fiu"
    if isinstance(value, pandas.DataFrame):
        return value.size > 0 and all(kind.kind in "fiu" for kind in value.dtypes)
    return False


def numbers_of(value: Any) -> np.ndarray:
    """The numbers in float64, in the order of the labels."""
    return value.to_numpy(dtype=np.float64)


def labelled(numbers: Any, like: Any) -> Any:
    """Numbers with the labels of `like`, as the user's functions expect them."""
    labels = {"index": like.index}
    if hasattr(like, "columns"):
        labels["columns"] = like.columns
    return type(like)(numbers, **labels)


def in_order_of(value: Any, like: Any) -> Any:
    """A gradient in the order of its parameter, by labels, where both have the same."""
    if not is_frame(value) or type(value) is not type(like):
        return value
    same = set(value.index) == set(like.index) and len(value.index) == len(like.index)
    if hasattr(like, "columns"):
        same = same and set(value.columns) == set(like.columns)
    return value.reindex_like(like) if same and value.index.is_unique else value
