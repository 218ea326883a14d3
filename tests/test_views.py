"""The views: what each shows is what the report holds, and nothing covers anything."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from gcmagic import plots
from gcmagic.comparison import Status
from gcmagic.errors import InputError
from gcmagic.plots import gallery
from gcmagic.plots.chain import layers
from gcmagic.plots.marks import heights
from gcmagic.plots.theme import RIGHT, WRONG

from .networks import double_w2, network
from .test_plots import compared


def row_of_w2(grads):
    grads["W2"] = grads["W2"].copy()
    grads["W2"][1] *= 1.5


def eighth(grads):
    grads["W1"], grads["b1"] = grads["W1"] / 8, grads["b1"] / 8


@pytest.fixture(scope="module")
def reports():
    return {
        "right": network(steps=0),
        "bug": network(double_w2),
        "row": network(row_of_w2, widths=(6, 5, 4), steps=0),
        "eighth": network(eighth, widths=(5, 9, 7, 3), steps=0),
        "deep": network(double_w2, widths=(4,) * 13, steps=0),
    }


@pytest.mark.parametrize("view", plots.VIEWS)
@pytest.mark.parametrize("name", ["right", "bug", "row", "eighth", "deep"])
def test_no_word_covers_another_or_leaves_the_card(reports, view, name):
    ax = getattr(plots, view)(reports[name])
    figure = ax.figure
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    words = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    boxes = [(t, t.get_window_extent(renderer)) for t in words]
    for text, box in boxes:
        assert box.x0 >= 4, text
        assert box.y0 >= 4, text
        assert box.x1 <= figure.bbox.width - 4, text
        assert box.y1 <= figure.bbox.height - 4, text
    for (one, a), (other, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        along = min(a.y1, b.y1) - max(a.y0, b.y0)
        # a bounding box holds the space that no letter of the line uses
        assert across < 1 or along < 3, (one.get_text(), other.get_text())


@pytest.mark.parametrize("view", plots.VIEWS)
def test_every_view_draws_on_axes_of_the_users_and_leaves_parameters_alone(view):
    report = network(double_w2, steps=0)
    before = {k: v.copy() for k, v in report.problem.params.items()}
    ax = Figure(figsize=(6, 4)).add_subplot()
    assert getattr(plots, view)(report, ax, layers="W2") is ax
    for name, value in report.problem.params.items():
        np.testing.assert_array_equal(value, before[name])
    with pytest.raises(InputError, match="'given parameters'"):
        getattr(plots, view)(report, phase="after")
    with pytest.raises(InputError, match="theme is 'neon'"):
        getattr(plots, view)(report, theme="neon")


def test_a_wrong_row_of_the_heat_map_is_vermilion_and_the_rest_is_not(reports):
    image = plots.heatmap(reports["row"], layers="W2").images[0].get_array()
    assert image.shape == (4, 5, 4)
    red, blue = np.array(to_rgb(WRONG)), np.array(to_rgb(RIGHT))
    warm = image[..., 0] - image[..., 2]
    assert np.all(warm[1] > 0.5 * (red[0] - red[2]))
    assert np.all(np.delete(warm, 1, axis=0) < 0.5 * (blue[0] - blue[2]) + 0.3)
    assert np.all(np.delete(warm, 1, axis=0) < 0)


@pytest.mark.parametrize(
    ("shape", "sheet"),
    [((), (1, 1)), ((5,), (1, 5)), ((3, 4), (3, 4)), ((2, 3, 4), (3, 9)), ((2, 3, 4, 5), (9, 17))],
)
def test_every_component_has_its_cell(shape, sheet):
    flat = np.arange(float(np.prod(shape)))
    cells = gallery.sheet(flat, shape)
    assert cells.shape == sheet
    np.testing.assert_array_equal(np.sort(cells[cells != gallery.GAP]), flat)
    if len(shape) == 4:  # the last two axes of the tile in row 1 and column 2
        np.testing.assert_array_equal(cells[5:, 12:], flat.reshape(shape)[1, 2])


def test_one_wrong_component_among_a_million_is_seen():
    size = 1000
    status = np.zeros(size * size, dtype=np.int8)
    status[123_456] = Status.WRONG
    values = np.ones(size * size)
    block = compared(values.reshape(size, size), values.reshape(size, size), np.zeros((size, size)))
    flat = SimpleNamespace(
        block=block.block, shape=(size, size), status=status, components=np.arange(size * size)
    )
    cells = gallery.ranks(flat, np.full(size * size, 1e-9))
    assert cells.shape == gallery.LARGEST
    assert np.count_nonzero(cells >= gallery.ORDER.index(Status.WRONG)) == 1


def test_what_was_not_looked_at_is_left_blank():
    report = network(widths=(20, 30, 2), steps=0, budget=1e-9)
    block = report.phases[0].block("W1")
    assert 0 < block.components.size < 600
    image = plots.heatmap(report, layers="W1").images[0].get_array()
    assert np.count_nonzero(image[..., 3]) == block.components.size


def test_boxes_of_the_gallery_keep_apart_and_inside():
    rng = np.random.default_rng(0)
    for count in (1, 2, 5, 12, 30):
        aspects = np.exp(rng.uniform(-1.7, 1.9, count)).tolist()
        boxes = gallery.arranged(aspects, [0.8] * count, 8.1, 2.6, 0.3)
        for box in boxes:
            assert box.x >= 0
            assert box.y >= 0.3 - 1e-9
            assert box.y + box.height <= 2.6 + 1e-9
        for a, b in combinations(boxes, 2):
            apart = a.x + a.width <= b.x or b.x + b.width <= a.x
            assert apart or a.y + a.height <= b.y or b.y + b.height <= a.y


def test_analytic_against_numeric_shows_every_component_and_the_factor(reports):
    report = reports["bug"]
    ax = plots.agreement(report)
    block = report.phases[0].block("W2")
    unit = np.max(np.abs(block.numeric))
    crosses = np.vstack([line.get_xydata() for line in ax.lines if line.get_marker() == "X"])
    np.testing.assert_allclose(crosses, np.column_stack([block.numeric, block.analytic]) / unit)
    fitted = next(
        line for line in ax.lines if line.get_color() == WRONG and line.get_marker() == "None"
    )
    x, y = fitted.get_xydata()[-1]
    assert y / x == pytest.approx(2)
    assert "✗ W2\n× 2" in [text.get_text() for text in ax.texts]


def test_arrays_with_the_same_factor_share_a_line(reports):
    words = [text.get_text() for text in plots.agreement(reports["eighth"]).texts]
    assert "✗ W1, b1\n× 1/8" in words
    row = [text.get_text() for text in plots.agreement(reports["row"]).texts]
    assert any(text.startswith("✗ W2\nno one factor (") for text in row)


def test_the_sweep_has_a_curve_an_array_and_the_chosen_epsilon(reports):
    ax = plots.sweep(network(double_w2, steps=0, epsilon=1e-4))
    words = [text.get_text() for text in ax.texts]
    assert "epsilon 1e-4" in words
    assert {"✓ W1", "✓ b1", "✗ W2", "✓ b2"} <= set(words)
    assert any(text.startswith("floor ") for text in words)
    assert [line.get_xdata()[0] for line in ax.lines if list(line.get_ydata()) == [0, 1]] == [1e-4]
    [wrong] = [line for line in ax.lines if line.get_marker() == "X"]
    np.testing.assert_allclose(wrong.get_ydata(), 1 / 3, rtol=0.01)


def test_the_strip_names_arrays_with_verdict_shape_and_figures(reports):
    ax = plots.strip(reports["bug"])
    words = [text.get_text() for text in ax.texts]
    assert {"✓ W1", "✓ b1", "✗ W2", "✓ b2", "input", "loss"} <= set(words)
    assert "3.3e-1\n8 of 8 off" in words
    shapes = {p.get_boxstyle().__class__.__name__ for p in ax.patches if hasattr(p, "get_boxstyle")}
    assert shapes == {"Round", "Square"}


def test_layers_are_neighbours_with_the_same_number():
    blocks = [compared([1.0], [1.0], [0], n) for n in ("W1", "b1", "W2", "b2", "gamma", "beta")]
    assert [[b.name for b in layer] for layer in layers(blocks)] == [
        ["W1", "b1"],
        ["W2", "b2"],
        ["gamma"],
        ["beta"],
    ]


def test_error_bars_reach_from_the_discrepancy_to_its_error():
    report = network(steps=0)
    ax = plots.discrepancy(report, layers="W1")
    block = report.phases[0].block("W1")
    total = np.linalg.norm(block.analytic) + np.linalg.norm(block.numeric)
    [bars] = [line for line in ax.lines if len(line.get_xdata()) == 3 * 12]
    tops = bars.get_ydata().reshape(-1, 3)[:, 1]
    np.testing.assert_allclose(tops, heights(block) + block.error / total, rtol=1e-6)


@pytest.mark.parametrize("view", plots.VIEWS)
def test_one_figure_for_a_paper_has_all_points(view):
    report = network(double_w2)
    figure = report.figure(view)
    assert len(figure.axes) == 2
    assert figure.axes[0].get_title() == ""
    words = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert {phase.name for phase in report.phases} <= set(words)
    with pytest.raises(InputError, match="no view 'pie'"):
        report.figure("pie")
