"""%gradcheck --watch, through a real shell and with a panel."""

from __future__ import annotations

from html import unescape

import pytest

from gcmagic.jupyter.following import called
from gcmagic.jupyter.showing import Stage

from .test_magics import NETWORK, Run, broken, network, shell  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("shell")
BACKWARD = "def backward_propagation" + NETWORK.split("def backward_propagation")[1]
RIGHT, WRONG = BACKWARD.replace("FACTOR", "1"), BACKWARD.replace("FACTOR", "2")


def told(run):
    """What the watch says below a cell."""
    return [data["text/plain"] for data in run.shown if "--watch" in data.get("text/plain", "")]


@pytest.fixture
def panelled(broken):  # noqa: F811
    """A shell that takes itself for one in Jupyter, so that panels open."""
    broken.kernel = object()
    yield broken
    del broken.kernel


def panel_of(shell):  # noqa: F811
    [panels] = Stage.of(shell)._panels.values()
    assert panels[0].wait(20)
    return panels[0]


def status(panel):
    return unescape(panel.controls.status.value)


def test_a_mended_backward_is_checked_again_and_the_change_is_told(broken):  # noqa: F811
    Run(broken, "%gradcheck --watch")
    assert told(Run(broken, RIGHT)) == ["gradcheck --watch: was FAIL on W2, now PASS"]
    assert told(Run(broken, RIGHT)) == ["gradcheck --watch: still PASS"]
    assert told(Run(broken, WRONG)) == ["gradcheck --watch: was PASS, now FAIL on W2"]


def test_a_helper_counts_and_what_is_not_called_does_not(network):  # noqa: F811
    first = (
        "def sigmoid_of(Z):\n    return np.tanh(Z)\n"
        "def forward_propagation(X, parameters):\n"
        "    Z1 = parameters['W1'] @ X + parameters['b1']\n    A1 = sigmoid_of(Z1)\n"
        "    A2 = 1 / (1 + np.exp(-(parameters['W2'] @ A1 + parameters['b2'])))\n"
        "    return A2, (Z1, A1, A2)"
    )
    Run(network, first)
    Run(network, "%gradcheck --watch")
    assert told(Run(network, "def other(): pass\nk = 3")) == []
    helper = "def sigmoid_of(Z):\n    return np.sin(Z)"
    assert told(Run(network, helper)) == ["gradcheck --watch: was PASS, now FAIL on W1 and b1"]


def test_an_object_that_is_made_anew_is_checked_again(shell):  # noqa: F811
    net = (
        "import numpy as np\n"
        "class Net:\n"
        "    def __init__(self):\n"
        "        self.W = np.random.default_rng(0).normal(size=(2, 3))\n"
        "        self.b = np.zeros((2, 1))\n"
        "    def forward(self, X):\n"
        "        self.X = X\n        return np.tanh(self.W @ X + self.b)\n"
        "    def loss(self, X, Y):\n        return 0.5 * np.sum((self.forward(X) - Y) ** 2)\n"
        "    def backward(self, X, Y):\n"
        "        A = self.forward(X)\n        d = (A - Y) * (1 - A**2)\n"
        "        self.dW = FACTOR * d @ X.T\n        self.db = d.sum(axis=1, keepdims=True)\n"
        "net = Net()\n"
        "X = np.random.default_rng(1).normal(size=(3, 5)); Y = np.zeros((2, 5))"
    )
    Run(shell, net.replace("FACTOR", "2"))
    run = Run(shell, "%gradcheck --watch")
    assert run.result.success, run.stdout
    assert told(Run(shell, net.replace("FACTOR", "1"))) == [
        "gradcheck --watch: was FAIL on W, now PASS"
    ]


def test_unwatch_ends_it_and_says_so(broken):  # noqa: F811
    Run(broken, "%gradcheck --watch")
    assert Run(broken, "%gradcheck --unwatch").stdout == "gradcheck: no longer watching\n"
    assert told(Run(broken, RIGHT)) == []
    again = Run(broken, "%gradcheck --unwatch").stdout
    assert again == "gradcheck: nothing was watched; %gradcheck --watch does\n"


def test_a_reload_ends_it_and_two_watches_tell_once(broken):  # noqa: F811
    Run(broken, "%gradcheck --watch")
    Run(broken, "%gradcheck --watch")
    assert len(told(Run(broken, RIGHT))) == 1
    for _ in range(2):
        Run(broken, "%reload_ext gcmagic")
    assert told(Run(broken, WRONG)) == []
    Run(broken, "%gradcheck --watch")
    assert told(Run(broken, RIGHT)) == ["gradcheck --watch: was FAIL on W2, now PASS"]


def test_the_cell_magic_that_watches_is_checked_once_when_its_cell_runs_again(broken):  # noqa: F811
    cell = "%%gradcheck --watch\n" + WRONG
    assert told(Run(broken, cell)) == []
    assert told(Run(broken, cell)) == []
    assert told(Run(broken, RIGHT)) == ["gradcheck --watch: was FAIL on W2, now PASS"]


