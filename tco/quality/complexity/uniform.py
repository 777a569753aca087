"""Complexities spread evenly, as ranks are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tco.fields import Share
from tco.plugin import together
from tco.quality.complexity import Complexity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Uniform(Complexity):
    """Evenly between two complexities; equal ones for requests that are all alike."""

    kind: Literal["uniform"] = "uniform"
    low_complexity: Share = 0.0
    """Least complexity."""
    high_complexity: Share = 1.0
    """Most complexity."""

    @together("low_complexity", "high_complexity")
    def _in_order(self) -> None:
        if self.low_complexity > self.high_complexity:
            raise ValueError(
                f"low_complexity {self.low_complexity:g} is above high_complexity {self.high_complexity:g}"
            )

    def quantile(self, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Stretch.

        >>> import numpy as np
        >>> Uniform(low_complexity=0.5).quantile(np.array([0.0, 0.5])).tolist()
        [0.5, 0.75]
        """
        return self.low_complexity + (self.high_complexity - self.low_complexity) * uniform
