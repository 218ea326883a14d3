"""Parameters <-> theta: round trips by property, bad input by table."""

from collections import OrderedDict, namedtuple
from types import MappingProxyType

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from gcmagic import InputError
from gcmagic.parameters import ParameterLayout

numbers = st.floats(-1e6, 1e6, width=64)
arrays = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=numbers)
leaves = st.one_of(arrays, numbers)
structures = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.lists(inner, min_size=1, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from(["W1", "b1", "W2", "gamma"]), inner, min_size=1),
    ),
    max_leaves=8,
)


@given(structures)
def test_theta_and_back_is_the_same_structure(params):
    layout = ParameterLayout.of(params)
    theta = layout.flatten(params)
    again = layout.unflatten(theta)
    assert ParameterLayout.of(again).names == layout.names
    np.testing.assert_array_equal(layout.flatten(again), theta)
    assert _shape_of(again) == _shape_of(params)


@given(structures)
def test_the_gradient_of_half_the_square_is_theta(params):
    layout = ParameterLayout.of(params)
    np.testing.assert_array_equal(layout.flatten_gradient(params), layout.flatten(params))


@given(structures, st.data())
def test_writing_a_component_moves_that_one_and_no_other(params, data):
    layout = ParameterLayout.of(params)
    theta = layout.flatten(params)
    index = data.draw(st.integers(0, layout.size - 1))
    block = layout.block_of(index)
    workspace = layout.workspace(theta)
    workspace.writer(block)(index, 12345.0)
    wanted = theta.copy()
    wanted[index] = 12345.0
    np.testing.assert_array_equal(workspace.vector(), wanted)
    np.testing.assert_array_equal(layout.flatten(params), theta)  # the original did not move


def _shape_of(value):
    if isinstance(value, dict):
        return {k: _shape_of(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return (type(value), [_shape_of(v) for v in value])
    return np.shape(value)


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"W1": np.ones((2, 2)), "b1": np.ones(2)}, ("W1", "b1")),
        ({"layer1": {"W": np.ones(1), "b": 0.0}}, ("layer1.W", "layer1.b")),
        ([np.ones(2), np.ones(3)], ("params[0]", "params[1]")),
        ({1: np.ones(2)}, ("params[1]",)),
        ({"W": [np.ones(2), None, np.ones(1)]}, ("W[0]", "W[2]")),
        (np.ones((2, 3)), ("theta",)),
        (0.5, ("theta",)),
        (OrderedDict(z=np.ones(1), a=np.ones(1)), ("z", "a")),
        (namedtuple("P", "W b")(np.ones(2), 1.0), ("params[0]", "params[1]")),
    ],
)
def test_names(params, names):
    assert ParameterLayout.of(params).names == names


def test_components_are_named_by_their_index():
    layout = ParameterLayout.of({"W1": np.ones((2, 3)), "b": 0.5, "v": np.ones(2)})
    assert [layout.component(i) for i in (0, 5, 6, 8)] == ["W1[0, 0]", "W1[1, 2]", "b", "v[1]"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "no parameters"),
        (None, "no parameters"),
        ([], "no parameters"),
        ({"W": np.empty((0, 3))}, r"W is empty \(shape \(0, 3\)\)"),
        ({"W": "weights"}, "W is a value of type str; needed: an array of real numbers"),
        ({"W": np.array(["a"])}, "W is an array of <U1"),
        ({"W": np.array([None, 1], dtype=object)}, "W is an array of object"),
        ({"W": np.ones(2, dtype=complex)}, "W is an array of complex128"),
        ({"W": np.ma.ones(2)}, "W is a masked array"),
        ({"a.b": 1.0, "a": {"b": 2.0}}, "two parameters are called 'a.b'"),
        ({0: 1.0, "params[0]": 2.0}, r"two parameters are called 'params\[0\]'"),
        ({"W": lambda x: x}, "W is a value of type function"),
    ],
)
def test_what_is_no_parameter_is_refused_in_one_line(params, message):
    with pytest.raises(InputError, match=message) as caught:
        ParameterLayout.of(params)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "gradient", "fits"),
    [
        ((3, 1), (3, 1), True),
        ((1, 3), (3,), True),
        ((3, 1), (3,), False),  # b - db would be 3 x 3
        ((3,), (1, 3), True),
        ((2, 3), (3, 2), False),
        ((3, 3), (9,), False),
        ((1,), (), True),
        ((), (1, 1), True),
        ((3, 1), (), False),  # a scalar that broadcasts
        ((3,), (1,), False),
    ],
)
def test_shapes_of_gradients(shape, gradient, fits):
    layout = ParameterLayout.of({"b": np.ones(shape)})
    if fits:
        assert layout.flatten_gradient({"b": np.full(gradient, 2.0)}).sum() == 2 * np.prod(shape)
    else:
        with pytest.raises(InputError, match="the gradient of b has shape"):
            layout.flatten_gradient({"b": np.ones(gradient)})


