"""A third suite, held out as `unseen` is, and written after every edit was there."""

from __future__ import annotations

from . import held_layers, held_losses, held_models
from .cases import Case, bugs

NETWORKS = (*held_layers.NETWORKS, *held_losses.NETWORKS, *held_models.NETWORKS)
RIGHT = tuple(Case(network) for network in NETWORKS)
HELD_OUT = tuple(bugs(*NETWORKS))
