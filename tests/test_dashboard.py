from __future__ import annotations

import asyncio
import io
import threading
import time
from dataclasses import replace
from html import unescape
from queue import SimpleQueue

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from ipywidgets.widgets.widget import _instances
from PIL import Image

import gcmagic as gcm
from gcmagic import plots
from gcmagic.comparison import Status
from gcmagic.jupyter import dashboard as module
from gcmagic.jupyter.dashboard import Dashboard
from gcmagic.jupyter.picture import DPI, SCALE

from .networks import double_w2, network


@pytest.fixture
def panel():
    opened = []

    def open_panel(report):
        opened.append(Dashboard(report))
        return opened[-1]

    yield open_panel
    for one in opened:
        one.close()


def words(panel):
    assert panel.wait(20)
    return unescape(panel.controls.status.value.split(">", 1)[1].removesuffix("</div>"))


def pixels(panel):
    assert panel.wait(20)
    return np.asarray(Image.open(io.BytesIO(panel.controls.image.value)))


def slow_problem(calls=None, pause=0.002, size=200):
    """J = sum theta**2, with `pause` seconds a call once it is checked; wrong in component 3.

    `calls` is a queue, which the sandbox does not put back as it would a list.
    """

    checking = threading.current_thread()

    def fun(w):
        if calls is not None:
            calls.put(threading.current_thread())
        if threading.current_thread() is not checking:
            time.sleep(pause)
        return float(w @ w)

    def grad(w):
        g = 2 * w
        g[3] = 7.0
        return g

    return fun, grad, np.linspace(1.0, 2.0, size)


def test_it_opens_on_the_report_as_it_is(panel):
    report = network(double_w2)
    d = panel(report)
    block = report.phases[0].blocks[2]
    worst = block.worst(1)[0]
    assert words(d) == (
        "all layers, epsilon 1e-5, given parameters: 8 of 26 components off, "
        f"worst {block.component(worst)}: analytic {block.analytic[worst]:.3g}, "
        f"numeric {block.numeric[worst]:.3g}"
    )


def test_opening_evaluates_nothing(panel):
    calls = SimpleQueue()
    report = gcm.check(*slow_problem(calls, pause=0, size=4), steps=0)
    before = calls.qsize()
    panel(report)
    assert calls.qsize() == before


def test_the_selector_offers_all_and_every_array_with_its_mark(panel):
    d = panel(network(double_w2))
    assert [label for label, _ in d.controls.layer.options] == [
        "all",
        "✓ W1",
        "✓ b1",
        "✗ W2",
        "✓ b2",
    ]
    assert [label for label, _ in d.controls.phase.options] == [
        "given parameters",
        "jittered",
        "after 5 training steps",
    ]


def test_each_control_changes_the_words_and_the_picture(panel):
    d = panel(network(double_w2))
    seen, pictures = [words(d)], [d.controls.image.value]
    for control, value in (
        (d.controls.epsilon, 1e-3),
        (d.controls.layer, "W1"),
        (d.controls.phase, 1),
        (d.controls.epsilon, 1e-9),
    ):
        control.value = value
        seen.append(words(d))
        pictures.append(d.controls.image.value)
    assert len(set(seen)) == len(set(pictures)) == 5
    assert seen[1].startswith("all layers, epsilon 1e-3, given parameters: 8 of 26 components off")
    assert seen[2].startswith("W1, epsilon 1e-3, given parameters: all 12 components agree")
    assert seen[3].startswith("W1, epsilon 1e-3, after 5 training steps: all 12 components agree")
    assert seen[4].startswith("W1, epsilon 1e-9, after 5 training steps: all 12 components agree")


def test_the_numbers_are_those_of_the_epsilon_that_is_shown(panel):
    """(w + h)**3 - (w - h)**3 is off by 2 h**3, so that D is off by h**2."""
    report = gcm.check(lambda w: float(np.sum(w**3)), lambda w: 3 * w**2, np.array([1.0]), steps=0)
    d = panel(report)
    d.controls.epsilon.value = 10 ** (-2 + 1 / 3)  # 0.0215: the readout says 2e-2
    assert "epsilon 2e-2" in words(d)
    assert words(d).endswith(f"difference {2e-2**2 / 6:.1e}".replace("e-0", "e-"))


