"""What names of forward's outputs mean: predictions, caches, the one that a cost takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..adapters.names import is_cost_variable, kind, words

if TYPE_CHECKING:
    from .wiring import Wiring

CACHES = frozenset(("cache", "caches", "memory", "activations", "zs", "intermediates"))
PREDICTIONS = frozenset(
    word
    for line in (
        "yhat yp yh ypred yprob yout",
        "pred preds predicted prediction predictions output outputs out probs prob proba probas",
        "probability probabilities p al scores logits hypothesis estimate h a o softmax",
    )
    for word in line.split()
)
# what an auto-encoder gives back, and the activation of the last layer beside a_h
_ENDS = frozenset({("x", "hat"), ("x", "rec"), ("x", "recon"), ("a", "out"), ("a", "o")})


def is_prediction(name: str) -> bool:
    """True for ``AL``, ``A2``, ``y_hat``, ``output``: what forward predicts, in a cost function."""
    found = words(name)
    if found in _ENDS:
        return True
    if kind(name) in ("params", "vector", "x") or len(found) == 0:
        return False
    if found[0] == "y":
        return len(found) > 1 and found[1] in ("hat", "pred", "prob", "out", "output", "p")
    if len(found[0]) == 1 and len(found) > 1:
        return _numbered(name)
    return found[0] in PREDICTIONS or _numbered(name)


def is_cache(name: str) -> bool:
    """True for ``cache``, ``caches``, ``cache_conv``, ``activations``."""
    return bool(set(words(name)) & CACHES)


def is_final(name: str) -> bool:
    """True for names that mean the last activation alone: ``y_hat``, ``output``, ``AL``."""
    return is_prediction(name) and len(name) > 1 and (name.endswith("L") or not _numbered(name))


def _numbered(name: str) -> bool:
    return name[0] in "aAhHoO" and (name[1:].lstrip("_").isdigit() or name[1:] in ("L", "_L"))


def prediction(wiring: Wiring, argument: str) -> str | None:
    """Which output of forward a cost means by ``AL``, ``y_hat``, ``output``.

    The activation with the highest number, else the only output that is no cache. The call site
    decides wherever there is one.
    """
    every = wiring.forward_outputs
    bundles = wiring.forward.returns_bundles if wiring.forward is not None else ()
    if len(bundles) != len(every):
        bundles = (False,) * len(every)
    # `return A @ W2, (Z, A)`: what is written out as a tuple is a cache, whatever it is called
    outputs = [name for name, bundle in zip(every, bundles, strict=True) if not bundle]
    outputs = [name for name in outputs if not is_cost_variable(name) and not is_cache(name)]
    if len(outputs) == 1:
        return outputs[0]
    likely = [name for name in outputs if is_prediction(name)]
    plain = [name for name in likely if is_final(name) and not name.endswith("L")] or [
        n for n in likely if n.endswith("L")
    ]
    if len(plain) == 1:
        return plain[0]
    numbered = [name for name in likely if name[1:].lstrip("_").isdigit()]
    letters = {name[0] for name in numbered}
    if not plain and len(letters) == 1:
        return max(numbered, key=lambda n: int(n[1:].lstrip("_")))
    return None
