"""Random numbers that every check draws alike."""

import numpy as np
import pytest

from gcmagic import draws

DRAWS = {"normal": draws.normal, "direction": draws.direction, "lengths": draws.lengths}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
@pytest.mark.parametrize("size", [1, draws.FEW, draws.FEW + 1])
def test_they_are_the_same_each_time_and_nobody_can_write_into_them(draw, size):
    found = draw((3, 4), size)
    assert found.shape == (size,)
    assert (draw((3, 4), size) is found) == (size <= draws.FEW)
    assert np.array_equal(draw((3, 4), size), found)
    assert not np.array_equal(draw((3, 5), size), found)
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1


@pytest.mark.parametrize(("draw", "longest"), [(draws.direction, 1.5), (draws.lengths, 1.0)])
def test_directions_have_either_sign_and_lengths_in_their_bounds(draw, longest):
    found = draw((0,), 10_000)
    assert 0.5 <= np.abs(found).min() < 0.51
    assert longest - 0.01 < np.abs(found).max() <= longest
    assert abs(np.mean(found > 0) - 0.5) < 0.03
