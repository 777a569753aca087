"""Exponential lengths: the law of queueing theory, in which how much is left says nothing about how much is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.lengths import MAX_TOKENS, LengthDistribution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Exponential(LengthDistribution):
    """Continuous in law, then rounded to whole tokens, at least 1; choose a mean of thousands where that matters."""

    kind: Literal["exponential"] = "exponential"
    mean_tokens: Annotated[float, Field(ge=1, le=MAX_TOKENS)]
    """Mean length before rounding, tokens."""

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Invert the exponential distribution function."""
        import numpy as np  # not at the top: `tco check` does without it

        return np.asarray(-self.mean_tokens * np.log1p(-uniform))
