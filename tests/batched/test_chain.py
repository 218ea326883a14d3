"""Steps that wait: what they give, and that nothing which happens meanwhile changes it."""

import numpy as np

from gcmagic.batched.batch import Batch
from tests.batched.copies import agree, copies, everything_waits, in_full

W = np.random.default_rng(0).standard_normal((4, 3))


def test_what_is_added_may_be_written_into_before_the_sum_is_computed():
    def function(a):
        shift = np.ones(3)
        total = np.tanh(a @ W) + shift
        shift[:] = 100.0
        return total, total * 2.0

    agree(function, copies(np.random.default_rng(1), (5, 4), (1,)))


def test_what_a_chain_begins_with_may_be_written_into():
    def function(a):
        z = a @ W
        y = np.tanh(z + 1.0)
        z += 1.0
        z[0] = 7.0
        return y, z, y - 1.0

    for axes in ((), (0,), (1,), (0, 1)):
        agree(function, copies(np.random.default_rng(1), (5, 4), axes))


def test_nothing_heavy_is_computed_twice(monkeypatch):
    x = copies(np.random.default_rng(3), (5, 4), (1,))
    with everything_waits():
        heavy = np.tanh(x @ W)  # held by a name: its other uses take it as it is
        shifted, scaled = heavy - 1.0, heavy * 2.0
        assert heavy.chain is None
        assert shifted.chain is not None
        assert scaled.chain.source is shifted.chain.source
        light = x @ W + 1.0
        assert (light * 2.0).chain is not None
        assert light.chain is not None


def test_a_sum_is_taken_piece_by_piece():
    x = copies(np.random.default_rng(3), (5, 4), (1,))
    with everything_waits():
        waiting = (x @ W - 1.0) ** 2
        found = waiting.sum()
        assert waiting.chain is not None
        wanted = [np.sum((one @ W - 1.0) ** 2) for one in in_full(x)]
        np.testing.assert_allclose(found.rows, wanted, rtol=1e-13)


def test_what_is_kept_becomes_the_last_copy():
    batch = Batch(5)
    x = copies(np.random.default_rng(3), (5, 4), (1,), batch)
    last = in_full(x)[-1]
    with everything_waits():
        kept = np.tanh(x @ W + 1.0)
        batch.close()
    np.testing.assert_allclose(kept.rows, np.tanh(last @ W + 1.0), rtol=1e-13)


def test_memory_is_reserved_when_it_is_taken():
    x = copies(np.random.default_rng(3), (5, 4), (1,))
    with everything_waits():
        before = x.batch.live
        z = x @ W + 1.0
        assert x.batch.live == before
        z.rows  # noqa: B018
        assert x.batch.live == before + 5 * 15 * 8
        del z
    assert x.batch.live == before
