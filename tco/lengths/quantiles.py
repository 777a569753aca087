"""Lengths from a table of measured quantiles, straight lines between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.fields import Share, Source, quantile_table
from tco.lengths import MAX_TOKENS, LengthDistribution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Quantiles(LengthDistribution):
    """A table of (probability, tokens), linear in between."""

    kind: Literal["quantiles"] = "quantiles"
    table: Annotated[
        tuple[Annotated[tuple[Share, Annotated[float, Field(ge=0, le=MAX_TOKENS)]], Field(strict=False)], ...],
        Field(min_length=2, strict=False),
        quantile_table("lengths"),
    ]
    """Pairs of probability and length in tokens, from probability 0 to 1."""
    source: Source
    """Where the table was measured."""

    @property
    def longest_tokens(self) -> float:
        """Longest length of the table, tokens."""
        return self.table[-1][1]

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate the table."""
        import numpy as np  # not at the top: `tco check` does without it

        probabilities, lengths = zip(*self.table, strict=True)
        return np.asarray(np.interp(uniform, probabilities, lengths))