def test_code_that_fails_is_told_and_the_watch_goes_on(broken):  # noqa: F811
    Run(broken, "%gradcheck --watch")
    bad = "def backward_propagation(parameters, cache, X, Y):\n    raise ValueError('half done')"
    [words] = told(Run(broken, bad))
    assert "half done" in words
    assert told(Run(broken, RIGHT)) == ["gradcheck --watch: was FAIL on W2, now PASS"]


FORWARD = "def forward_propagation" + NETWORK.split("def forward_propagation")[1].split("\ndef")[0]
COST = "def compute_cost" + NETWORK.split("def compute_cost")[1].split("\ndef")[0]


@pytest.mark.parametrize("right", [FORWARD, COST, RIGHT], ids=lambda code: code[4:10])
@pytest.mark.parametrize(
    ("body", "raised"),
    [
        ("raise ValueError('half <done>')", "ValueError: half <done>"),
        ("return nowhere", "NameError: name 'nowhere' is not defined"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_what_the_user_s_code_raises_is_told_with_its_line_and_forgotten_when_mended(
    broken,  # noqa: F811
    right,
    body,
    raised,
):
    Run(broken, "%gradcheck --watch --steps 0")
    signature, name = right.splitlines()[0], right[4 : right.index("(")]
    [words] = told(Run(broken, f"{signature}\n    before = 1\n    {body}"))
    assert words == f"gradcheck --watch: not checked: {raised} (line 3 of {name}: {body})"
    [words] = told(Run(broken, right))
    assert words.endswith("now PASS" if right is RIGHT else "still FAIL on W2")


def test_a_method_that_raises_is_told_with_its_line(shell):  # noqa: F811
    net = (
        "import numpy as np\n"
        "class Net:\n"
        "    def __init__(self):\n"
        "        self.W = np.ones((2, 3))\n"
        "    def forward(self, X):\n"
        "        LINE\n"
        "        self.X = X\n        return np.tanh(self.W @ X)\n"
        "    def loss(self, X, Y):\n        return 0.5 * np.sum((self.forward(X) - Y) ** 2)\n"
        "    def backward(self, X, Y):\n"
        "        A = self.forward(X)\n        self.dW = ((A - Y) * (1 - A**2)) @ X.T\n"
        "net = Net()\n"
        "X = np.random.default_rng(1).normal(size=(3, 5)); Y = np.zeros((2, 5))"
    )
    Run(shell, net.replace("LINE", "pass"))
    assert Run(shell, "%gradcheck --watch").result.success
    [words] = told(Run(shell, net.replace("LINE", "raise KeyError('W')")))
    assert words.endswith("not checked: KeyError: 'W' (line 6 of forward: raise KeyError('W'))")
    assert told(Run(shell, net.replace("LINE", "pass"))) == ["gradcheck --watch: still PASS"]


def test_what_nobody_raised_is_told_as_discovery_tells_it(broken):  # noqa: F811
    Run(broken, "%gradcheck --watch --steps 0")
    [words] = told(Run(broken, f"{RIGHT.splitlines()[0]}\n    pass"))
    assert "returned None; needed: the gradients" in words
    [words] = told(Run(broken, f"{FORWARD.splitlines()[0]}\n    pass"))
    assert "TypeError" in words
    assert "A2, cache = forward_propagation(" in words


def test_the_panel_says_what_forward_raised_and_goes_on_when_it_is_mended(panelled):
    Run(panelled, "%gradcheck --watch --steps 0")
    panel = panel_of(panelled)
    signature = FORWARD.splitlines()[0]
    Run(panelled, f"{signature}\n    raise ValueError('half <done>')")
    assert "not checked: ValueError: half <done> (line 2 of forward_propagation: " in status(panel)
    Run(panelled, FORWARD)
    assert "Still FAIL on W2. all layers" in status(panel_of(panelled))


def test_the_panel_shows_the_new_report_in_its_place(panelled):
    Run(panelled, "%gradcheck --watch")
    panel = panel_of(panelled)
    before = panel.controls.image.value
    assert [label for label, _ in panel.controls.layer.options][3] == "✗ W2"
    panel.controls.layer.value = "W2"
    assert panel.wait(20)
    Run(panelled, RIGHT)
    assert panel_of(panelled) is panel
    assert "Was FAIL on W2, now PASS. W2, epsilon 1e-5, random initialisation: all 15" in status(
        panel
    )
    assert panel.controls.image.value != before
    assert [label for label, _ in panel.controls.layer.options][3] == "✓ W2"
    panel.controls.epsilon.value = 1e-4
    assert panel.wait(20)
    assert ">W2, epsilon 1e-4, random initialisation: all 15 components agree" in status(panel)


def test_the_panel_says_why_it_could_not_be_checked(panelled):
    Run(panelled, "%gradcheck --watch")
    panel = panel_of(panelled)
    Run(panelled, "def compute_cost(A2, Y):\n    raise ValueError('half <done>')")
    assert "half <done>" in status(panel)


def test_what_a_function_calls():
    def outer():
        return [inner(k) for k in range(3)]  # noqa: F821

    class Net:
        def forward(self):
            return activation(self)  # noqa: F821

    assert "inner" in called(outer)
    assert "activation" in called(Net)
    assert "activation" in called(Net())
    assert called(3.0) is not None
