"""A gradient check as a plain test: what pytest prints where it fails."""

from __future__ import annotations

import subprocess
import sys

import pytest

TEST = """
import numpy as np
import gcmagic as gcm


def cost(w):
    return np.sum(w**2)


def backward(w):
    return -2 * w


def test_backward():
    w = np.arange(1.0, 7.0)
    {line}
"""


@pytest.fixture
def failing(tmp_path):
    """What pytest prints for a test with this line in it."""

    def run(line: str) -> str:
        (tmp_path / "test_it.py").write_text(TEST.format(line=line))
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_report_is_the_message_and_nothing_of_ours_is_in_the_traceback(failing):
    out = failing("gcm.check(cost, backward, w, raise_on_failure=True)")
    shown = [line.removeprefix("E").strip() for line in out.splitlines() if line.startswith("E ")]
    said = "gcmagic.errors.GradcheckFailed: gradcheck FAIL: the gradient of theta is wrong"
    assert shown[0] == said
    assert "- theta: the sign is flipped" in shown
    assert 'gcm.explain("sign", "no-descent", "repair") says more' in shown
    assert "+ return 2 * w" in shown
    assert ">       gcm.check(cost, backward, w, raise_on_failure=True)" in out
    assert "check.py" not in out
    assert "check_problem" not in out


def test_an_error_of_the_users_code_shows_where_it_was_raised(failing):
    out = failing("gcm.check(cost, lambda w: w.no_such_name, w, raise_on_failure=True)")
    assert "no_such_name" in out
    assert "check.py" in out
