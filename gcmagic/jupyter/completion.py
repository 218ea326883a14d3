"""What the Tab key offers behind ``%gradcheck``: options, functions, names of parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)
from IPython.core.interactiveshell import InteractiveShell

from ..adapters.calling import Leaf, all_leaves
from ..adapters.names import (
    BACKWARD,
    COST,
    FORWARD,
    gradient_stems,
    is_decoy,
    is_maker,
    kind,
    match_name,
    role_score,
)
from ..discovery.evidence import Evidence, collect
from ..schemes import SCHEMES

IDENTIFIER = "gcmagic.completion"
CHOICES = {"--scheme": tuple(SCHEMES), "--init": ("random", "given")}
_ROLES = {"--forward": FORWARD, "--backward": BACKWARD, "--cost": COST, "": FORWARD | BACKWARD}
# `%gradcheck …`, `%%gradcheck …`, `r = %gradcheck …`
_MAGIC = re.compile(r"^\s*(?:%%|(?:[^=%'\"#]+=\s*)?%)gradcheck\s(?P<rest>.*)$")
_NAMES = frozenset({"--params", "--layers", "--grads"})


def offers(
    text: str, namespace: Mapping[str, Any], options: Mapping[str, int | str]
) -> tuple[str, list[str]]:
    """What may stand at the end of a line of the magic.

    Parameters
    ----------
    text
        The line up to the cursor.
    namespace
        The notebook's variables.
    options
        How many words each option of the magic takes: ``{"--static": 0, "--params": "+"}``.

    Returns
    -------
    fragment : str
        The piece of the line that is being completed.
    words : list of str
        What may take its place, the likeliest first; empty for every other line.
    """
    match = _MAGIC.match(text)
    if match is None:
        return "", []
    *before, last = re.split(r"[\s=]+", match["rest"])
    if last.startswith("-"):
        return last, [name for name in options if name.startswith(last)]
    fragment = re.split(r"[,\"'()+*/@-]", last)[-1]
    given = set(re.split(r"[,\s]+", match["rest"])) - {fragment}
    known = _known(_open_option(before, options), namespace)
    return fragment, [name for name in known if name.startswith(fragment) and name not in given]


def _open_option(before: Sequence[str], options: Mapping[str, int | str]) -> str:
    """The option that the next word belongs to; empty for the functions themselves."""
    places = [k for k, word in enumerate(before) if word.startswith("--")]
    if not places:
        return ""
    option = before[places[-1]]
    takes = options.get(option, 1)
    return option if takes == "+" or len(before) - 1 - places[-1] < int(takes) else ""


def _known(option: str, namespace: Mapping[str, Any]) -> Sequence[str]:
    if option in CHOICES:
        return CHOICES[option]
    if option in _ROLES:
        return functions(collect(namespace, ()), _ROLES[option])
    values = collect(namespace, ()).values
    if option == "--data":
        return data(values)
    return parameters(values, gradients=option == "--grads") if option in _NAMES else ()


def functions(evidence: Evidence, role: frozenset[str]) -> list[str]:
    """The user's functions and methods; first those whose name says the role, decoys last."""

    def rank(name: str) -> tuple[int, int]:
        short = name.rpartition(".")[2]
        return (int(is_decoy(short) or is_maker(short)), -role_score(short, role))

    return sorted(evidence.callables(), key=rank)


def parameters(values: Mapping[str, Any], *, gradients: bool = False) -> list[str]:
    """Names of the parameters, as reports call them, or of what stands for their gradients.

    Arrays under names of their own, keys of dicts, attributes of objects; and the dicts
    themselves.
    """
    leaves = [leaf for leaf in all_leaves(values) if isinstance(leaf.value, np.ndarray)]
    keys = [leaf.key for leaf in leaves]

    def of_gradient(leaf: Leaf) -> bool:
        others = [key for key in keys if key != leaf.key]
        return any(match_name(stem, others) for stem in gradient_stems(leaf.key))

    found = [leaf for leaf in leaves if of_gradient(leaf) == gradients]
    names = [
        leaf.name
        for leaf in sorted(found, key=lambda leaf: leaf.value.dtype.kind != "f")
        if kind(leaf.key) not in ("x", "y", "rate", "penalty")
    ]
    holders = {leaf.path[0] for leaf in found if len(leaf.path) > 1}
    names += [name for name in values if name in holders and isinstance(values[name], (dict, list))]
    return list(dict.fromkeys(names))


def data(values: Mapping[str, Any]) -> list[str]:
    """Names of arrays, first those that are called like data."""
    arrays = [name for name, value in values.items() if isinstance(value, (np.ndarray, list))]
    return sorted(arrays, key=lambda name: {"x": 0, "y": 1}.get(kind(name), 2))


def matcher(shell: InteractiveShell, options: Mapping[str, int | str]) -> Callable[..., Any]:
    """What IPython asks when Tab is pressed."""

    @context_matcher(identifier=IDENTIFIER, priority=200)
    def complete(context: CompletionContext) -> SimpleMatcherResult:
        fragment, words = offers(context.text_until_cursor, _visible(shell), options)
        kinds = "param" if fragment.startswith("-") else "variable"
        return {
            "completions": [SimpleCompletion(word, type=kinds) for word in words],
            "matched_fragment": fragment,
            "suppress": bool(words),
            "ordered": True,
        }

    return complete


def open_completion(shell: InteractiveShell, options: Mapping[str, int | str]) -> None:
    """Ask us when Tab is pressed; a second time replaces the first."""
    close_completion(shell)
    matchers = getattr(shell.Completer, "custom_matchers", None)
    if matchers is not None:
        matchers.append(matcher(shell, options))


def close_completion(shell: InteractiveShell) -> None:
    """Ask us no longer."""
    matchers = getattr(shell.Completer, "custom_matchers", None) or []
    for known in [m for m in matchers if getattr(m, "matcher_identifier", "") == IDENTIFIER]:
        matchers.remove(known)


def _visible(shell: InteractiveShell) -> dict[str, Any]:
    hidden = shell.user_ns_hidden
    return {
        name: value
        for name, value in shell.user_ns.items()
        if not name.startswith("_") and name not in hidden
    }
