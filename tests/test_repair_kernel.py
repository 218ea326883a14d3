"""--apply in a real kernel: the mended function comes back as the next cell, and passes."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.filterwarnings("ignore")
CELLS = (
    "%load_ext gcmagic\nimport numpy as np\n"
    "rng = np.random.default_rng(0)\n"
    "X, Y = rng.standard_normal((6, 3)), rng.standard_normal((6, 2))\n"
    "W = rng.standard_normal((3, 2))",
    "def forward(X, W):\n    return X @ W\n\ndef cost(Z, Y):\n    return np.mean((Z - Y) ** 2)",
    "def backward(X, Y, Z):\n    dZ = (Z - Y) / Y.size  # a 2 is missing\n"
    "    dW = X.T @ dZ\n    return dW",
    "Z = forward(X, W)\nJ = cost(Z, Y)\ndW = backward(X, Y, Z)",
)


@pytest.fixture(scope="module")
def kernel():
    manager = pytest.importorskip("jupyter_client.manager")
    one, client = manager.start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    one.shutdown_kernel(now=True)


def execute(client, text):
    """The reply to a cell, and the texts that it shows."""
    shown = []

    def keep(message):
        content = message["content"]
        shown.append(content.get("data", {}).get("text/plain") or content.get("text") or "")

    reply = client.execute_interactive(text, output_hook=keep, timeout=120)["content"]
    assert reply["status"] == "ok", reply
    return reply, "\n".join(shown)


def test_apply_puts_the_mended_function_into_the_next_cell(kernel):
    for cell in CELLS:
        execute(kernel, cell)
    reply, shown = execute(kernel, "%gradcheck --static --steps 0 --repair 60 --apply")
    assert "gradcheck FAIL: the gradient of W is wrong" in shown
    (payload,) = [p for p in reply["payload"] if p["source"] == "set_next_input"]
    assert not payload["replace"]
    assert "def backward(X, Y, Z):" in payload["text"]
    assert "# a 2 is missing" in payload["text"]  # the user's own text

    # nothing is applied before that cell is run
    assert "FAIL" in execute(kernel, "%gradcheck --static --steps 0 --repair 0")[1]
    execute(kernel, payload["text"])
    assert "gradcheck PASS" in execute(kernel, "%gradcheck --static --steps 0")[1]


def test_without_apply_there_is_no_new_cell(kernel):
    execute(kernel, CELLS[2])
    reply, shown = execute(kernel, "%gradcheck --static --steps 0 --repair 60")
    assert "with this change the gradient is right" in shown
    assert not [p for p in reply["payload"] if p["source"] == "set_next_input"]
