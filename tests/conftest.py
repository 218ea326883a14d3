"""What all tests share."""

import pytest

import gcmagic.diagnosis.repair


@pytest.fixture(autouse=True, scope="module")
def no_repair(request):
    """Only the tests of the repair look for repairs: elsewhere that would only take time."""
    if {"repair", "findings"} & set(request.node.path.stem.split("_")):
        yield
        return
    nothing = lambda report, seconds: ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gcmagic.diagnosis.repair, "repair", nothing)
        yield