def test_too_small_an_epsilon_is_told_in_the_status(panel):
    d = panel(gcm.check(lambda w: float(w @ w) + 1e3, lambda w: 2 * w, np.ones(3), steps=0))
    assert "all 3 components agree" in words(d)
    d.controls.epsilon.value = 1e-12
    assert "3 of 3 components too noisy to tell" in words(d)


def test_the_slider_reads_one_digit_and_steps_through_one_two_five(panel):
    d = panel(network(steps=0))
    assert d.controls.epsilon.value == 1e-5
    assert (d.controls.epsilon.min, d.controls.epsilon.max) == (-12, -1)
    assert d.controls.epsilon.readout_format == ".0e"
    decade = [f"{10 ** (-5 + k * d.controls.epsilon.step):.0e}" for k in range(4)]
    assert decade == ["1e-05", "2e-05", "5e-05", "1e-04"]


@pytest.mark.parametrize("scheme", ["forward", "richardson", "complex-step"])
def test_every_scheme_has_a_panel(panel, scheme):
    report = gcm.check(
        lambda w: (w**3).sum(), lambda w: 3 * w**2, np.array([1.0, 2.0]), scheme=scheme, steps=0
    )
    d = panel(report)
    assert d.controls.epsilon.value == report.phases[0].epsilon
    d.controls.epsilon.value = 1e-4
    assert "epsilon 1e-4" in words(d)
    assert "2 components" in words(d)


def test_an_answer_is_computed_once(panel):
    calls = SimpleQueue()
    d = panel(gcm.check(*slow_problem(calls, pause=0, size=4), steps=0))
    d.controls.epsilon.value = 1e-3
    first = words(d)
    after = calls.qsize()
    for value in (1e-5, 1e-3):
        d.controls.epsilon.value = value
        last = words(d)
    assert last == first
    assert calls.qsize() == after


def test_what_the_users_code_raises_is_told_and_the_panel_goes_on(panel):
    broken = []

    def fun(w):
        if broken:
            raise ValueError("shapes <3,4> & $x$ do not match")
        return float(w @ w)

    d = panel(gcm.check(fun, lambda w: 2 * w, np.ones(3), steps=0))
    full = pixels(d)
    broken.append(1)
    d.controls.epsilon.value = 1e-3
    told = words(d)
    assert told.startswith("theta, epsilon 1e-3, given parameters: ")
    assert "ValueError" in told
    assert "shapes <3,4> & $x$" in told
    assert "<3,4>" not in d.controls.status.value
    assert np.any(pixels(d) != full)  # no picture of another epsilon beside the message
    broken.clear()
    d.controls.epsilon.value = 1e-4
    assert "all 3 components agree" in words(d)


def test_a_cost_that_has_changed_since_is_not_compared_with_the_old_gradient(panel):
    scale = [1.0]
    report = gcm.check(lambda w: scale[0] * float(w @ w), lambda w: 2 * w, np.ones(3), steps=0)
    d = panel(report)
    scale[0] = 2.0
    d.controls.epsilon.value = 1e-3
    assert "the cost has changed since this check, from 3 to 6" in words(d)


def test_a_front_end_that_rounds_the_value_asks_nothing(panel):
    d = panel(network(double_w2, steps=0))
    picture, before = d.controls.image.value, words(d)
    d.controls.epsilon.value = 1.0000000000000003e-05
    assert (d.controls.image.value, words(d)) == (picture, before)
    assert d._recheck._known == {}


def test_an_epsilon_that_moves_nothing_is_told(panel):
    d = panel(gcm.check(lambda w: float(w @ w), lambda w: 2 * w, np.full(2, 1e6), steps=0))
    d.controls.epsilon.value = 1e-12
    assert "too small to move theta[0]" in words(d)


def test_names_of_the_users_are_escaped(panel):
    name = "<b>W</b>"
    report = gcm.check(
        lambda p: float(p[name] @ p[name]), lambda p: {name: 2 * p[name]}, {name: np.ones(2)}
    )
    d = panel(report)
    assert words(d).startswith(f"{name}, epsilon")
    assert "<b>" not in d.controls.status.value


