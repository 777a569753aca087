"""Scaling by the clock: a share of the sized fleet for each hour of the week."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal

from pydantic import Field

from tco.fields import Share
from tco.policies.scaling import ScalingPolicy
from tco.units import HOURS_PER_WEEK


class Schedule(ScalingPolicy):
    """A timetable. Replicas are ordered `startup_s` before the hour that needs them."""

    kind: Literal["schedule"] = "schedule"
    fleet_shares: Annotated[
        tuple[Share, ...], Field(min_length=HOURS_PER_WEEK, max_length=HOURS_PER_WEEK, strict=False)
    ]
    """Share of the sized fleet that is on in each hour of the week, Monday 00:00 first; replicas are rounded up.
    0 switches the whole fleet off, whatever `min_replicas` says; allowed in hours in which `traffic.hour_of_week` is
    0."""

    def least(self, stated: int, hour_of_week: float) -> int:
        """Keep none of the fleet on where the timetable says so.

        >>> office = Schedule(fleet_shares=(0.0,) * 8 + (1.0,) * 160)
        >>> office.least(2, 7.5), office.least(2, 8.0)
        (0, 2)
        """
        return stated if self.fleet_shares[int(hour_of_week) % HOURS_PER_WEEK] > 0 else 0

    def wanted(self, inside: float, hour_of_week: float, capacity_sequences: int, sized: int) -> int:
        """Look the hour up."""
        del inside, capacity_sequences
        return ceil(sized * self.fleet_shares[int(hour_of_week) % HOURS_PER_WEEK])
