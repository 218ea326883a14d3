"""All networks of the first suite, their single bugs, and pairs of them."""

from __future__ import annotations

import random
from itertools import combinations

from . import mlps, normalised, objects, structured
from .cases import Case, bugs

NETWORKS = (*mlps.NETWORKS, *normalised.NETWORKS, *structured.NETWORKS, *objects.NETWORKS)
RIGHT = tuple(Case(network) for network in NETWORKS)
SINGLE = tuple(bugs(*NETWORKS))
PAIRS_DRAWN = 40


def pairs(count: int = PAIRS_DRAWN, seed: int = 0) -> tuple[Case, ...]:
    """Two bugs at once in different lines of one network, drawn with a seed."""
    possible = [
        Case(network, (first, second))
        for network in NETWORKS
        for first, second in combinations(network.mutations, 2)
        if not set(first.before.split("\n")) & set(second.before.split("\n"))
    ]
    return tuple(random.Random(seed).sample(possible, count))
