from __future__ import annotations

import struct
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib import rc_context
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import gcmagic as gcm
from gcmagic import plots
from gcmagic.comparison import Comparison, Status
from gcmagic.errors import InputError
from gcmagic.parameters import Block
from gcmagic.plots import marks
from gcmagic.plots.theme import DARK, LIGHT, MARKERS, PAPER, WRONG

from .networks import double_w2, network


def compared(analytic, numeric, status, name="W"):
    analytic, numeric = np.asarray(analytic, dtype=float), np.asarray(numeric, dtype=float)
    block = Block(name, analytic.shape, 0, analytic.size)
    return Comparison(
        block,
        np.arange(analytic.size),
        analytic.ravel(),
        numeric.ravel(),
        np.zeros(analytic.size),
        np.asarray(status, dtype=np.int8).ravel(),
    )


def points(ax, shape):
    """All points with that marker, as rows of x and y."""
    lines = [line for line in ax.lines if line.get_marker() == shape]
    return np.vstack([line.get_xydata() for line in lines] or [np.empty((0, 2))])


def test_every_component_is_one_point_at_its_discrepancy_in_the_order_of_theta():
    report = network(steps=0)
    drawn = points(plots.discrepancy(report), "o")
    blocks = report.phases[0].blocks
    wanted = np.concatenate([block.discrepancies for block in blocks])
    order = np.argsort(drawn[:, 0])
    np.testing.assert_allclose(drawn[order, 1], np.maximum(wanted, marks.BOTTOM))


def test_wrong_components_are_vermilion_crosses():
    report = network(double_w2, steps=0)
    ax = plots.discrepancy(report)
    assert len(points(ax, "X")) == 8
    assert len(points(ax, "o")) == 12 + 4 + 2
    colours = {line.get_marker(): line.get_markerfacecolor() for line in ax.lines}
    assert (colours["X"], colours["o"]) == ("#D55E00", "#0072B2")


@pytest.mark.parametrize("theme", [LIGHT, DARK, PAPER])
def test_each_status_has_a_shape_of_its_own_and_texts_have_contrast(theme):
    shapes = [MARKERS[status][0] for status in Status]
    assert len(set(shapes)) == len(Status)
    for colour in (theme.ink, theme.quiet, theme.right_text, theme.wrong_text):
        assert contrast(colour, theme.card) >= 4.5
    for status in Status:  # of what is not text 3 is asked; amber and pink have a shape as well
        if status in (Status.AGREES, Status.WRONG):
            assert contrast(theme.colour(status), theme.card) >= 3


def contrast(one, other):
    """The ratio of the web accessibility guidelines, 1 to 21."""

    def luminance(colour):
        c = np.array(to_rgb(colour))
        linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    bright, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_threshold_is_a_line_with_its_number():
    ax = plots.discrepancy(network(steps=0, threshold=1e-6))
    assert "threshold 1e-6" in [text.get_text() for text in ax.texts]
    level = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert [line.get_ydata()[0] for line in level] == [1e-6]


def test_exact_zeros_stand_at_the_floor_and_what_is_not_finite_above_one():
    block = compared([1, 2, np.nan, 3], [1, 2.5, 1, np.inf], [0, 1, 4, 4])
    y = marks.heights(block)
    assert y[0] == marks.BOTTOM
    assert marks.BOTTOM < y[1] < 1
    assert list(y[2:]) == [marks.TOP, marks.TOP]


def test_nothing_over_nothing_is_drawn_as_zero():
    block = compared(np.zeros(3), np.zeros(3), np.zeros(3))
    assert np.all(marks.heights(block) == marks.BOTTOM)


@pytest.mark.parametrize("count", [1, 1500, 3500])
def test_a_large_array_is_binned_and_no_wrong_component_is_lost(count):
    size = 20_000
    rng = np.random.default_rng(1)
    analytic = rng.normal(size=size)
    numeric = analytic * (1 + 1e-9 * rng.normal(size=size))
    wrong = rng.choice(size, count, replace=False)
    numeric[wrong] *= 2
    status = np.zeros(size)
    status[wrong] = Status.WRONG
    found = marks.marks(compared(analytic, numeric, status), marks.Group(0, 1))
    crosses = [m for m in found if m.status is Status.WRONG and m.kind == "point"]
    agreeing = [m for m in found if m.status is Status.AGREES and m.kind != "error"]
    drawn = np.concatenate([mark.x for mark in crosses])
    assert sum(mark.x.size for mark in agreeing) <= 5 * marks.BINS
    at = 0.05 + (wrong + 0.5) / size * 0.9
    if count <= marks.LIMIT:
        np.testing.assert_allclose(np.sort(drawn), np.sort(at))
    else:  # every bin that holds a wrong component has a cross
        step = 500 / 0.9
        assert set(((drawn - 0.05) * step).astype(int)) == set(((at - 0.05) * step).astype(int))
    band = next(mark for mark in agreeing if mark.kind == "band")
    y = marks.heights(compared(analytic, numeric, status))[status == Status.AGREES]
    assert np.nanmin(band.y) == y.min()
    assert np.nanmax(band.y) == y.max()


def test_groups_fill_the_axis_in_order_and_do_not_overlap():
    laid = marks.groups([10_000, 1, 64, 3])
    assert laid[0].left == 0
    assert laid[-1].right == pytest.approx(1)
    for a, b in pairwise(laid):
        assert a.right < b.left
    assert min(group.width for group in laid) > 0.08


