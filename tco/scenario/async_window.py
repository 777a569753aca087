"""Async window: the hours of the day in which a fleet takes async calls, and by when each has to be answered."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.plugin import Frozen, together
from tco.units import HOURS_PER_DAY, SECONDS_PER_HOUR


class AsyncWindow(Frozen):
    """Async calls wait for these hours, every day, and run on what people leave idle."""

    from_hour: Annotated[float, Field(ge=0, lt=HOURS_PER_DAY)]
    """Hour of the day, as the weekly profile counts it, at which the window opens: 22.5 for half past ten at night."""
    to_hour: Annotated[float, Field(ge=0, le=HOURS_PER_DAY)]
    """Hour of the day at which it closes, after midnight where it is below `from_hour`; from 0 to 24 it never does."""
    deadline_hours: Annotated[float, Field(gt=0, le=168)] = 24.0
    """Time from a call's arrival at the tier by which its answer has to be complete, hours; a later one counts as
    missed."""

    max_replica_requests: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Most async calls that the fleet has at a time, for each replica; others go on waiting. Fewer leave people faster
    answers while jobs run, and carry fewer jobs. None: as many as fit beside people."""

    @together("from_hour", "to_hour")
    def _opens_and_closes(self) -> None:
        if self.from_hour == self.to_hour:
            raise ValueError(
                f"from_hour {self.from_hour:g} is to_hour {self.to_hour:g}: the window is never open, or always; "
                "allowed: two hours that differ, 0 and 24 for the whole day"
            )

    @together("from_hour", "to_hour", "deadline_hours")
    def _deadline_outlasts_the_wait(self) -> None:
        if self.from_hour != self.to_hour and self.deadline_hours <= self.longest_wait_hours:
            raise ValueError(
                f"deadline_hours {self.deadline_hours:g} is not above the longest wait for the window, "
                f"{self.longest_wait_hours:g} h from {self.to_hour:g} to {self.from_hour:g}: who comes when it closes "
                "would never be answered in time"
            )

    @property
    def open_hours(self) -> float:
        """Hours a day for which it is open.

        >>> AsyncWindow(from_hour=22, to_hour=6).open_hours, AsyncWindow(from_hour=0, to_hour=24).open_hours
        (8.0, 24.0)
        """
        return (self.to_hour - self.from_hour) % HOURS_PER_DAY or float(HOURS_PER_DAY)

    @property
    def longest_wait_hours(self) -> float:
        """Hours that a call waits which comes when the window closes."""
        return HOURS_PER_DAY - self.open_hours

    @property
    def deadline_s(self) -> float:
        """Time from arrival to the deadline, seconds."""
        return self.deadline_hours * SECONDS_PER_HOUR

    def open_share(self, hour_of_week: int) -> float:
        """Return the share of an hour of the week for which it is open.

        >>> [AsyncWindow(from_hour=22.5, to_hour=6).open_share(hour) for hour in (21, 22, 23, 24, 29, 30)]
        [0.0, 0.5, 1.0, 1.0, 1.0, 0.0]
        """
        since = (hour_of_week - self.from_hour) % HOURS_PER_DAY  # hours since it opened, when the hour begins
        begun = max(min(self.open_hours - since, 1.0), 0.0)
        next_opening = HOURS_PER_DAY - since
        return min(begun + max(1.0 - next_opening, 0.0), 1.0)
