"""Scaling: how many replicas of a fleet are on, given what is going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tco.fields import NonNegative, Positive
from tco.plugin import Plugin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ScalingPolicy(Plugin):
    """Base of the scaling policies."""

    startup_s: NonNegative = 0.0
    """Time from ordering a replica until it takes requests: machine, image, weights; seconds. It is paid for."""
    interval_s: Positive = 30.0
    """How often the number of replicas is decided, seconds."""

    @property
    def is_fixed(self) -> bool:
        """Whether every replica stays on."""
        return False

    def least(self, stated: int, hour_of_week: float) -> int:
        """Return the fewest replicas that stay on at an hour, where the fleet states a number."""
        del hour_of_week
        return stated

    def wanted(self, inside: float, hour_of_week: float, capacity_sequences: int, sized: int) -> int:
        """Say how many replicas should be on; the fleet keeps to its own least and to `sized`.

        Args:
            inside: requests in the fleet, waiting or running.
            hour_of_week: hours since Monday 00:00, of the moment for which replicas are ordered.
            capacity_sequences: sequences that one replica runs at most.
            sized: replicas that the busiest hour needs.
        """
        raise NotImplementedError

    def wanted_by_inside(self, most_inside: int, capacity_sequences: int, sized: int) -> NDArray[np.int64]:
        """Say how many should be on with 0 to so many requests in the fleet, where the hour plays no part.

        Args:
            most_inside: most requests in the fleet.
            capacity_sequences: sequences that one replica runs at most.
            sized: replicas that the busiest hour needs.
        """
        import numpy as np  # not at the top: `tco check` does without it

        insides = range(most_inside + 1)
        return np.array([self.wanted(inside, 0.0, capacity_sequences, sized) for inside in insides], np.int64)
