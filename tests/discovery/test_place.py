"""Parameters are put where the program finds them: containers anew, an instance's in place."""

import copy
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

from gcmagic.adapters.calling import Leaf, follow, place

Pair = namedtuple("Pair", "W b")

W, b = np.arange(4.0).reshape(2, 2), np.ones(2)


def _net():
    layer = SimpleNamespace(W=W.copy(), b=b.copy())
    return SimpleNamespace(layers=[layer], W=layer.W, named={"b": layer.b})


@pytest.mark.parametrize(
    ("made", "paths"),
    [
        (lambda: W.copy(), [()]),
        (lambda: {"W": W.copy(), "b": b.copy()}, [(("item", "W"),), (("item", "b"),)]),
        (lambda: [W.copy(), b.copy()], [(("item", 0),), (("item", 1),)]),
        (lambda: (W.copy(), b.copy()), [(("item", 0),), (("item", 1),)]),
        (lambda: Pair(W.copy(), b.copy()), [(("attr", "W"),), (("attr", "b"),)]),
        (lambda: {"l": {"W": W.copy()}}, [(("item", "l"), ("item", "W"))]),
        (_net, [(("attr", "W"),), (("attr", "named"), ("item", "b"))]),
        (lambda: [_net()], [(("item", 0), ("attr", "layers"), ("item", 0), ("attr", "W"))]),
        (
            lambda: SimpleNamespace(W=W.astype(np.float32), b=2.0),
            [(("attr", "W"),), (("attr", "b"),)],
        ),
    ],
)
@pytest.mark.parametrize("kind", [np.float64, np.complex128])
def test_values_are_found_and_containers_stay_as_they_were(made, paths, kind):
    root = made()
    before, scope, fresh = copy.deepcopy(root), {"p": root}, set()
    held = [follow(scope, ("p", *path)) for path in paths]
    values = [np.array(np.asarray(lies), kind) + 1 for lies in held]
    for path, value, lies in zip(paths, values, held, strict=True):
        place(scope, Leaf("", "", ("p", *path), lies), value, fresh)
    for path, value in zip(paths, values, strict=True):
        np.testing.assert_array_equal(follow(scope, ("p", *path)), value)
    if isinstance(root, (dict, list, tuple)) and paths[0][-1][0] == "item":
        for path in paths:
            now, then = follow({"p": root}, ("p", *path)), follow({"p": before}, ("p", *path))
            np.testing.assert_array_equal(now, then)
    elif isinstance(root, SimpleNamespace):
        assert scope["p"] is root


def test_an_instance_keeps_its_arrays_which_others_hold_as_well():
    net = _net()
    scope, array = {"net": net}, net.W
    place(scope, Leaf("W", "W", ("net", ("attr", "W")), array), W + 5, set())
    assert net.W is net.layers[0].W is array
    np.testing.assert_array_equal(array, W + 5)


def test_a_dict_is_copied_once_a_run():
    scope, fresh = {"p": {"W": W, "b": b}}, set()
    place(scope, Leaf("W", "W", ("p", ("item", "W")), W), W + 1, fresh)
    first = scope["p"]
    place(scope, Leaf("b", "b", ("p", ("item", "b")), b), b + 1, fresh)
    assert scope["p"] is first
    np.testing.assert_array_equal(first["W"], W + 1)
