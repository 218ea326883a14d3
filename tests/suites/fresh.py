"""A fourth suite, held out too: its networks and bugs were written without a look at the edits."""

from __future__ import annotations

from . import (
    fresh_embeddings,
    fresh_layers,
    fresh_losses,
    fresh_models,
    fresh_sequences,
    fresh_statistics,
    fresh_style,
)
from .cases import Case, bugs

NETWORKS = (
    *fresh_layers.NETWORKS,
    *fresh_sequences.NETWORKS,
    *fresh_losses.NETWORKS,
    *fresh_embeddings.NETWORKS,
    *fresh_statistics.NETWORKS,
    *fresh_style.NETWORKS,
    *fresh_models.NETWORKS,
)
RIGHT = tuple(Case(network) for network in NETWORKS)
FRESH = tuple(bugs(*NETWORKS))
