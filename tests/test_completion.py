"""The Tab key behind %gradcheck, through the completer of a real shell."""

from __future__ import annotations

import time

import pytest
from IPython.core.completer import provisionalcompleter

from gcmagic.jupyter.completion import IDENTIFIER
from tests.shells import shell_of_its_own

NOTEBOOK = """
import numpy as np
rng = np.random.default_rng(0)
X, Y, X_test = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), np.ones((2, 3))
W1, b1, lr, message = rng.normal(size=(3, 2)), np.zeros(2), 0.1, "text"
dW1 = np.ones((3, 2))
parameters = {"weights_out": rng.normal(size=(2, 2)), "offset": np.zeros(2)}
grads = {"dweights_out": np.ones((2, 2))}
class Net:
    def __init__(self):
        self.kernel = np.ones((2, 2))
    def loss(self, X, y):
        return 0.0
def forward_pass(X): return X
def relu_backward(d): return d
def backward_pass(X): return X
def compute_cost(A, Y): return 0.0
net = Net()
"""


@pytest.fixture(scope="module")
def shell():
    with shell_of_its_own(NOTEBOOK) as shell:
        yield shell


def offered(shell, text: str, cell: str = "") -> list[str]:
    """What stands in the place of the end of `text`, the whole cell for context."""
    with provisionalcompleter():
        found = list(shell.Completer.completions(text + cell, len(text)))
    return [text[: c.start] + c.text for c in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("%gradcheck --sch", ["%gradcheck --scheme"]),
        ("r = %gradcheck --sch", ["r = %gradcheck --scheme"]),
        ("%%gradcheck --see", ["%%gradcheck --seed"]),
        ("%gradcheck --static --par", ["%gradcheck --static --params"]),
        ("%gradcheck --scheme ric", ["%gradcheck --scheme richardson"]),
        ("%gradcheck --scheme=ric", ["%gradcheck --scheme=richardson"]),
        ("%gradcheck --init g", ["%gradcheck --init given"]),
        ("%gradcheck forw", ["%gradcheck forward_pass"]),
        ("r = %gradcheck forward_pass back", ["r = %gradcheck forward_pass backward_pass"]),
        ("%gradcheck --static backw", ["%gradcheck --static backward_pass"]),
        ("%gradcheck --backward net.", ["%gradcheck --backward net.loss"]),
        ("%gradcheck --cost comp", ["%gradcheck --cost compute_cost"]),
        ('%gradcheck --cost "np.sum(comp', ['%gradcheck --cost "np.sum(compute_cost']),
        ("%gradcheck --params W", ["%gradcheck --params W1"]),
        ("%gradcheck --params W1,b", ["%gradcheck --params W1,b1"]),
        ("%gradcheck --params W1, b", ["%gradcheck --params W1, b1"]),
        ("%gradcheck --layers wei", ["%gradcheck --layers weights_out"]),
        ("%gradcheck --layers b1,ker", ["%gradcheck --layers b1,kernel"]),
        ("%gradcheck --params par", ["%gradcheck --params parameters"]),
        ("%gradcheck --data X_", ["%gradcheck --data X_test"]),
    ],
)
def test_offers(shell, text, wanted):
    assert offered(shell, text) == wanted


def test_all_names_of_parameters_without_data_and_gradients(shell):
    found = [line.split()[-1] for line in offered(shell, "%gradcheck --params ")]
    assert found == ["W1", "b1", "weights_out", "offset", "kernel", "parameters"]


def test_the_names_given_are_not_offered_again(shell):
    found = [line.split(",")[-1] for line in offered(shell, "%gradcheck --params W1,offset,")]
    assert "b1" in found
    assert not {"W1", "offset"} & set(found)


def test_every_value_of_an_option(shell):
    found = [line.split()[-1] for line in offered(shell, "%gradcheck --scheme ")]
    assert found == ["forward", "central", "richardson", "complex-step"]


def test_likely_functions_come_first_and_derivatives_of_activations_last(shell):
    found = [line.split()[-1] for line in offered(shell, "%gradcheck --backward ")]
    assert found[0] == "backward_pass"
    assert found[-1] == "relu_backward"


def test_the_first_line_of_a_longer_cell(shell):
    found = offered(shell, "%%gradcheck --epsi", "\nx = 1\n")
    assert found == ["%%gradcheck --epsilon"]


@pytest.mark.parametrize("text", ["back", "x = 5 % gradcheck_", "print('%gradcheck --sch"])
def test_other_lines_are_left_alone(shell, text):
    ours = [m for m in shell.Completer.custom_matchers if m.matcher_identifier == IDENTIFIER]
    assert len(ours) == 1
    before = offered(shell, text)
    shell.run_cell("%unload_ext gcmagic")
    try:
        assert offered(shell, text) == before
    finally:
        shell.run_cell("%load_ext gcmagic")


def test_loading_twice_registers_once_and_unloading_takes_it_away(shell):
    others = [m for m in shell.Completer.custom_matchers if m.matcher_identifier != IDENTIFIER]
    for line in ("%load_ext gcmagic", "%reload_ext gcmagic", "%reload_ext gcmagic"):
        shell.run_cell(line)
    assert len(shell.Completer.custom_matchers) == len(others) + 1
    shell.run_cell("%unload_ext gcmagic")
    assert shell.Completer.custom_matchers == others
    assert "%gradcheck --scheme" not in offered(shell, "%gradcheck --sch")
    shell.run_cell("%load_ext gcmagic")


def test_a_namespace_with_five_hundred_names_takes_no_time_to_speak_of(shell):
    shell.user_ns.update({f"array_{k}": shell.user_ns["W1"] + k for k in range(500)})
    try:
        offered(shell, "%gradcheck --params ")
        start = time.perf_counter()
        assert len(offered(shell, "%gradcheck --params array_")) == 500
        assert time.perf_counter() - start < 0.3
    finally:
        for k in range(500):
            del shell.user_ns[f"array_{k}"]
