"""Lengths spread evenly between two bounds, as benchmark harnesses draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.lengths import MAX_TOKENS, LengthDistribution
from tco.plugin import together

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Uniform(LengthDistribution):
    """Every length between the bounds is as likely."""

    kind: Literal["uniform"] = "uniform"
    min_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS)]
    """Shortest length, tokens."""
    max_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS)]
    """Longest length, tokens."""

    @together("min_tokens", "max_tokens")
    def _in_order(self) -> None:
        if self.min_tokens > self.max_tokens:
            raise ValueError(f"min_tokens {self.min_tokens} is above max_tokens {self.max_tokens}")

    @property
    def longest_tokens(self) -> float:
        """Longest length, tokens."""
        return self.max_tokens

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Invert the uniform distribution function; the half tokens at the ends make rounding fair."""
        import numpy as np  # not at the top: `tco check` does without it

        spread = self.min_tokens - 0.5 + uniform * (self.max_tokens - self.min_tokens + 1)
        return np.clip(spread, self.min_tokens, self.max_tokens)  # half a token beyond may round outwards
