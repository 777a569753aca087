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
    """Share of the sized fleet that is on in each hour of the week, Monday 00:00 first; replicas are rounded up."""

    def wanted(self, inside: float, hour_of_week: float, capacity_sequences: int, sized: int) -> int:
        """Look the hour up."""
        del inside, capacity_sequences
        return ceil(sized * self.fleet_shares[int(hour_of_week) % HOURS_PER_WEEK])
