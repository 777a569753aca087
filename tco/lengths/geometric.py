"""Geometric lengths: after every token the answer ends with the same chance."""

from __future__ import annotations

from math import log1p
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.lengths import MAX_TOKENS, LengthDistribution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Geometric(LengthDistribution):
    """Whole tokens from 1 on; the discrete law without memory."""

    kind: Literal["geometric"] = "geometric"
    mean_tokens: Annotated[float, Field(gt=1, le=MAX_TOKENS)]
    """Mean length, tokens; the chance to end after a token is one over it. A mean of 1 is `constant`."""

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Invert the geometric distribution function."""
        import numpy as np  # not at the top: `tco check` does without it

        return np.asarray(np.ceil(np.log1p(-uniform) / log1p(-1.0 / self.mean_tokens)))