def test_slow_work_shows_a_sample_first_and_then_everything(panel):
    d = panel(gcm.check(*slow_problem(), steps=0))
    seen, buttons = [], []
    d.controls.status.observe(lambda change: seen.append(change.new), "value")
    d.controls.cancel.layout.observe(lambda change: buttons.append(change.new), "visibility")
    d.controls.epsilon.value = 1e-3
    assert "1 of 200 components off, worst theta[3]: analytic 7" in words(d)
    assert "a first look at" in seen[0]
    assert "off, worst theta[3]" in seen[0]  # what the report found is always in the sample
    assert any("checking, " in one and " %" in one for one in seen)
    assert buttons == ["visible", "hidden"]


def test_the_last_value_wins_and_long_work_for_others_is_given_up(panel):
    calls = SimpleQueue()
    d = panel(gcm.check(*slow_problem(calls), steps=0))
    before, seen = calls.qsize(), []
    d.controls.status.observe(lambda change: seen.append(change.new), "value")
    for epsilon in (1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2):
        d.controls.epsilon.value = epsilon
        time.sleep(0.06)
    assert "epsilon 5e-2" in words(d)
    answered = [one for one in seen if "first look" not in one and "checking" not in one]
    assert len(answered) == 1
    assert calls.qsize() - before < 2 * 400  # more than one answer, less than two


def test_cancel_stops_and_says_so(panel):
    d = panel(gcm.check(*slow_problem(pause=0.01), steps=0))
    d.controls.epsilon.value = 1e-3
    time.sleep(0.5)
    begun = time.monotonic()
    d.controls.cancel.click()
    assert words(d) == "theta, epsilon 1e-3, given parameters: stopped"
    assert time.monotonic() - begun < 1
    assert d.controls.cancel.layout.visibility == "hidden"
    d.controls.epsilon.value = 1e-5
    assert "1 of 200 components off" in words(d)


def test_close_stops_the_work_and_leaves_no_widget_behind():

    before = set(_instances)
    d = Dashboard(gcm.check(*slow_problem(pause=0.01), steps=0))
    d.controls.epsilon.value = 1e-3
    time.sleep(0.3)
    worker = d._worker
    d.close()
    worker.join(2)
    assert not worker.is_alive()
    assert set(_instances) == before
    d.close()  # twice is once
    d.controls.epsilon.value = 1e-2  # a message that was under way
    assert d._worker is None


def test_in_a_kernel_user_code_runs_on_the_thread_of_the_cells_only():
    calls = SimpleQueue()
    report = gcm.check(*slow_problem(calls, size=60), steps=0)
    checked = calls.qsize()

    async def cells():
        d = Dashboard(report)
        mover = threading.Thread(
            target=setattr, args=(d.controls.epsilon, "value", 1e-3)
        )  # a subshell
        mover.start()
        time.sleep(0.2)  # a cell that is running: nothing may be evaluated now
        during = calls.qsize() - checked
        for _ in range(400):
            await asyncio.sleep(0.01)
            if d.wait(0):
                break
        text = words(d)
        d.close()
        return during, text

    during, text = asyncio.run(cells())
    assert during == 0
    threads = [calls.get() for _ in range(calls.qsize())]
    assert len(threads) > checked + 120
    assert set(threads) == {threading.main_thread()}
    assert "1 of 60 components off" in text


def test_what_the_functions_touch_and_print_stays_out_of_the_notebook(panel, capsys):
    state = {"count": 0}

    def fun(w):
        state["count"] += 1
        print("forward")
        np.random.rand()
        return float(w @ w)

    report = gcm.check(fun, lambda w: 2 * w, np.ones(3), steps=0)
    d = panel(report)
    capsys.readouterr()
    state["count"] = 5
    np.random.seed(3)
    d.controls.epsilon.value = 1e-3
    assert "all 3 components agree" in words(d)
    assert state["count"] == 5
    expected = np.random.RandomState(3).rand()
    assert np.random.rand() == expected
    assert capsys.readouterr().out == ""


def test_a_fail_that_was_taken_back_stays_taken_back(panel):
    report = network(double_w2, steps=0)
    blocks = [
        replace(b, status=np.where(b.status == Status.WRONG, Status.UNCONFIRMED, b.status))
        for b in report.phases[0].blocks
    ]
    report = replace(report, phases=(replace(report.phases[0], blocks=tuple(blocks)),))
    d = panel(report)
    d.controls.epsilon.value = 1e-4
    assert words(d).startswith(
        "all layers, epsilon 1e-4, given parameters: "
        "8 of 26 components off here but right nearby, difference "
    )


