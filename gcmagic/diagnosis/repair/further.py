"""Other edits of the same effect beside one that is proved: at its statement, then near it.

Where a search has gone far, it ends with the key that mends everything; which of several edits that
do the same was meant only the user can say, so those of the next key are tried there.
"""

from __future__ import annotations

from .line import Hit, Line
from .search import Search
from .sites import Edit, Site

# candidates that are tried for them, at most
FURTHER = 96


def further(search: Search, line: Line, shown: Edit) -> list[Hit]:
    """Go on where a search has ended, at one statement and at those beside it alone.

    Parameters
    ----------
    search, line
        The search, and the line of it in which the edit was found.
    shown
        The edit that others are to be named with.

    Returns
    -------
    list of Hit
        Edits that mend everything at the one point.
    """
    here = [(rank, place) for rank, place in line.places if place.site is shown.site]
    near = [(rank, place) for rank, place in line.places if _beside(place.site, shown.site)]
    if not here or line.key > here[0][0] + shown.level + 1:
        return []  # tried everywhere
    found: list[Hit] = []
    last = search.trial.count + FURTHER
    search.limit = max(search.limit, last)
    for places in (here, near):
        part = Line(places, line.wrong)
        part.key = line.key
        while part.key == line.key and search.trial.count < last and not search.over:
            search.step(part, amount=last - search.trial.count)
        found += part.hits
    return found


def _beside(site: Site, other: Site) -> bool:
    return site.body is other.body and abs(site.index - other.index) == 1
