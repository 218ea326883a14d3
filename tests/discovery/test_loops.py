"""Training loops over layers that are refused: each would be a FAIL for right code."""

from __future__ import annotations

from .handed import ENDLESS, OWN_STEP, SETTING, SHARED_RATE
from .test_refusals import refused

MOMENTUM = SHARED_RATE.replace(
    "self.W -= lr * self.x.T @ dout",
    "self.v = 0.9 * self.v + self.x.T @ dout; self.W -= lr * self.v",
).replace("pass\n", "self.v = np.zeros_like(self.W)\n", 1)
SEVERAL = SHARED_RATE.replace("-= lr *", "-= self.lr *").replace(
    "pass\n", "self.lr = 0.1 if n == 3 else 0.2\n", 1
)


def test_momentum_in_the_layers_is_no_gradient() -> None:
    error = refused(MOMENTUM + OWN_STEP)
    assert "moves layers[0].v layers[2].v, which the cost does not depend on" in str(error)


def test_layers_with_rates_of_their_own_need_one() -> None:
    assert "several learning rates, 0.1, 0.2" in str(refused(SEVERAL + OWN_STEP))


def test_a_generator_of_batches_is_not_used_up() -> None:
    source = (
        ENDLESS.replace("in batches(X, Y, 4)", "in data")
        .replace("train(layers, steps=5", "train(layers, data, steps=5")
        .replace(
            "\ntrain(layers)",
            "\ndata = iter([(X, Y)])\ntrain(layers, data)\ndata = (p for p in [(X, Y)])",
        )
    )
    assert "data is a generator, which a check would use up" in str(refused(SETTING + source))
