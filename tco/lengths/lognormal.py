"""Log-normal lengths, given by the two figures people usually know: the median and the 95th percentile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.lengths import MAX_TOKENS, LengthDistribution
from tco.plugin import together
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

    @together("p50_tokens", "p95_tokens", "max_tokens")
    def _in_order(self) -> None:
        if not self.p50_tokens <= self.p95_tokens <= self.max_tokens:
            raise ValueError(
                f"p50_tokens {self.p50_tokens:g}, p95_tokens {self.p95_tokens:g} and max_tokens "
                f"{self.max_tokens:g} must not decrease"
            )

    @property
    def longest_tokens(self) -> float:
        """Longest length, tokens."""
        return self.max_tokens

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Invert the log-normal distribution function, cut at the longest length."""
        import numpy as np  # not at the top: `tco check` does without it

        return np.minimum(lognormal_quantile(uniform, self.p50_tokens, self.p95_tokens), self.max_tokens)
