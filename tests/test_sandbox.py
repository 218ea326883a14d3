"""The sandbox puts back everything that it was told to guard, whatever happened."""

from __future__ import annotations

import collections
import functools
import io
import itertools
import logging
import os
import random
import signal
import sys
import threading
import types
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from gcmagic.sandbox import Snapshot, unseen, untouched

from .shells import shell_of_its_own
from .states import LEFT, STATES

COUNTER = 0
HISTORY: list[float] = []


class Layer:
    shared: list[int] = []  # noqa: RUF012
    count = 0

    def __init__(self) -> None:
        self.W = np.arange(6.0).reshape(2, 3)
        self.caches: list[np.ndarray] = []
        self.t = 0

    def forward(self, x):
        self.t += 1
        self.caches.append(x)
        self.y_hat = x @ self.W
        Layer.count += 1
        Layer.shared.append(1)
        return self.y_hat


class Slotted:
    __slots__ = ("W", "later")

    def __init__(self) -> None:
        self.W = np.ones(3)


class Weights(dict):
    pass


def counts(x):
    global COUNTER
    COUNTER += 1
    HISTORY.append(x)
    return x


def defaults(x, seen=[], *, kept={"n": 0}):  # noqa: B006
    seen.append(x)
    kept["n"] += 1


def calls_counts(x):
    return counts(x)


def test_arrays_get_their_bytes_back_in_place() -> None:
    a = np.array([1.0, np.nan, -0.0])
    before = a.tobytes()
    with untouched(a) as snapshot:
        a[:] = 7
        assert snapshot.changed() == ("the ndarray",)
    assert a.tobytes() == before


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(st.sampled_from([np.float32, np.float64, np.int16, np.bool_]), (3, 2)))
def test_any_dtype_comes_back_byte_for_byte(a) -> None:
    before = a.tobytes()
    with untouched({"a": a}):
        a[...] = np.ones((), a.dtype)
        a[0] = 0
    assert a.tobytes() == before


def test_views_matrices_and_objects_come_back() -> None:
    base = np.arange(12.0)
    view = base.reshape(3, 4).T
    things = np.array([np.ones(2), [1, 2], "text"], dtype=object)
    inner = things[0]
    with untouched(view, things):
        view[1] = 0
        things[0] = None
        inner[:] = 5
    assert np.array_equal(base, np.arange(12.0))
    assert things[0] is inner
    assert inner.tolist() == [1, 1]


def test_an_array_resized_in_place_gets_its_shape_back() -> None:
    a = np.arange(6.0)
    with untouched(a):
        a.resize(2, refcheck=False)
    assert a.tolist() == [0, 1, 2, 3, 4, 5]


def test_an_array_locked_inside_is_unlocked() -> None:
    a = np.ones(2)
    with untouched(a):
        a.flags.writeable = False
    a[0] = 2


def test_containers_keep_identity_order_and_contents() -> None:
    inner = {"k": [1, 2]}
    root = {"b": 1, "a": inner, "s": {1, 2}, "d": collections.deque([1, 2], maxlen=2)}
    with untouched(root) as snapshot:
        del root["b"]
        root["new"] = 1
        inner["k"].append(3)
        inner["k"] = []
        root["s"].add(9)
        root["d"].append(3)
        assert snapshot.changed()
    assert list(root) == ["b", "a", "s", "d"]
    assert root["a"] is inner
    assert inner == {"k": [1, 2]}
    assert root["s"] == {1, 2}
    assert list(root["d"]) == [1, 2]


def test_instances_lose_new_attributes_and_classes_their_changes() -> None:
    layer = Layer()
    keys = list(vars(layer))
    W = layer.W
    with untouched(layer) as snapshot:
        layer.forward(np.ones((1, 2)))
        layer.W = layer.W * 2
        del layer.caches
        changed = snapshot.changed()
    assert "the Layer.t" in changed
    assert list(vars(layer)) == keys
    assert layer.W is W
    assert layer.caches == []
    assert Layer.count == 0
    assert Layer.shared == []


