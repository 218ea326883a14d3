"""Options that are not there, and options written as arguments: which ones were meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence

from ..errors import InputError

_UNKNOWN = "unrecognized arguments: "


def nearest(message: str, options: Collection[str]) -> str:
    """What argparse says, with the option that an unknown one may be meant to be."""
    word = message.removeprefix(_UNKNOWN).partition(" ")[0].partition("=")[0]
    if not message.startswith(_UNKNOWN) or not word.startswith("-"):
        return message
    found = _like(word, options)
    return f"no option is called {word!r}" + (f" (did you mean {found}?)" if found else "")


def check_functions(names: Sequence[str], options: Mapping[str, int | str]) -> None:
    """Refuse ``epsilon=1e-5`` and more than two functions.

    Parameters
    ----------
    names
        What stands where functions are named.
    options
        How many words each option takes.

    Raises
    ------
    InputError
        Which says how it is written.
    """
    for name in names:
        option, equals, value = name.partition("=")
        found = _like(option, options) if equals else ""
        if found:
            written = f"{found} {value}" if options[found] else found
            raise InputError(f"{name!r} names no function; an option is written {written}")
    if len(names) > 2:
        raise InputError(
            f"{len(names)} functions are named, {' '.join(names)}; needed: at most two, "
            "forward and backward (a list of names is written without spaces: W1,b1)"
        )


def _like(word: str, options: Collection[str]) -> str:
    wanted = f"--{word.lstrip('-').replace('_', '-')}"
    return next(iter(difflib.get_close_matches(wanted, options, n=1, cutoff=0.75)), "")
