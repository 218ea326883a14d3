"""Nothing of the user's changes: whatever a check meets, wherever it is stopped."""

from __future__ import annotations

import contextlib
import io
import itertools
import logging
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import gcmagic as gcm
from gcmagic.check import check_problem

from .shells import shell_of_its_own
from .states import STATES


class Model:
    """State of every kind that a cost may touch."""

    def __init__(self, stop: int = 0, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.stop, self.error = stop, error
        # not `self.calls += 1`: that is put back before every call, like all state of the user's
        self.calls = itertools.count(1)
        self.params = {"W": np.arange(1.0, 5.0).reshape(2, 2), "b": np.zeros(2), "s": 0.5}
        self.cache: list[np.ndarray] = []
        self.generator = np.random.default_rng(3)
        self.totals = {"dW": np.zeros((2, 2))}

    def tick(self) -> None:
        if next(self.calls) == self.stop:
            raise self.error

    def cost(self, p):
        self.tick()
        self.cache.append(p["W"] + p["b"])
        mask = self.generator.random(2) < 0.8
        np.random.rand()
        np.seterr(all="ignore")
        return float(np.sum(np.tanh(p["W"]) * mask) + np.sum(p["b"] ** 2) + p["s"] ** 2)

    def gradient(self, p):
        self.tick()
        mask = self.generator.random(2) < 0.8
        np.random.rand()
        self.totals["dW"] += 1
        return {"W": (1 - np.tanh(p["W"]) ** 2) * mask, "b": 2 * p["b"], "s": 2 * p["s"]}

    def everything(self) -> bytes:
        state = (self.params, self.cache, self.generator.bit_generator.state, self.totals)
        around = (np.random.get_state(), np.geterr(), np.get_printoptions(), warnings.filters)
        return pickle.dumps([state, [repr(a) for a in around]])


def test_dropout_and_state_are_frozen_and_put_back():
    model = Model()
    before = model.everything()
    report = gcm.check(model.cost, model.gradient, model.params)
    assert report.verdict is gcm.PASS, report
    assert "frozen" in {f.code for f in report.findings}
    assert model.everything() == before


@pytest.mark.parametrize("bound", [False, True])
def test_a_cost_that_writes_into_its_parameters_is_told_and_changes_none(bound):
    """By both doors; the search for an edit, and for what a log adds, call it as well."""
    space: dict = {"np": np, "w": np.array([0.5, -1.0, 2.0]), "x": np.array([1.0, 2.0, 3.0])}
    exec(
        "def loss(w, x):\n    w *= 1.0001\n    return float(np.sum(np.log(w**2 + 1) * x))\n"
        "def gradient(w, x):\n    return 2 * w / (w**2 + 1) * x\n",
        space,
    )
    before = pickle.dumps((space["w"], space["x"]))
    loss, gradient, x = space["loss"], space["gradient"], space["x"]
    if bound:
        report = check_problem(gcm.discover(space))
    else:
        report = gcm.check(lambda w: loss(w, x), lambda w: gradient(w, x), space["w"])
    assert "writes-parameters" in {f.code for f in report.findings}
    assert pickle.dumps((space["w"], space["x"])) == before


def test_what_a_cost_prints_warns_and_logs_is_not_told_once_a_call(capsys):
    def cost(w):
        print("out")
        sys.stderr.write("err")
        logging.getLogger("theirs").warning("log")
        return float(np.sum(w**2))

    assert gcm.check(cost, lambda w: 2 * w, np.ones(3)).passed
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit, MemoryError])
def test_stopped_at_any_evaluation_nothing_is_changed(error):
    stopped = 0
    for stop in range(1, 10_000) if error is KeyboardInterrupt else range(1, 200, 9):
        model = Model(stop, error)
        before = model.everything()
        try:
            gcm.check(model.cost, model.gradient, model.params, steps=1)
        except (KeyboardInterrupt, gcm.GradcheckError):
            stopped += 1
        else:
            if error is KeyboardInterrupt:
                break  # it ends before that evaluation
        assert model.everything() == before, f"evaluation {stop}"
    assert stopped > (20 if error is KeyboardInterrupt else 2)


