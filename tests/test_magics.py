"""%gradcheck and %%gradcheck through a real shell."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import gcmagic as gcm
from tests.shells import shell_of_its_own

NETWORK = """
import numpy as np
rng = np.random.default_rng(1)
X = rng.standard_normal((6, 9)); Y = np.eye(3)[:, np.arange(9) % 3]
parameters = {"W1": rng.standard_normal((5, 6)), "b1": np.zeros((5, 1)),
              "W2": rng.standard_normal((3, 5)), "b2": np.zeros((3, 1))}

def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    A2 = 1 / (1 + np.exp(-(parameters["W2"] @ A1 + parameters["b2"])))
    cache = (Z1, A1, A2)
    return A2, cache

def compute_cost(A2, Y):
    return -np.mean(np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2), axis=0))

def backward_propagation(parameters, cache, X, Y):
    Z1, A1, A2 = cache
    dZ2 = (A2 - Y) / X.shape[1]
    dZ1 = parameters["W2"].T @ dZ2 * (1 - A1**2)
    return {"dW1": dZ1 @ X.T, "db1": np.sum(dZ1, axis=1, keepdims=True),
            "dW2": FACTOR * dZ2 @ A1.T, "db2": np.sum(dZ2, axis=1, keepdims=True)}
"""


@pytest.fixture
def shell():
    with shell_of_its_own() as shell:
        yield shell


class Run:
    def __init__(self, shell, cell):
        with capture_output() as captured:
            self.result = shell.run_cell(cell, store_history=True)
        self.stdout = captured.stdout
        self.stderr = captured.stderr
        # what is displayed and is not the value of the cell
        self.shown = [output.data for output in captured.outputs]


@pytest.fixture
def network(shell):
    shell.run_cell(NETWORK.replace("FACTOR", "1"), store_history=True)
    return shell


@pytest.fixture
def broken(shell):
    shell.run_cell(NETWORK.replace("FACTOR", "2"), store_history=True)
    return shell


HOW = (
    "gradcheck: backward_propagation(parameters, cache, X, Y) → gradients; "
    "parameters: W1 b1 W2 b2; cost: compute_cost(A2, Y) after forward_propagation(X, parameters)"
)


def test_one_line_says_what_was_bound_and_the_value_is_the_report(broken):
    run = Run(broken, "%gradcheck")
    assert run.stdout.splitlines()[0] == HOW
    report = run.result.result
    assert isinstance(report, gcm.Report)
    assert report.wrong == ("W2",)
    assert [p.name for p in report.phases] == ["random initialisation", "after 5 training steps"]
    assert "gradcheck FAIL" in run.stdout  # the report's text, by IPython's display hook
    assert not run.shown
    # the line stands above it: once in a notebook that shows HTML; pages and check() say it too
    assert "parameters: W1 b1" not in report._repr_html_()
    again = gcm.check(report.problem.fun, report.problem.grad, report.problem.params, steps=0)
    assert "parameters: W1 b1" in replace(again, problem=report.problem)._repr_html_()


def test_right_code_passes(network):
    report = Run(network, "%gradcheck").result.result
    assert report.verdict is gcm.PASS
    assert report.difference < 1e-8


def test_the_magic_and_check_are_one_door(network):
    """The same numbers by %gradcheck and by gcm.check with the functions written out."""
    report = Run(network, "%gradcheck --init given --steps 0").result.result
    ns = network.user_ns

    def fun(p):
        return ns["compute_cost"](ns["forward_propagation"](ns["X"], p)[0], ns["Y"])

    def grad(p):
        cache = ns["forward_propagation"](ns["X"], p)[1]
        grads = ns["backward_propagation"](p, cache, ns["X"], ns["Y"])
        return {name: grads["d" + name] for name in p}

    by_hand = gcm.check(fun, grad, ns["parameters"], steps=0)
    for one, other in zip(report.phases[0].blocks, by_hand.phases[0].blocks, strict=True):
        np.testing.assert_array_equal(one.analytic, other.analytic)
        np.testing.assert_array_equal(one.numeric, other.numeric)


def test_a_report_that_is_kept_under_a_name_still_tells_its_verdict(broken):
    run = Run(broken, "r = %gradcheck --steps 0")
    assert isinstance(broken.user_ns["r"], gcm.Report)
    (shown,) = run.shown
    assert shown["text/plain"] == "gradcheck FAIL: the gradient of W2 is wrong"
    assert shown["application/vnd.gcmagic.report+json"]["verdict"] == "FAIL"


def test_a_semicolon_silences_the_report_but_not_the_verdict(broken):
    run = Run(broken, "%gradcheck;")
    assert [s["text/plain"] for s in run.shown] == ["gradcheck FAIL: the gradient of W2 is wrong"]
    run = Run(broken, "%gradcheck --steps 0;")
    assert run.result.result is None
    assert [s["text/plain"] for s in run.shown] == ["gradcheck FAIL: the gradient of W2 is wrong"]


def test_two_checks_in_one_cell_both_tell_their_verdicts(network):
    run = Run(network, "%gradcheck --steps 0 --layers W1\n%gradcheck --steps 0 --layers W2")
    assert run.result.result.names == ("W2",)
    assert [s["text/plain"][:14] for s in run.shown] == ["gradcheck PASS"]


CELL = """%%gradcheck --steps 0
def backward_again(parameters, cache, X, Y):
    grads = backward_propagation(parameters, cache, X, Y)
    grads["dW2"] = grads["dW2"] / 2
    return grads
