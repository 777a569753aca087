"""The same chance for every request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tco.fields import Share, Source
from tco.quality.curves import SuccessCurve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Fixed(SuccessCurve):
    """A measured share of good answers, whatever is asked."""

    kind: Literal["fixed"] = "fixed"
    success_share: Share
    """Share of requests that are answered well."""
    source: Source
    """Where it was measured."""

    def success_probability(self, complexity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share for all.

        >>> import numpy as np
        >>> Fixed(success_share=0.8, source="made up").success_probability(np.array([0.1, 0.9])).tolist()
        [0.8, 0.8]
        """
        import numpy as np  # not at the top: `tco check` does without it

        return np.full(len(complexity), self.success_share)