def test_a_bound_method_guards_its_instance() -> None:
    layer = Layer()
    with untouched(layer.forward):
        layer.forward(np.ones((1, 2)))
    assert layer.t == 0
    assert not hasattr(layer, "y_hat")


def test_slots_are_put_back_or_emptied() -> None:
    thing = Slotted()
    W = thing.W
    with untouched(thing):
        thing.W = None
        thing.later = 3
    assert thing.W is W
    assert not hasattr(thing, "later")


def test_subclasses_of_dict_keep_items_and_attributes() -> None:
    weights = Weights(W=np.ones(2))
    weights.scale = 2
    with untouched(weights):
        weights["W"] += 1
        weights["b"] = 0
        weights.scale = 3
    assert list(weights) == ["W"]
    assert weights["W"].tolist() == [1, 1]
    assert weights.scale == 2


def test_globals_that_functions_rebind_and_change_come_back_through_calls() -> None:
    with untouched(calls_counts) as snapshot:
        calls_counts(3)
        assert set(snapshot.changed()) == {"COUNTER", "HISTORY"}
    assert COUNTER == 0
    assert HISTORY == []


def test_a_global_that_was_not_there_is_taken_away() -> None:
    space: dict = {}
    exec("def f():\n    global late\n    late = 1\n", space)
    with untouched(space["f"]):
        space["f"]()
        assert space["late"] == 1
    assert "late" not in space


def test_defaults_function_attributes_closures_and_partials() -> None:
    n = 0
    cache = []

    def closure():
        nonlocal n
        n += 1
        cache.append(n)

    closure.calls = []
    bound = functools.partial(defaults, 1)
    with untouched(closure, bound):
        closure()
        closure.calls.append(1)
        bound()
    assert n == 0
    assert cache == []
    assert closure.calls == []
    assert defaults.__defaults__ == ([],)
    assert defaults.__kwdefaults__ == {"kept": {"n": 0}}


def test_generators_of_numpy_python_and_the_user_go_on_as_before() -> None:
    generator, state, own = np.random.default_rng(1), np.random.RandomState(2), random.Random(3)
    np.random.seed(4)
    random.seed(5)
    with untouched({"g": generator, "s": state, "r": own}) as snapshot:
        first = [generator.random(), state.rand(), own.random(), np.random.rand(), random.random()]
        assert len(snapshot.changed()) == 5
        snapshot.restore()
        again = [generator.random(), state.rand(), own.random(), np.random.rand(), random.random()]
        np.random.seed(99)
    after = [generator.random(), state.rand(), own.random(), np.random.rand(), random.random()]
    assert first == again == after


@pytest.mark.parametrize("kept", [False, True])
def test_the_normal_variable_that_numpy_keeps_for_the_next_call_comes_back(kept) -> None:
    np.random.seed(6)
    if kept:
        np.random.randn()  # makes two: the next call takes the second, and leaves the words alone
    before = np.random.get_state()
    with untouched() as snapshot:
        assert snapshot.changed() == ()
        np.random.randn()
        assert snapshot.changed() == ("NumPy's generator",)
    after = np.random.get_state()
    assert before[2:] == after[2:]
    assert before[1].tobytes() == after[1].tobytes()


def test_a_quick_restore_puts_back_generators_and_what_was_seen_to_change() -> None:
    root = {"a": np.zeros(2), "b": np.zeros(2)}
    generator = np.random.default_rng(0)
    with untouched(root, generator) as snapshot:
        root["a"] += 1
        snapshot.changed()
        draw = generator.random()
        snapshot.restore(thorough=False)
        assert root["a"].tolist() == [0, 0]
        assert generator.random() == draw
        root["b"] += 1
        snapshot.restore(thorough=False)
        assert root["b"].tolist() == [1, 1]
    assert root["b"].tolist() == [0, 0]


