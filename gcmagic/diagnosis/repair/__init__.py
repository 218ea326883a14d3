"""The edit to the user's source that makes the check pass, found by trying and then proved.

A unit is a function that ran; an edit changes one statement of it; a trial runs the gradient with
the changed code in place; a target says which arrays that mends; a proof looks at other points.
"""

from __future__ import annotations

from .repairing import SECONDS, repair

__all__ = ["SECONDS", "repair"]
