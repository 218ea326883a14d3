"""What all tests share."""

import sys

import pytest

import gcmagic.jupyter.showing


@pytest.fixture(autouse=True, scope="module")
def no_repair(request):
    """Only the tests of the repair look for repairs: elsewhere that would only take time."""
    if {"repair", "findings"} & set(request.node.path.stem.split("_")):
        yield
        return
    nothing = lambda report, seconds: ()
    with pytest.MonkeyPatch.context() as patch:
        # the package's `check` is the function
        patch.setattr(sys.modules["gcmagic.check"], "repaired", nothing)
        patch.setattr(gcmagic.jupyter.showing, "repair", nothing)
        yield