def test_warnings_filters_and_error_settings_come_back() -> None:
    filters, errors = list(warnings.filters), np.geterr()
    with untouched():
        warnings.simplefilter("ignore")
        np.seterr(all="ignore")
    assert warnings.filters == filters
    assert np.geterr() == errors


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_is_raised_everything_is_put_back(error) -> None:
    a = np.zeros(3)

    def fails() -> None:
        with untouched(a):
            a[:] = 1
            raise error

    with pytest.raises(error):
        fails()
    assert a.tolist() == [0, 0, 0]


def test_an_interrupt_during_restoration_waits_until_it_is_done(monkeypatch) -> None:
    a = np.zeros(3)
    root = {"a": a}

    class Interrupting(list):
        def clear(self) -> None:  # reached while the snapshot puts things back
            os.kill(os.getpid(), signal.SIGINT)
            super().clear()

    trap = Interrupting([1])

    def works() -> None:
        with untouched(trap, root):
            a[:] = 1
            root["b"] = 1
            trap.append(2)

    with pytest.raises(KeyboardInterrupt):
        works()
    assert list(trap) == [1]
    assert a.tolist() == [0, 0, 0]
    assert list(root) == ["a"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_thread_may_restore() -> None:
    a = np.zeros(2)
    snapshot = Snapshot((a,))
    a += 1
    thread = threading.Thread(target=snapshot.restore)
    thread.start()
    thread.join()
    assert a.tolist() == [0, 0]


def test_a_check_in_another_thread_leaves_alone_what_cells_are_setting() -> None:
    began, done = threading.Event(), threading.Event()
    kept = logging.root.manager.disable

    def check() -> None:
        with unseen():
            began.set()
            done.wait(10)

    thread = threading.Thread(target=check)
    thread.start()
    began.wait(10)
    os.environ["GC2"] = "1"
    silent = logging.root.manager.disable
    done.set()
    thread.join()
    assert os.environ.pop("GC2") == "1"
    assert silent == kept == logging.root.manager.disable


def test_cycles_end() -> None:
    layer = Layer()
    layer.me = layer
    layer.ring = [layer]
    layer.ring.append(layer.ring)
    with untouched(layer):
        layer.ring.clear()
    assert len(layer.ring) == 2


def test_nothing_changed_is_nothing_named() -> None:
    with untouched(Layer(), calls_counts, {"x": 1.5}) as snapshot:
        assert snapshot.changed() == ()


def test_libraries_are_not_walked() -> None:
    with untouched(np.linalg.norm, np.random) as snapshot:
        assert len(snapshot._entries) < 6


def test_print_options_and_figures_come_back() -> None:
    from matplotlib import pyplot as plt

    plt.close("all")
    own, other = plt.figure(), plt.figure()
    plt.figure(own.number)
    options = np.get_printoptions()
    with untouched():
        np.set_printoptions(precision=2)
        plt.figure()
        plt.figure(other.number)
    assert np.get_printoptions() == options
    assert plt.get_fignums() == [own.number, other.number]
    assert plt.gcf() is own
    plt.close("all")


def test_what_a_function_sets_in_a_module_of_the_users_comes_back() -> None:
    config = types.ModuleType("config")
    config.count, config.seen, config.kept = 0, [], np.zeros(2)
    space = {"config": config}
    exec(
        "def f():\n    config.count += 1\n    config.seen.append(1)\n    config.kept[:] = 1\n",
        space,
    )
    with untouched(space["f"]) as snapshot:
        space["f"]()
        assert set(snapshot.changed()) == {"config.count", "config.seen", "config.kept"}
    assert config.count == 0
    assert config.seen == []
    assert config.kept.tolist() == [0, 0]


def test_iterators_over_sequences_go_on_where_they_were() -> None:
    batches, letters = iter([1, 2, 3]), iter("abcd")
    next(letters)
    with untouched({"batches": batches, "letters": letters}):
        next(batches)
        next(letters)
    assert list(batches) == [1, 2, 3]
    assert list(letters) == ["b", "c", "d"]


def test_an_iterator_over_a_range_stops_nothing() -> None:
    numbers = iter(range(5))
    next(numbers)
    with untouched({"numbers": numbers}):
        next(numbers)
    left = [1, 2, 3, 4] if sys.version_info < (3, 12) else [2, 3, 4]  # it cannot be set back there
    assert list(numbers) == left


GENERATOR = np.random.default_rng
OWNERS = {
    # name: something that reaches a generator, and how it draws
    "method": lambda: (g := GENERATOR(1).random, g),
    "method of a RandomState": lambda: (g := np.random.RandomState(1).rand, g),
    "method of Python's": lambda: (g := random.Random(1).random, g),
    "method of NumPy's own": lambda: (np.random.rand, np.random.rand),
    "distribution": lambda: (d := _seeded(), d.rvs),
    "of the system": lambda: (random.SystemRandom(), lambda: 0.0),
}


def _seeded():
    frozen = stats.norm()
    frozen.random_state = GENERATOR(1)
    return frozen


@pytest.mark.parametrize("name", OWNERS)
def test_generators_behind_methods_and_librarys_objects_go_on_as_before(name) -> None:
    owner, draw = OWNERS[name]()
    with untouched({"draw": owner}) as snapshot:
        first = draw()
        said = snapshot.changed()
    assert draw() == first
    word = "NumPy's generator" if "NumPy" in name else "generator"
    assert all(word in one for one in said)
    assert len(said) == (name != "of the system")


class Generator:
    """As torch's: no attributes, a state that comes and goes."""

    __slots__ = ("state",)
    __module__ = "torch._C"

    def get_state(self):
        return np.array([self.state])

    def set_state(self, state):
        self.state = int(state[0])


def test_torchs_own_generators_go_on_as_before() -> None:
    drawn = Generator()
    drawn.state = 0
    with untouched({"drawn": drawn}) as snapshot:
        drawn.state = 5
        assert "drawn generator" in snapshot.changed()
    assert drawn.state == 0


DRAWN = {
    "into the figure that is open": lambda plt, axes: plt.plot([1, 2, 3]),
    "into a figure by its number": lambda plt, axes: plt.figure(7).gca().set_title("theirs"),
    "by its axes": lambda plt, axes: (axes.plot([5, 9]), axes.text(0, 0, "x")),
    "and closed": lambda plt, axes: plt.close("all"),
    "and many more are opened": lambda plt, axes: [plt.figure() for _ in range(21)],
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.filterwarnings("error")
def test_what_is_drawn_leaves_the_figures_of_the_user_as_they_were(name) -> None:
    from matplotlib import pyplot as plt

    plt.close("all")
    figure, axes = plt.subplots(num=7)
    axes.plot([1, 2])

    def state():
        return plt.get_fignums(), axes.get_children(), axes.get_title(), axes.dataLim.get_points()

    before = repr(state())
    with untouched():
        DRAWN[name](plt, axes)
    assert repr(state()) == before
    assert plt.gcf() is figure
    plt.close("all")


def function_of(has: str, line: str, folder: str = "") -> dict:
    space: dict = {"np": np, "folder": folder, "__name__": "__main__"}
    space["get_ipython"] = lambda: types.SimpleNamespace(user_ns=space)
    exec(has + "\ndef f():\n    " + line, space)
    return space


@pytest.mark.parametrize("name", STATES)
def test_state_of_every_kind_comes_back(name, tmp_path) -> None:
    has, line, seen = STATES[name]
    space = function_of(has, line, str(tmp_path))
    before = repr(eval(seen, space))
    try:
        with untouched(space["f"]):
            space["f"]()
            assert repr(eval(seen, space)) != before, "the row changes nothing"
    finally:
        now = repr(eval(seen, space))
        for value in space.values():
            if isinstance(value, io.IOBase):
                value.close()
    assert now == before


@pytest.mark.parametrize("name", LEFT)
def test_what_cannot_be_put_back_is_told(name) -> None:
    has, line, words = LEFT[name]
    space = function_of(has, line)
    with untouched(space["f"]) as snapshot:
        assert snapshot.gone() == () or "before" in name
        space["f"]()
    assert words in "; ".join(f"{what} is {it}" for what, it in snapshot.gone())


def test_iterators_that_are_put_back_are_not_told() -> None:
    some, pairs = iter([1, 2, 3]), zip(iter([1, 2]), "ab", strict=True)
    with untouched({"some": some, "pairs": pairs}) as snapshot:
        next(some)
        next(pairs)
    assert snapshot.gone() == ()
    assert list(some) == [1, 2, 3]
    assert list(pairs) == [(1, "a"), (2, "b")]


def test_an_iterator_inside_another_stays_in_step_with_it() -> None:
    inner = [iter("abc"), iter("abc")]
    numbered, drawn = enumerate(inner[0]), (letter for letter in inner[1])
    with untouched({"numbered": numbered, "drawn": drawn}) as snapshot:
        next(numbered)
        next(drawn)
    assert list(numbered) == [(1, "b"), (2, "c")]
    assert list(drawn) == ["b", "c"]
    assert {name for name, _ in snapshot.gone()} == {"numbered", "drawn"}


def test_the_list_of_a_cycle_is_left_alone() -> None:
    turns = itertools.cycle([1, 2])
    with untouched({"turns": turns}):
        drawn = [next(turns) for _ in range(5)]  # Python breaks where its list was emptied
    assert [*drawn, next(turns)] == [1, 2, 1, 2, 1, 2]


def test_what_stands_in_the_way_of_one_thing_keeps_no_other() -> None:
    class Sealed(type):
        def __setattr__(cls, name, value):
            raise TypeError("sealed")

    class Fixed(metaclass=Sealed):
        n = [0]  # noqa: RUF012

    kept = np.zeros(2)
    with untouched(Fixed, {"kept": kept}):
        type.__setattr__(Fixed, "n", 3)
        kept[:] = 1
    assert kept.tolist() == [0, 0]


def test_loops_over_what_did_not_change_go_on() -> None:
    numbers, names = collections.deque([1, 2, 3]), {"b": 1, "a": 2}
    order = set(range(40, -8, -8))  # in another order where it is filled anew
    assert list(set(order)) != list(order)
    listed, left = list(order), iter(numbers)
    next(left)
    with untouched(numbers, names, order):
        pass
    assert list(left) == [2, 3]
    assert list(order) == listed


def test_what_is_logged_and_displayed_is_not_shown() -> None:
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.display import clear_output, display

    said = io.StringIO()
    logger = logging.getLogger("gcmagic's test")
    logger.addHandler(logging.StreamHandler(said))
    with shell_of_its_own() as shell:
        shell.display_pub = shown = CapturingDisplayPublisher()
        elsewhere = threading.Thread(target=lambda: display({"text/plain": "2"}, raw=True))
        with unseen():
            logger.warning("1")
            display({"text/plain": "1"}, raw=True)
            clear_output()
            elsewhere.start()
            elsewhere.join()
        logger.warning("3")
        display({"text/plain": "3"}, raw=True)
    assert said.getvalue() == "3\n"
    assert [one["data"]["text/plain"] for one in shown.outputs] == ["2", "3"]


def test_a_class_behind_an_iterator_is_no_iterator() -> None:
    class Steps:
        def __init__(self, before: object, one: object) -> None:
            self.last = one

        def __next__(self) -> object:
            return self.last

    turns = itertools.accumulate([1, 2, 3], Steps)
    with untouched({"turns": turns}) as snapshot:
        next(turns)
    assert [name for name, _ in snapshot.gone()] == ["turns"]
