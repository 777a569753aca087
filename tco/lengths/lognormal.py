"""Log-normal lengths, given by the two figures people usually know: the median and the 95th percentile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from tco.lengths import MAX_TOKENS, LengthDistribution
from tco.serving.latency import lognormal_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LogNormal(LengthDistribution):
    """Lengths whose logarithm is normal."""

    kind: Literal["lognormal"] = "lognormal"
    p50_tokens: Annotated[float, Field(ge=1, le=MAX_TOKENS)]
    """Median length, tokens."""
    p95_tokens: Annotated[float, Field(ge=1, le=MAX_TOKENS)]
    """95th percentile, tokens."""
    max_tokens: Annotated[float, Field(ge=1, le=MAX_TOKENS)]
    """Longest length, tokens; the tail beyond is cut to it, as a context window would."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.p50_tokens <= self.p95_tokens <= self.max_tokens:
            raise ValueError(
                f"p50_tokens {self.p50_tokens:g}, p95_tokens {self.p95_tokens:g} and max_tokens "
                f"{self.max_tokens:g} must not decrease"
            )
        return self

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Invert the log-normal distribution function, cut at the longest length."""
        import numpy as np  # not at the top: `tco check` does without it

        return np.minimum(lognormal_quantile(uniform, self.p50_tokens, self.p95_tokens), self.max_tokens)
