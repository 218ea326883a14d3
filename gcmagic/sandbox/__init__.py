"""What a check leaves as it found it: arrays, objects, random generators, globals."""

from .entries import Held
from .owned import attribute_names, global_names, users_own
from .snapshot import Snapshot, untouched
from .unseen import unheard, unseen

__all__ = [
    "Held",
    "Snapshot",
    "attribute_names",
    "global_names",
    "unheard",
    "unseen",
    "untouched",
    "users_own",
]