@pytest.mark.parametrize(
    ("grads", "message"),
    [
        ({"W": np.ones(2)}, "the gradient of b is missing: a dict with the keys W has no 'b'"),
        (None, "the gradient is None; needed: a dict with the keys W b"),
        ([np.ones(2), 1.0], "the gradient is a list of 2; needed: a dict"),
        ({"W": None, "b": 1.0}, "the gradient of W is None"),
        ({"W": "x", "b": 1.0}, "the gradient of W is a value of type str"),
    ],
)
def test_what_is_no_gradient_is_refused_in_one_line(grads, message):
    layout = ParameterLayout.of({"W": np.ones(2), "b": 1.0})
    with pytest.raises(InputError, match=message):
        layout.flatten_gradient(grads)


def test_unknown_layers_are_named_with_the_known_ones():
    layout = ParameterLayout.of({"W1": np.ones(2), "b1": np.ones(2)})
    assert [b.name for b in layout.select("b1")] == ["b1"]
    with pytest.raises(InputError, match="called 'w1'; there are: W1 b1"):
        layout.select(["w1"])


def test_a_matrix_stays_a_matrix():
    layout = ParameterLayout.of({"W": np.eye(2).view(np.matrix)})
    assert isinstance(layout.unflatten(np.arange(4.0))["W"], np.matrix)


def test_integers_and_float32_become_float64():
    params = {"n": 3, "W": np.ones(2, dtype=np.float32), "i": np.arange(2)}
    made = ParameterLayout.of(params).unflatten(np.full(5, 0.1))
    assert [np.asarray(made[k]).dtype for k in made] == [np.float64] * 3
    assert params["W"].dtype == np.float32


def test_a_mapping_that_cannot_be_written_becomes_a_dict():
    params = MappingProxyType({"W": np.ones(2)})
    layout = ParameterLayout.of(params)
    np.testing.assert_array_equal(layout.unflatten(np.arange(2.0))["W"], np.arange(2.0))


@pytest.mark.parametrize("kind", [float, np.float32, complex])
def test_components_that_are_set_as_numbers_are_those_of_the_arrays(kind):
    layout = ParameterLayout.of({"a": np.zeros((2, 3)), "b": np.zeros(4), "c": 1.0})
    space = layout.workspace(np.arange(11.0), kind)
    numbers = space.numbers()
    assert (numbers is not None) == (kind is float)
    if numbers is not None:
        numbers[2] = numbers[8] = -5.0
        assert space.params["a"][0, 2] == space.params["b"][2] == -5.0
        np.testing.assert_array_equal(np.flatnonzero(space.vector() == -5.0), [2, 8])


def _replaced(params):
    params["a"] = params["a"] + 1.0


def _written(params):
    params["b"][1] = -7.0


def _taken_apart(params):
    params["a"], params["b"] = np.zeros(6), np.arange(6.0, 10.0)


@pytest.mark.parametrize("change", [_replaced, _written, _taken_apart])
def test_what_a_function_makes_of_its_parameters_is_seen(change):
    layout = ParameterLayout.of({"a": np.zeros((2, 3)), "b": np.zeros(4), "c": 1.0})
    theta = np.arange(11.0)
    space = layout.workspace(theta)
    change(space.params)
    leaves = [np.ravel(space.params[name]) for name in layout.names]
    np.testing.assert_array_equal(space.vector(), np.concatenate(leaves))
    assert not np.array_equal(space.vector(), theta)
    space.load(theta)
    np.testing.assert_array_equal(space.vector(), theta)
