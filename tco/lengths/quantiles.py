"""Lengths from a table of measured quantiles, straight lines between them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from tco.fields import Share, Source
from tco.lengths import MAX_TOKENS, LengthDistribution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def _whole_range(table: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if (table[0][0], table[-1][0]) != (0.0, 1.0):
        raise ValueError("the table must begin at probability 0 and end at probability 1")
    for (p, tokens), (next_p, next_tokens) in pairwise(table):
        if next_p <= p:
            raise ValueError(f"probability {next_p:g} follows {p:g}; probabilities must rise")
        if next_tokens < tokens:
            raise ValueError(f"{next_tokens:g} tokens follow {tokens:g}; lengths must not fall")
    return table


class Quantiles(LengthDistribution):
    """A table of (probability, tokens), linear in between."""

    kind: Literal["quantiles"] = "quantiles"
    table: Annotated[
        tuple[Annotated[tuple[Share, Annotated[float, Field(ge=0, le=MAX_TOKENS)]], Field(strict=False)], ...],
        Field(min_length=2, strict=False),
        AfterValidator(_whole_range),
    ]
    """Pairs of probability and length in tokens, from probability 0 to 1."""
    source: Source
    """Where the table was measured."""

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate the table."""
        import numpy as np  # not at the top: `tco check` does without it

        probabilities, lengths = zip(*self.table, strict=True)
        return np.asarray(np.interp(uniform, probabilities, lengths))