def test_a_point_that_holds_one_array_only(panel):
    report = network(double_w2)
    only = replace(report.phases[1], name="jittered", blocks=report.phases[1].blocks[2:3])
    d = panel(replace(report, phases=(report.phases[0], only)))
    d.controls.phase.value = 1
    assert words(d).startswith("W2, epsilon 1e-5, jittered: 8 of 8 components off")
    d.controls.layer.value = "b1"
    assert words(d) == "epsilon 1e-5, jittered: b1 was not looked at here; choose another point"
    d.controls.phase.value = 0
    assert words(d).startswith("b1, epsilon 1e-5, given parameters: all 4 components agree")


def test_a_point_that_cannot_be_used_is_shown_as_it_was_found(panel):
    d = panel(gcm.check(lambda w: float("nan"), lambda w: 2 * w, np.ones(3), steps=0))
    d.controls.epsilon.value = 1e-3
    assert "3 of 3 components not finite" in words(d)


def test_the_picture_is_a_png_of_the_size_that_is_announced(panel):
    d = panel(network(steps=0))
    height, width, channels = pixels(d).shape
    assert channels == 4
    assert width / height == pytest.approx(
        int(d.controls.image.width) / int(d.controls.image.height), rel=0.01
    )


@pytest.mark.parametrize("view", plots.VIEWS)
def test_the_picture_is_the_one_of_the_plots(panel, view):
    """Drawn in parts on what was kept, it is what a whole drawing gives."""
    report = network(double_w2, steps=0)
    d = panel(report)
    d.controls.view.value = view
    d.controls.layer.value = "W1"
    d.wait(20)
    d.controls.layer.value = None
    phase = report.phases[0]
    figure = plots.figure(report, view)
    figure.set_dpi(SCALE * DPI)
    figure.canvas.draw()
    whole = np.asarray(figure.canvas.buffer_rgba()).astype(int)
    apart = np.abs(whole - pixels(d)).max(axis=2) > 60
    assert apart.mean() < 0.001
    assert phase.verdict is gcm.FAIL


@pytest.mark.parametrize("view", plots.VIEWS)
def test_a_picture_does_not_depend_on_those_before_it(panel, view):
    """Grounds and titles that are kept give the bytes that a first drawing gives."""
    report = network(double_w2, steps=3)
    used = panel(report)
    asked = [("W2", 0), (None, 1), ("W2", 0)]
    for layer, point in asked:
        one = panel(report)
        for d in (used, one):
            d.controls.view.value = view
            d.controls.phase.value = point
            d.controls.layer.value = layer
            words(d)
        assert pixels(used).tobytes() == pixels(one).tobytes()


def test_pictures_leave_nothing_behind_in_the_figure(panel):
    d = panel(network(double_w2, steps=0))
    counts = []
    for epsilon in (1e-3, 1e-4, 1e-6):
        d.controls.epsilon.value = epsilon
        for view in plots.VIEWS:
            d.controls.view.value = view
            words(d)
        stages = d._picture._stages
        assert set(stages) == set(plots.VIEWS)
        counts.append(
            [len(s._ax.get_children()) + len(s._figure.get_children()) for s in stages.values()]
        )
    assert counts[0] == counts[1] == counts[2]


def test_as_text_it_is_one_sentence_and_its_view(panel):
    d = panel(network(steps=0))
    data, _ = DisplayFormatter().format(d.widget)
    assert data["text/plain"] == "Gradient check panel (run this cell again for its sliders)"
    assert "application/vnd.jupyter.widget-view+json" in data


def test_an_idle_thread_ends_and_another_takes_over(panel, monkeypatch):
    monkeypatch.setattr(module, "IDLE", 0.05)
    d = panel(network(steps=0))
    d.controls.epsilon.value = 1e-3
    d.wait(10)
    time.sleep(0.5)
    assert d._worker is None
    d.controls.epsilon.value = 1e-4
    assert "epsilon 1e-4" in words(d)


def test_a_report_on_a_sample_is_explored_on_that_sample(panel):
    report = network(double_w2, budget=1e-9, steps=0)
    d = panel(report)
    checked = sum(block.analytic.size for block in report.phases[0].blocks)
    d.controls.epsilon.value = 1e-4
    assert f"of {checked} components off" in words(d)
    assert "epsilon 1e-4" in words(d)
