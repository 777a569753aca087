"""Good answers to easy requests, few to hard ones, and a logistic curve between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.fields import Share, Source
from tco.plugin import together
from tco.quality.curves import SuccessCurve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Logistic(SuccessCurve):
    """least + (most - least) / (1 + exp(steepness_per_complexity * (complexity - half_complexity)))."""

    kind: Literal["logistic"] = "logistic"
    half_complexity: Annotated[float, Field(ge=-10, le=10)]
    """Complexity at which the chance is halfway between `most_share` and `least_share`; beyond 1 for a strong model."""
    steepness_per_complexity: Annotated[float, Field(ge=0, le=1000)]
    """How quickly the chance falls there: its slope is a quarter of this, times the whole fall."""
    least_share: Share = 0.0
    """Chance at the hardest requests, as by guessing."""
    most_share: Share = 1.0
    """Chance at the easiest requests."""
    source: Source
    """Where the curve was fitted."""

    @together("least_share", "most_share")
    def _falls(self) -> None:
        if self.least_share > self.most_share:
            raise ValueError(f"least_share {self.least_share:g} is above most_share {self.most_share:g}")

    def success_probability(self, complexity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Follow the curve.

        >>> import numpy as np
        >>> curve = Logistic(half_complexity=0.5, steepness_per_complexity=10.0, least_share=0.2, source="made up")
        >>> curve.success_probability(np.array([0.0, 0.5, 1.0])).round(3).tolist()
        [0.995, 0.6, 0.205]
        """
        import numpy as np  # not at the top: `tco check` does without it

        rise = self.steepness_per_complexity * (np.asarray(complexity) - self.half_complexity)
        return np.asarray(self.least_share + (self.most_share - self.least_share) / (1.0 + np.exp(rise)))