NOTEBOOK = """
rng = np.random.default_rng(0)
X = rng.standard_normal((3, 5)); Y = rng.standard_normal((2, 5))
parameters = {"W1": rng.standard_normal((2, 3)), "b1": np.full((2, 1), 0.1)}
def forward_propagation(X, parameters):
    touch()
    tick()
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    return A1, (A1,)
def compute_cost(A1, Y):
    return np.mean((A1 - Y) ** 2) / 2
def backward_propagation(X, Y, cache, parameters):
    touch()
    tick()
    (A1,) = cache
    dZ1 = FACTOR * (A1 - Y) / A1.size * (1 - A1**2)
    return {"dW1": dZ1 @ X.T, "db1": dZ1.sum(axis=1, keepdims=True)}
def cost(p):
    return compute_cost(forward_propagation(X, p)[0], Y)
def gradient(p):
    grads = backward_propagation(X, Y, forward_propagation(X, p)[1], p)
    return {"W1": grads["dW1"], "b1": grads["db1"]}
"""
TOUCHING = "".join(
    f"{has}\ndef touch{k}():\n    {line}\n" for k, (has, line, _) in enumerate(STATES.values())
)
ALL = "".join(f"    touch{k}()\n" for k in range(len(STATES)))


def notebook_of(shell, folder, factor, stop, error):
    """A notebook whose every call touches all there is; the call number `stop` raises."""
    calls = itertools.count(1)

    def tick():
        if next(calls) == stop:
            raise error

    space = shell.user_ns
    space.update(np=np, folder=str(folder), tick=tick)
    cells = NOTEBOOK.replace("FACTOR", str(factor)), TOUCHING, f"def touch():\n{ALL}"
    for cell in cells:
        assert shell.run_cell(cell, store_history=True).success
    return space


def seen_in(space) -> dict:
    state = {name: repr(eval(seen, space)) for name, (_, _, seen) in STATES.items()}
    names = [(k, id(v)) for k, v in space.items() if not k.startswith("_")]
    return {
        **state,
        "all names": names,
        "data": pickle.dumps([space[name] for name in ("X", "Y", "parameters")]),
        "legacy": repr(np.random.get_state()),
        "filters": repr(warnings.filters),
        "streams": (id(sys.stdout), id(sys.stderr)),
    }


# what comes out: (factor of the gradient, the call that raises, what it raises)
OUTCOMES = {
    "PASS": (1, 0, None),
    "FAIL": (2, 0, None),
    "theirs": (1, 3, ValueError("theirs")),
    **{f"stopped {stop}": (1, stop, KeyboardInterrupt) for stop in (1, 2, 5, 11, 31)},
    "budget": (1, 0, None),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("door", ["gcm.check", "%gradcheck"])
@pytest.mark.filterwarnings("ignore")
def test_all_that_a_notebook_touches_is_as_before_by_both_doors(door, outcome, tmp_path):
    with shell_of_its_own() as shell:
        space = notebook_of(shell, tmp_path, *OUTCOMES[outcome])
        before = seen_in(space)
        budget = 1e-9 if outcome == "budget" else None
        try:
            if door == "%gradcheck":
                line = f"--steps 1 --repair 1 {'--budget 1e-9' if budget else ''}"
                said = str(shell.run_line_magic("gradcheck", line))
            else:
                options = {"steps": 1, "repair": 1.0, "budget": budget}
                said = str(
                    gcm.check(space["cost"], space["gradient"], space["parameters"], **options)
                )
        except (gcm.GradcheckError, KeyboardInterrupt) as error:
            said = f"{error} stopped" if isinstance(error, KeyboardInterrupt) else str(error)
        after = seen_in(space)
        for value in space.values():
            if isinstance(value, io.IOBase):
                value.close()
    assert {name: after[name] for name in after if after[name] != before[name]} == {}
    assert outcome.partition(" ")[0] in said or (door, outcome) == ("%gradcheck", "theirs")


@pytest.mark.parametrize("door", ["gcm.check", "%gradcheck"])
def test_what_goes_forward_only_is_told_by_both_doors(door):
    lines = "w = np.array([1.0, 2.0]); drawn = (k for k in range(99_999))\n"
    lines += "def cost(w): next(drawn); return float(np.sum(w**2))\ndef gradient(w): return 2 * w\n"
    with shell_of_its_own("import numpy as np", lines) as shell:
        space = shell.user_ns
        if door == "%gradcheck":
            report = shell.run_line_magic("gradcheck", "--steps 0")
        else:
            report = gcm.check(space["cost"], space["gradient"], space["w"])
    assert report.verdict is gcm.PASS
    (said,) = [finding for finding in report.findings if finding.code == "not-put-back"]
    assert said.title == "drawn cannot be put back as it was"
    assert said.evidence == "drawn is a generator"


def test_an_iterator_that_has_too_little_is_named_in_the_error():
    batches = (k for k in range(5))
    cost = lambda w: float(np.sum(w**2)) + 0 * next(batches)
    with pytest.raises(gcm.GradcheckError, match=r"StopIteration.*batches is a generator: a check"):
        gcm.check(cost, lambda w: 2 * w, np.ones(3))


LEAVES = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.integers(-3, 3),
    st.floats(allow_nan=True),
    st.complex_numbers(max_magnitude=3),
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int8, np.bool_, np.complex128, "U2"]),
        hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3),
    ),
    # of objects that can be pickled, for that is how they are compared
    hnp.arrays(object, 2, elements=st.none() | st.integers(-3, 3) | st.text(max_size=2)),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ),
    max_leaves=5,
)


