"""No scaling: what the busiest hour needs is on all month."""

from __future__ import annotations

from typing import Literal

from tco.policies.scaling import ScalingPolicy


class Fixed(ScalingPolicy):
    """Every replica stays on."""

    kind: Literal["fixed"] = "fixed"

    @property
    def is_fixed(self) -> bool:
        """Nothing is decided."""
        return True

    def wanted(self, inside: float, hour_of_week: float, capacity_sequences: int, sized: int) -> int:
        """All of them."""
        del inside, hour_of_week, capacity_sequences
        return sized
