"""Copies in every representation, and what they stand for."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest

import gcmagic.batched.rules  # noqa: F401
from gcmagic.batched import arrays, batch, chain, choosing, products, quick, reductions
from gcmagic.batched.arrays import Copies
from gcmagic.batched.batch import Batch
from gcmagic.batched.pending import resolved
from gcmagic.batched.representation import rest_of

COUNT = 5


def copies(rng, shape, axes, among=None, index=None, dtype=float):
    """Random copies that differ at one index of `axes`; all of them in full: () ."""
    among = Batch(COUNT) if among is None else among
    rest = [shape[a] for a in rest_of(len(shape), axes)]
    if index is None:
        index = tuple(rng.integers(0, shape[a], among.count) for a in axes)
    rows = rng.standard_normal((among.count, *rest)).astype(dtype)
    base = rng.standard_normal(shape).astype(dtype) if axes else None
    return Copies(among, tuple(shape), rows, base, tuple(axes), tuple(index))


def in_full(x, count=COUNT):
    """The array of every copy, one after the other."""
    if type(x) is Copies:
        return [np.array(x.row(k)) for k in range(count)]
    return [np.asarray(x)] * count


def agree(function, *args, rtol=1e-12):
    """`function` of copies is, copy by copy, the function of the copy."""
    plain = [in_full(x) for x in args]
    wanted = [function(*one) for one in zip(*plain, strict=True)]
    found = resolved(function(*args))
    _compare(found, wanted, args, rtol)
    with everything_is_large():
        _compare(resolved(function(*args)), wanted, args, rtol)
    with everything_waits():
        _compare(resolved(function(*args)), wanted, args, rtol)
    return found


@contextmanager
def everything_is_large():
    """Small arrays go the ways that are meant for large ones, and share their memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "_SMALL", 0)
        for module in (arrays, choosing, quick, reductions):
            patch.setattr(module, "WORTH", 0)
        yield


@contextmanager
def everything_waits():
    """Elementwise steps are done later, together, on a piece at a time, as in large arrays."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain, "PIECE", 7)
        for module in (quick, products):
            patch.setattr(module, "LARGE", 0)
        yield


def _compare(found, wanted, args, rtol):
    results = found if isinstance(found, (list, tuple)) else [found]
    wholes = [w if isinstance(w, (list, tuple)) else [w] for w in wanted]
    assert len(results) == len(wholes[0])
    for place, result in enumerate(results):
        for one, whole in zip(in_full(result), wholes, strict=True):
            expected = np.asarray(whole[place])
            assert one.shape == expected.shape == np.shape(result)
            scale = np.max(np.abs(expected), initial=1e-300, where=np.isfinite(expected))
            np.testing.assert_allclose(one, expected, rtol=rtol, atol=rtol * float(scale))