kept = 7"""


def test_a_cell_is_run_kept_and_checked(broken):
    run = Run(broken, CELL)
    assert "backward_again(parameters, cache, X, Y)" in run.stdout
    assert "gradcheck PASS" in run.stdout
    assert not run.shown
    assert broken.user_ns["kept"] == 7
    source = Run(broken, "import inspect; print(inspect.getsource(backward_again))").stdout
    assert "grads['dW2']" in source.replace('"', "'")


LOOP = """%%gradcheck
w = np.array([[0.3], [-0.2], [0.5]])
for step in range(3):
    out = np.tanh(inputs @ w)
    loss = np.mean((out - targets) ** 2)
    dout = 2 * (out - targets) / targets.size
    dw = inputs.T @ (dout * (1 - out**2))
    w -= 0.1 * dw
"""


@pytest.mark.parametrize(
    ("right", "cell"), [(True, LOOP), (False, LOOP.replace("(1 - out**2)", "(1 - out)"))]
)
def test_a_cell_with_the_training_loop_itself(shell, right, cell):
    shell.run_cell(
        "import numpy as np\nrng = np.random.default_rng(0)\n"
        "inputs = rng.standard_normal((7, 3)); targets = rng.standard_normal((7, 1))"
    )
    run = Run(shell, cell)
    report = next(v for v in shell.user_ns["Out"].values() if isinstance(v, gcm.Report))
    assert report.names == ("w",)
    assert report.passed is right
    assert "the cell" in run.stdout


def test_explain_says_why_and_checks_nothing(network):
    run = Run(network, "%gradcheck --explain")
    assert run.result.result is None
    assert "backward_propagation" in run.stdout
    assert "gradcheck PASS" not in run.stdout


def test_a_cell_that_fails_is_not_checked(network):
    run = Run(network, "%%gradcheck\nkept = 1\n1 / 0")
    assert isinstance(run.result.error_in_exec, gcm.GradcheckError)
    assert "ZeroDivisionError" in run.stdout
    assert "InputError: the cell failed, see above, so nothing was checked" in run.stdout
    assert network.user_ns["kept"] == 1


ERRORS = {
    "%gradcheck --epsilon small": "--epsilon is 'small'; needed: a number such as 1e-5",
    "%gradcheck --budget 1m": "--budget is '1m'; needed: a number of seconds such as 60",
    "%gradcheck --epsilon -1": "epsilon is -1.0; needed: a positive number",
    "%gradcheck --steps 1.5": "--steps is '1.5'; needed: a whole number such as 5",
    "%gradcheck --epsiloon 1": "no option is called '--epsiloon' (did you mean --epsilon?); %gr",
    "%gradcheck -epsilon 1": "no option is called '-epsilon' (did you mean --epsilon?)",
    "%gradcheck --learning_rate=1": "'--learning_rate' (did you mean --learning-rate?)",
    "%gradcheck --view heatmap": "no option is called '--view'; %gradcheck --help lists",
    "%gradcheck static=True": "names no function; an option is written --static\n",
    "%gradcheck epsilon=1e-5": "names no function; an option is written --epsilon 1e-5",
    "%gradcheck --scheme best": "no scheme 'best'; there are: forward central",
    "%gradcheck --layers W7": "no parameter array is called 'W7'; there are: W1 b1 W2 b2",
    "%gradcheck forward_prop": "no function is called 'forward_prop'; did you mean",
    "%gradcheck a b c": "3 functions are named, a b c; needed: at most two",
    "%gradcheck --init zeros": "init is 'zeros'; needed: 'given' or 'random'",
    '%gradcheck --cost "f(x': "a quote is not closed",
    "# a comment\n%%gradcheck\nx = 1": "%%gradcheck as the first line of its cell",
}


@pytest.mark.parametrize("cell", ERRORS)
def test_an_error_is_one_readable_line_and_fails_the_cell(network, cell):
    run = Run(network, cell)
    error = run.result.error_in_exec
    assert isinstance(error, gcm.GradcheckError)  # not UsageError, which nbval lets pass
    assert ERRORS[cell] in run.stdout
    assert "Traceback" not in run.stdout


def test_a_comment_may_stand_behind_the_magic(network):
    run = Run(network, "%gradcheck --steps 0  # isn't it right?")
    assert run.result.error_in_exec is None
    assert "gradcheck PASS" in run.stdout


def test_an_empty_notebook_gets_told_what_is_needed(shell):
    run = Run(shell, "%gradcheck")
    assert "found no backward pass" in run.stdout
    assert "Needed: a function such as backward(X, Y, cache)" in run.stdout


def test_an_error_in_the_users_code_names_their_line(network):
    network.run_cell(
        "def compute_cost(A2, Y, calls=[]):\n"
        "    calls.append(1)\n"
        "    if len(calls) > 60: raise ValueError('of mine')\n"
        "    return float(np.mean((A2 - Y) ** 2))"
    )
    run = Run(network, "%gradcheck")
    assert isinstance(run.result.error_in_exec, gcm.UserCodeError)
    assert "raised ValueError with " in run.stdout
    assert "] moved: of mine (line 3 of compute_cost: if len(calls) > 60" in run.stdout


def test_a_cost_that_raises_is_named_with_what_it_raised(network):
    network.run_cell("def compute_cost(A2, Y):\n    raise ValueError('of mine')")
    run = Run(network, "%gradcheck")
    assert isinstance(run.result.error_in_exec, gcm.BindingError)
    where = "(line 2 of compute_cost: raise ValueError('of mine'))"
    assert f"(compute_cost as the cost raised ValueError: of mine {where})" in run.stdout


def test_options_may_be_variables_and_expressions_with_spaces(network):
    network.run_cell("eps = 1e-4")
    run = Run(
        network, "%gradcheck --epsilon eps --data X[:, :4], Y[:, :4] --layers W1,b2 --steps 0"
    )
    report = run.result.result
    assert report.settings.epsilon == 1e-4
    assert report.names == ("W1", "b2")
    assert "X[:, :4]" in run.stdout


def test_an_interrupt_is_one_line_and_leaves_the_parameters(network):
    before = network.user_ns["parameters"]["W1"].tobytes()
    network.run_cell(
        "calls = 0\n"
        "def compute_cost(A2, Y):\n"
        "    global calls\n"
        "    calls += 1\n"
        "    if calls > 60: raise KeyboardInterrupt\n"
        "    return float(np.mean((A2 - Y) ** 2))\n"
    )
    run = Run(network, "%gradcheck")
    assert isinstance(run.result.error_in_exec, gcm.CheckInterrupted)
    assert "CheckInterrupted: stopped" in run.stdout
    assert network.user_ns["parameters"]["W1"].tobytes() == before
    assert network.user_ns["calls"] == 0


def test_loading_twice_is_loading_once(network):
    Run(network, "%load_ext gcmagic\n%reload_ext gcmagic")
    assert len(Run(network, "r = %gradcheck --steps 0").shown) == 1


def test_unloading_takes_the_magic_away():
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_cell("%load_ext gcmagic")
    shell.run_cell("%unload_ext gcmagic")
    assert "gradcheck" not in shell.magics_manager.magics["line"]
    assert not [f for f in shell.events.callbacks["post_run_cell"] if "gcmagic" in f.__module__]
    InteractiveShell.clear_instance()


def test_help_lists_the_options_and_checks_nothing(network):
    run = Run(network, "%gradcheck --help")
    assert run.result.result is None
    assert run.stdout.lstrip().startswith("%gradcheck [FORWARD [BACKWARD]] [options]")
    for option in ("--params", "--data", "--cost", "--epsilon", "--static"):
        assert option in run.stdout


def test_a_terminal_loads_neither_widgets_nor_figures():
    code = (
        "from IPython.terminal.interactiveshell import TerminalInteractiveShell as S\n"
        "s = S.instance(); s.run_cell('%load_ext gcmagic')\n"
        "s.run_cell('def cost(w): return float(w @ w)\\ndef gradient(w): return 2 * w\\n"
        "import numpy as np; w = np.ones(3)')\n"
        "r = s.run_cell('%gradcheck', store_history=True); assert r.success\n"
        "import sys; print([m for m in ('ipywidgets', 'matplotlib') if m in sys.modules])\n"
    )
    out = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert "gradcheck PASS" in out
    assert out.endswith("[]\n")
