"""Complexities from a table of quantiles, straight lines between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.fields import Share, Source, quantile_table
from tco.quality.complexity import Complexity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Quantiles(Complexity):
    """A table of (probability, complexity)."""

    kind: Literal["quantiles"] = "quantiles"
    table: Annotated[
        tuple[Annotated[tuple[Share, Share], Field(strict=False)], ...],
        Field(min_length=2, max_length=10_000, strict=False),
        quantile_table("complexities"),
    ]
    """Pairs of probability and complexity, from probability 0 to 1."""
    source: Source
    """Where the table was measured."""

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate the table.

        >>> import numpy as np
        >>> Quantiles(table=((0.0, 0.0), (1.0, 0.4)), source="made up").quantile(np.array([0.5])).tolist()
        [0.2]
        """
        import numpy as np  # not at the top: `tco check` does without it

        probabilities, complexities = zip(*self.table, strict=True)
        return np.asarray(np.interp(uniform, probabilities, complexities))