def numbers(tree):
    """The arrays and numbers of a tree, as one vector where that can be."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        return [x for item in tree for x in numbers(item)]
    return [np.sum(np.abs(np.asarray(tree)))] if tree is not None else []


FUNCTIONS = st.sampled_from(
    [
        lambda p: sum(x**2 for x in numbers(p)),
        lambda p: p,
        lambda p: None,
        lambda p: 1.0,
        lambda p: {"W": 1.0},
        lambda p: np.nan,
        lambda p: list(numbers(p)),
        lambda p: p.clear() if hasattr(p, "clear") else p.fill(3),
        lambda p: 1 / 0,
        lambda p: "text",
        lambda p: np.ones((2, 2)),
    ]
)


@settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(TREES, FUNCTIONS, FUNCTIONS, st.sampled_from(["given", "random"]))
def test_any_input_gives_a_report_or_an_error_of_gcmagics_and_nothing_changes(p, f, g, init):
    before = pickle.dumps(p)
    try:
        report = gcm.check(f, g, p, init=init, steps=1)
        assert str(report)
        report.to_dict()
    except gcm.GradcheckError:
        pass
    assert pickle.dumps(p) == before


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(["W", "X", "b", "cost", "backward"]), TREES | FUNCTIONS))
def test_any_namespace_is_read_or_refused_and_nothing_changes(space):
    held = dict(space)
    values = {k: pickle.dumps(v) for k, v in space.items() if not callable(v)}
    with contextlib.suppress(gcm.GradcheckError):
        gcm.discover(space)
    assert list(space) == list(held)
    assert all(space[k] is held[k] for k in held)
    assert {k: pickle.dumps(v) for k, v in space.items() if not callable(v)} == values


REFUSED = """
import pickle, resource, sys
import numpy as np
import gcmagic as gcm

rng, own = np.random.default_rng(0), np.random.default_rng(1)
X = rng.standard_normal((8, 400))
params = {"W": rng.standard_normal((400, 1000)), "b": np.zeros(3)}

def cost(p):
    return float(np.mean(np.tanh(X @ p["W"]) ** 2) + np.sum(p["b"] ** 2))

def grad(p):
    A = np.tanh(X @ p["W"])
    return {"W": X.T @ (2 * A * (1 - A**2)) / A.size, "b": 2 * p["b"]}

def state():
    return pickle.dumps((X, params, np.random.get_state(), own.bit_generator.state))

gcm.check(lambda w: np.sum(w**2), lambda w: 2 * w, np.ones(3))
cost(params), grad(params)
before = state()
with open("/proc/self/statm") as file:
    taken = int(file.read().split()[0]) * resource.getpagesize()
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM * 2**20, hard))
try:
    said = gcm.check(cost, grad, params, budget=2).summary
except gcm.GradcheckError as error:
    said = f"{type(error).__name__}: {error}"
resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
assert state() == before, "something was changed"
print(said)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits as Linux has them")
@pytest.mark.parametrize("room", [1, 5, 9])
def test_without_room_the_check_says_so_and_nothing_is_changed(room):
    code = REFUSED.replace("ROOM", str(room))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "there is no memory left for a check of 400,003 components" in done.stdout
    assert "--layers" in done.stdout
