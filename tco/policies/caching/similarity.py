"""Similarity: how near the nearest neighbour of a question is, where it asks the same and where it does not."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field

from tco.fields import Share, Source, quantile_table
from tco.plugin import Frozen

Table = tuple[tuple[float, float], ...]


Quantiles = Annotated[
    tuple[Annotated[tuple[Share, Share], Field(strict=False)], ...],
    Field(min_length=2, max_length=10_000, strict=False),
    quantile_table("similarities", strictly=True),
]


class Similarity(Frozen):
    """Cosine similarity of nearest neighbours, as two tables of (probability, similarity) read with straight lines."""

    right: Quantiles
    """Similarity of the nearest neighbour where it asks the same."""
    other: Quantiles
    """Similarity of the nearest neighbour where it asks something else."""
    right_nearest_share: Share = 1.0
    """Share of the questions with an answer in the cache whose nearest neighbour is that answer's."""
    source: Source
    """Where it was measured."""

    def right_share_above(self, threshold: float) -> float:
        """Return the share of right neighbours at least this similar."""
        return _share_above(self.right, threshold)

    def other_share_above(self, threshold: float) -> float:
        """Return the share of other neighbours at least this similar."""
        return _share_above(self.other, threshold)


def _share_above(table: Table, threshold: float) -> float:
    """Read a table of quantiles backwards.

    >>> _share_above(((0.0, 0.5), (1.0, 0.9)), 0.6)
    0.75
    """
    if threshold <= table[0][1]:
        return 1.0
    for (p, low), (next_p, high) in pairwise(table):
        if threshold <= high:
            return round(1.0 - p - (next_p - p) * (threshold - low) / (high - low), 12)
    return 0.0


# Derived by docs/derivations/similarity.py.
CLINC150 = Similarity(
    right=(
        (0.0, 0.4894), (0.01, 0.6261), (0.05, 0.7014), (0.1, 0.7421), (0.2, 0.7902), (0.3, 0.8233), (0.4, 0.8484),
        (0.5, 0.8705), (0.6, 0.8905), (0.7, 0.9098), (0.8, 0.9304), (0.9, 0.9537), (0.95, 0.9697), (0.99, 0.9864),
        (1.0, 1.0),
    ),
    other=(
        (0.0, 0.3936), (0.01, 0.4944), (0.05, 0.5488), (0.1, 0.586), (0.2, 0.6307), (0.3, 0.6625), (0.4, 0.695),
        (0.5, 0.7227), (0.6, 0.7535), (0.7, 0.7825), (0.8, 0.8136), (0.9, 0.8552), (0.95, 0.8842), (0.99, 0.9362),
        (1.0, 1.0),
    ),
    right_nearest_share=0.8586,
    source="CLINC150 questions with USE-lite embeddings, nearest of all earlier ones (docs/derivations/similarity.py)",
)  # fmt: skip
