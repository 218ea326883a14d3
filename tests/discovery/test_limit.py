"""A trial call that does not end is stopped and told, and everything is as before."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from gcmagic.discovery import discover, explain, limit
from gcmagic.errors import BindingError

from .rows import run_cells
from .stillness import fingerprint

ENDLESS = """
def forward(X, W):
    global calls
    calls += 1
    return X @ W
def mse(out, Y):
    return np.mean((out - Y) ** 2)
def backward(X, Y, W):
    out = forward(X, W)
    while True:
        try:
            X[0, 0] += 1
        except Exception:
            pass
    dW = X.T @ (out - Y)
    return dW
calls = 0
X, Y, W = np.ones((4, 3)), np.ones((4, 2)), np.ones((3, 2))
"""


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(limit, "SECONDS", 0.2)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")
@pytest.mark.parametrize("swallow", ["except Exception:", "except:"])
def test_a_loop_without_end_is_stopped(short, swallow):
    namespace = run_cells([ENDLESS.replace("except Exception:", swallow)])
    before = fingerprint(namespace)
    handler = signal.getsignal(signal.SIGALRM)
    start = time.monotonic()
    with pytest.raises(BindingError, match=r"took longer than 0\.2 s"):
        discover(namespace)
    assert time.monotonic() - start < 20
    assert fingerprint(namespace) == before
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_timer_of_the_user_stays(short):
    if not hasattr(signal, "setitimer"):
        pytest.skip("no timers")
    handler = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 50)
    try:
        with limit.limited(0.01):
            time.sleep(0.05)
        assert 40 < signal.getitimer(signal.ITIMER_REAL)[0] < 50
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def test_another_thread_has_no_limit_and_says_so():
    found = []
    namespace = run_cells([ENDLESS.replace("while True", "while False")])
    thread = threading.Thread(target=lambda: found.append(explain(namespace)))
    thread.start()
    thread.join()
    assert "without a time limit" in found[0]
    assert "without a time limit" not in explain(namespace)
