"""Run by test_parallel: a check on a scheduler with two worker processes, one of them killed."""

import os
import signal
import threading
import time

import joblib
import numpy as np
from dask.distributed import Client, LocalCluster

import gcmagic as gcm

A = np.linspace(-1, 1, 900).reshape(30, 30)
PARENT = os.getpid()


def cost(w):
    if os.getpid() != PARENT:
        time.sleep(0.002)  # so that there is time to lose a worker
    return float(np.sum(np.tanh(A @ w)) if float(w.sum()) < np.inf else 0.0)


def gradient(w):
    g = A.T @ (1 - np.tanh(A @ w) ** 2)
    g[2, 3] += 0.5
    return g


if __name__ == "__main__":
    w = np.linspace(-1, 1, 600).reshape(30, 20)
    alone = gcm.check(cost, gradient, w, steps=0)
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    with cluster, Client(cluster) as client, joblib.parallel_config("dask"):
        workers = list(client.run(os.getpid).values())
        assert len({PARENT, *workers}) == 3
        killer = threading.Timer(0.6, os.kill, (workers[0], signal.SIGKILL))
        killer.start()
        shared = gcm.check(cost, gradient, w, steps=0, n_jobs=2)
        assert not killer.is_alive(), "the check ended before the worker was lost"
        after = set(client.run(os.getpid).values())
    assert workers[0] not in after, "the worker was not lost"
    block = shared.phases[0].blocks[0]
    assert block.components.size == 600
    assert str(shared) == str(alone)
    np.testing.assert_allclose(block.numeric, alone.phases[0].blocks[0].numeric, rtol=1e-12)
    print(f"{shared.summary}; {block.count(gcm.Status.WRONG)} off")
