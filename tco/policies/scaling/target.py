"""Scaling by load: so many replicas that each is as full as stated."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tco.policies.scaling import ScalingPolicy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TargetUtilisation(ScalingPolicy):
    """Requests in the fleet over the sequences that its replicas can run; what horizontal autoscalers follow."""

    kind: Literal["target"] = "target"
    target_utilisation: Annotated[float, Field(gt=0, le=1)]
    """Requests inside per sequence that a replica can run (its `max_sequences`), 0 to 1."""

    def wanted(self, inside: float, hour_of_week: float, capacity_sequences: int, sized: int) -> int:
        """Divide what is inside by what a replica should hold.

        >>> TargetUtilisation(target_utilisation=0.5).wanted(90.0, 0.0, 64, 8)
        3
        """
        del hour_of_week
        return min(ceil(inside / (self.target_utilisation * capacity_sequences)), sized)

    def wanted_by_inside(self, most_inside: int, capacity_sequences: int, sized: int) -> NDArray[np.int64]:
        """Divide all of them at once."""
        import numpy as np  # not at the top: `tco check` does without it

        full = np.ceil(np.arange(most_inside + 1) / (self.target_utilisation * capacity_sequences))
        return np.minimum(full, sized).astype(np.int64)
