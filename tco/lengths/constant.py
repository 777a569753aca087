"""Every request has the same length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.lengths import MAX_TOKENS, LengthDistribution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Constant(LengthDistribution):
    """A fixed number of tokens."""

    kind: Literal["constant"] = "constant"
    tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS)]
    """Length of every request, tokens."""

    @property
    def longest_tokens(self) -> float:
        """The one length, tokens."""
        return self.tokens

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Ignore chance."""
        import numpy as np  # not at the top: `tco check` does without it

        return np.full(len(uniform), float(self.tokens))
