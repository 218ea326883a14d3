"""Gradients of what is no parameter: told, for the parameter that was meant is not checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .findings import Finding

# of them that are named
MOST = 4


def surplus(params: Any, gradient: Any) -> tuple[Finding, ...]:
    """A finding where a gradient has keys or items that the parameters have not.

    Examples
    --------
    >>> surplus({"W": 1.0}, {"W": 2.0, "b": 3.0})[0].title
    "the gradient holds ['b'], which is no parameter"
    >>> surplus([1.0, 2.0], [1.0, 2.0])
    ()
    """
    names = list(_beyond(params, gradient, ""))
    if not names:
        return ()
    are = "are no parameters" if names[1:] else "is no parameter"
    named = ", ".join([*names[:MOST], *(["..."] if names[MOST:] else [])])
    return (
        Finding(
            "extra-gradient",
            "",
            f"the gradient holds {named}, which {are}",
            f"the parameters are {_shown(params)}",
            "Nothing, where it is left over from a step before. Otherwise put the parameter that "
            "it belongs to among the parameters: it was not checked.",
        ),
    )


def _beyond(params: Any, gradient: Any, path: str) -> Iterator[str]:
    if isinstance(params, Mapping) and isinstance(gradient, Mapping):
        for key in gradient:
            if key not in params:
                yield f"{path}[{key!r}]"
            else:
                yield from _beyond(params[key], gradient[key], f"{path}[{key!r}]")
    elif isinstance(params, (list, tuple)) and isinstance(gradient, (list, tuple)):
        for k, own in enumerate(gradient):
            if k >= len(params):
                yield f"{path}[{k}]"
            else:
                yield from _beyond(params[k], own, f"{path}[{k}]")


def _shown(params: Any) -> str:
    if isinstance(params, Mapping):
        return f"a dict with the keys {' '.join(map(str, params))}"
    return f"{len(params)} in a {type(params).__name__}"