def test_only_the_layers_that_are_named_are_drawn():
    report = network(double_w2, steps=0)
    ax = plots.discrepancy(report, layers=["W2"])
    assert [t.get_text() for t in ax.texts if "W" in t.get_text()] == ["✗ W2"]
    assert len(points(ax, "o")) == 0
    assert {line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "X"} == {WRONG}
    with pytest.raises(InputError, match="W9"):
        plots.discrepancy(report, layers="W9")


def test_an_axes_of_the_users_is_drawn_on_and_returned():
    ax = Figure().add_subplot()
    assert plots.discrepancy(network(steps=0), ax) is ax
    assert ax.get_yscale() == "log"


def test_the_figure_has_a_panel_a_point_with_its_verdict():
    report = network(double_w2)
    picture = plots.figure(report)
    first, second = picture.axes
    assert first.get_ylim() == second.get_ylim()
    for ax, phase in zip(picture.axes, report.phases, strict=True):
        words = [text.get_text() for text in ax.texts]
        assert phase.name in words
        assert any(word.startswith("✗ FAIL") for word in words)


def test_more_points_than_two_stand_in_rows_of_two():
    report = network(double_w2)
    only = replace(report.phases[1], name="jittered", blocks=report.phases[1].blocks[2:3])
    picture = plots.figure(replace(report, phases=(*report.phases, only)))
    boxes = [ax.get_position() for ax in picture.axes]
    assert boxes[0].y0 == boxes[1].y0 > boxes[2].y1
    assert boxes[0].x0 == boxes[2].x0
    assert len(points(picture.axes[2], "X")) == 8
    assert len(points(picture.axes[2], "o")) == 0


def test_the_bytes_are_the_same_twice_whatever_the_style():
    report = network(double_w2)
    plain = plots.png(plots.figure(report), 60)
    assert plain == plots.png(plots.figure(report), 60)
    assert b"Software" not in plain
    assert b"Date" not in plain
    dark = {
        "axes.facecolor": "black",
        "text.color": "white",
        "axes.grid": True,
        "lines.markersize": 30,
        "axes.labelcolor": "white",
        "font.family": "monospace",
        "axes.edgecolor": "red",
        "axes.titlesize": 40,
    }
    with rc_context(dark):
        assert plots.png(plots.figure(report), 60) == plain


def test_corners_are_transparent_and_the_card_is_light():
    canvas = plots.figure(network(steps=0)).canvas
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    assert pixels[0, 0, 3] == 0
    assert pixels[12, 12, :3].min() > 230
    assert pixels[12, 12, 3] == 255


@pytest.mark.parametrize("name", ["layer$1.W$", "a_very_long_name_of_a_parameter_array", "β²"])
def test_names_are_drawn_as_they_are(name):
    report = gcm.check(
        lambda p: float(p[name] @ p[name]),
        lambda p: {name: 2 * p[name]},
        {name: np.arange(1.0, 4.0)},
        steps=0,
    )
    picture = plots.figure(report)
    assert plots.png(picture, 50)
    shown = [text for text in picture.axes[0].texts if name[:8] in text.get_text()]
    assert len(shown) == 1
    assert not shown[0].get_parse_math()


def test_names_on_end_stay_on_the_card():
    params = {f"encoder_block_{k}": np.ones(3) for k in range(14)}
    report = gcm.check(
        lambda p: float(sum(np.sum(w**2) for w in p.values())),
        lambda p: {name: 2 * w for name, w in p.items()},
        params,
        steps=1,
    )
    picture = plots.figure(report)
    picture.canvas.draw()
    legend = picture.legends[0].get_window_extent()
    names = [text for text in picture.axes[0].texts if text.get_rotation()]
    assert len(names) == 14
    assert min(name.get_window_extent().y0 for name in names) > legend.y1


def test_the_sentence_names_points_verdicts_and_what_is_off():
    words = plots.alt_text(network(double_w2))
    assert "given parameters, FAIL, off: W2 8 of 8" in words
    assert "1e-7" in words
    assert plots.alt_text(network(steps=0)).endswith("given parameters, PASS.")


VIEWS = "discrepancy", "heatmap", "agreement", "sweep", "strip"


@pytest.mark.parametrize("shown", [*VIEWS, "figure"])
def test_a_notebook_shows_what_is_drawn_on_a_card_of_its_own(shown):
    """Nobody else would: pyplot, which shows other figures, does not know it."""
    report = network(double_w2, steps=0)
    drawn = report.figure() if shown == "figure" else getattr(plots, shown)(report)
    data, metadata = DisplayFormatter().format(drawn)
    assert set(data) == {"text/plain", "image/png"}
    assert data["image/png"].startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data["image/png"][16:24])
    size = metadata["image/png"]
    # matplotlib 3.9 cuts off half a pixel, later ones round it up
    assert abs(width - 2 * size["width"]) <= 1
    assert abs(height - 2 * size["height"]) <= 1


def test_axes_of_one_s_own_are_shown_by_their_owner_alone():
    mine = Figure().add_subplot()
    plots.discrepancy(network(steps=0), mine)
    assert set(DisplayFormatter().format(mine)[0]) == {"text/plain"}


def test_the_extremes_of_every_bin_are_found_in_any_order_of_components():
    rng = np.random.default_rng(0)
    for values in (rng.random(5000), rng.choice([1e-9, 0.5, 1.0], 5000)):
        components = rng.choice(9000, 5000, replace=False)
        low, high = marks._extremes(components, values, 9000)
        bins = components * marks.BINS // 9000
        for k in np.unique(bins):
            here = values[bins == k]
            assert values[low[bins[low] == k]] == here.min()
            assert values[high[bins[high] == k]] == here.max()
