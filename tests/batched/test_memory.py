"""The memory that batches leave to each other: by thread, and not too much of it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.batched import batch as batch_module
from gcmagic.batched.batch import pool_here, trimmed
from gcmagic.batched.representation import picked


def test_every_thread_has_a_pool_of_its_own():
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(pool_here).result()
    assert other is not pool_here()
    assert pool_here() is pool_here()


def test_little_stays_between_checks_also_after_an_interrupt():
    pool, taken = pool_here(), []

    @trimmed()
    def interrupted():
        taken.append(pool.empty((batch_module._KEPT // 8 + 1,)))
        assert pool.owns(taken[0].base)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not pool.owns(taken[0].base)
    with trimmed():
        small = pool.empty((batch_module._SMALL,))
    assert pool.owns(small.base)


def test_a_check_leaves_little_memory_to_the_next():
    rng = np.random.default_rng(0)
    X, W = rng.standard_normal((400, 300)), rng.standard_normal((300, 40)) / 20

    def cost(p):
        return float(np.sum(np.tanh(np.sin(X @ np.exp(p["W"]) / 300))))

    def grad(p):
        Z = X @ np.exp(p["W"]) / 300
        dZ = (1 - np.tanh(np.sin(Z)) ** 2) * np.cos(Z)
        return {"W": X.T @ dZ / 300 * np.exp(p["W"])}

    assert gcm.check(cost, grad, {"W": W}, steps=0).verdict is gcm.PASS
    assert sum(buffer.nbytes for buffer in pool_here()._buffers) <= batch_module._KEPT


@pytest.mark.parametrize("shape", [(5,), (5, 3), (400, 7)])
@pytest.mark.parametrize("count", [2, 90])
def test_what_is_picked_is_what_is_indexed(shape, count):
    rng = np.random.default_rng(0)
    array = rng.standard_normal(shape)
    for own in (array, np.asfortranarray(array), array[::-1]):
        index = rng.integers(0, len(own), count)
        assert np.array_equal(picked(own, index), own[index])
    with pytest.raises(IndexError):
        picked(array, np.array([len(array)]))
