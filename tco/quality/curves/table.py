"""A measured table, straight lines between its success_by_complexity."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from tco.fields import Share, Source
from tco.quality.curves import SuccessCurve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def _rising(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    for (low, _), (high, _) in pairwise(points):
        if high <= low:
            raise ValueError(f"complexity {high:g} follows {low:g}; complexities must rise")
    return points


class SuccessTable(SuccessCurve):
    """Pairs of complexity and share of good answers; level before the first and after the last."""

    kind: Literal["table"] = "table"
    success_by_complexity: Annotated[
        tuple[Annotated[tuple[Share, Share], Field(strict=False)], ...],
        Field(min_length=1, max_length=10_000, strict=False),
        AfterValidator(_rising),
    ]
    """Pairs of complexity (0 to 1) and share of good answers."""
    source: Source
    """Where the table was measured."""

    def success_probability(self, complexity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate.

        >>> import numpy as np
        >>> table = SuccessTable(success_by_complexity=((0.0, 1.0), (0.5, 0.8)), source="made up")
        >>> table.success_probability(np.array([0.25, 0.9])).round(3).tolist()
        [0.9, 0.8]
        """
        import numpy as np  # not at the top: `tco check` does without it

        at, shares = zip(*self.success_by_complexity, strict=True)
        return np.asarray(np.interp(complexity, at, shares))
