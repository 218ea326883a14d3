"""What a check leaves as it found it: arrays, objects, random generators, globals."""

from .owned import attribute_names, global_names, users_own
from .snapshot import Snapshot, untouched

__all__ = ["Snapshot", "attribute_names", "global_names", "untouched", "users_own"]
