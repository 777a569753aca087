"""Scaling: how many replicas of a fleet are on, given what is going on."""

from __future__ import annotations

from tco.fields import NonNegative, Positive
from tco.plugin import Plugin


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
