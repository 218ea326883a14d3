"""The memory that batches leave to each other: by thread, and not too much of it."""

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import gcmagic as gcm
from gcmagic.batched import Level
from gcmagic.batched import batch as batch_module
from gcmagic.batched.arrays import Copies
from gcmagic.batched.batch import Batch, TooLarge, pool_here, trimmed
from gcmagic.batched.representation import picked
from gcmagic.batched.through import through
from gcmagic.problem import Problem


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


def test_slopes_by_sums_take_few_vectors_beside_the_budget():
    # sixteen; twenty-two with four for each array that is not moved while one is
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 8))
    shapes = {"W1": (200, 300), "b1": (200, 1), "W2": (40, 200), "b2": (40, 1), "W3": (5, 40)}
    params = {name: rng.standard_normal(shape) / 10 for name, shape in shapes.items()}

    def cost(p):
        A = np.tanh(p["W2"] @ np.tanh(p["W1"] @ X + p["b1"]) + p["b2"])
        return np.mean((p["W3"] @ A) ** 2)

    problem = Problem(cost, lambda p: p, params)
    theta, limit = problem.layout.flatten(params), 2.0**21
    J = problem.cost_at(theta)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        found = through(problem, theta, problem.layout.blocks, Level(J, J, 1e-15), limit)
        taken = tracemalloc.get_traced_memory()[1] - limit
        left = sum(type(value) is batch_module.Batch for value in gc.get_objects())
    finally:
        tracemalloc.stop()
        gc.enable()
    assert len(found) == len(shapes)
    assert not left, "batches that only a collector finds"
    assert taken < 20 * theta.nbytes, f"{taken / theta.nbytes:.0f} vectors"


def test_a_batch_counts_what_its_arrays_take_and_gives_no_more_than_it_may():
    batch = Batch(3, limit=800)

    def counted():
        return batch.live, batch.peak, batch.largest, batch.widest

    first = Copies(batch, (10,), batch.room((3, 10)))
    assert counted() == (240, 240, 240, 30)
    with pytest.raises(TooLarge):
        batch.room((3, 24))
    with pytest.raises(TooLarge):
        batch.room((3, 187), np.bool_)
    assert counted() == (240, 240, 240, 30)
    assert batch.room((3, 186), np.bool_).nbytes == 558
    assert batch.room((3, 23)).nbytes == 552
    assert counted() == (240, 798, 240, 30)  # the most that were there at once
    second = Copies(batch, (50,), np.zeros((3, 50)))  # made by others, and counted all the same
    assert counted() == (1440, 1440, 1200, 150)
    del first, second
    assert counted() == (0, 1440, 1200, 150)
