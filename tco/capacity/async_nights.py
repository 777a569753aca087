"""Async nights: whether what people leave idle in a fleet's window carries the async calls by their deadline.

Windows of minutes cannot show it: a call may wait for a day. So it is counted, hour by hour of the week. A replica that
people keep busy for a share of an hour carries jobs for the rest of it, as fast as it would carry nothing but jobs
(`throughput`). Jobs are served in the order in which they come, and all have the same time to wait, so every call is
answered by its deadline exactly where no stretch of the week brings more than what is carried from its beginning until
its last call is due: the demand bound of scheduling by deadline.

Source: Baruah, Rosier and Howell (1990), "Algorithms and complexity concerning the preemptive scheduling of periodic
tasks", section 3; hours take the place of tasks here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from tco.capacity.scaling import replicas_on
from tco.capacity.throughput import carried_rps
from tco.domain import Outcome
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.serving.step_time import Server
from tco.sim.result import SimulationResult
from tco.units import HOURS_PER_DAY, HOURS_PER_WEEK, SECONDS_PER_HOUR

Hours = NDArray[np.float64]
LENGTHS = 5000  # requests whose lengths a throughput rests on
MOST_SHARE = 1000.0  # of a window in which people leave nothing idle; only says that it is hopeless
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class AsyncDemand:
    """What a fleet gets for each request that comes to the option.

    Attributes:
        people_share: visits of interactive requests.
        jobs_share: visits of async requests.
        people_rps: interactive requests a second that one replica carries if it gets no others; infinite for none.
        jobs_rps: the same for async ones.
    """

    people_share: float
    jobs_share: float
    people_rps: float
    jobs_rps: float


@dataclass(frozen=True, slots=True)
class AsyncLoad:
    """The stretch of the week in which a fleet's async calls come closest to what idle replicas carry, or exceed it.

    Attributes:
        tier: the fleet.
        replicas: how many it has.
        calls: async calls that come in the stretch.
        carried: async calls that idle replicas carry in its window, from then until the last of these is due.
        from_hour: hour of the week at which the stretch begins; None where it is the whole week, again and again.
        to_hour: hour at which it ends; None likewise.
        due_hour: hour at which its last call is due; None likewise.
        window: when the window is open, such as `22 to 6`.
    """

    tier: str
    replicas: int
    calls: float
    carried: float
    from_hour: float | None
    to_hour: float | None
    due_hour: float | None
    window: str

    @property
    def load_share(self) -> float:
        """Calls over what is carried."""
        return min(self.calls / self.carried, MOST_SHARE) if self.carried > 0 else MOST_SHARE

    def describe(self) -> str:
        """Say it in words.

        >>> AsyncLoad("own", 1, 8_680, 6_860, None, None, None, "1 to 6").describe()
        'async work of 1,240 calls a night exceeds the 980 that idle replicas of tier own carry in the window of 1 to 6'
        """
        verb = "exceeds" if self.load_share > 1.0 else "is within"
        carriers = f"idle replicas of tier {self.tier} carry in the window of {self.window}"
        if self.from_hour is None or self.to_hour is None or self.due_hour is None:
            return (
                f"async work of {self.calls / 7:,.0f} calls a night {verb} the {self.carried / 7:,.0f} that {carriers}"
            )
        return (
            f"async work of {self.calls:,.0f} calls from {at(self.from_hour)} to {at(self.to_hour)} {verb} the "
            f"{self.carried:,.0f} that {carriers} until the last is due, {at(self.due_hour)}"
        )


def at(hour_of_week: float) -> str:
    """Write an hour of the week.

    >>> at(22), at(24.5), at(168 + 6)
    ('Mon 22:00', 'Tue 00:30', 'Mon 06:00')
    """
    minutes = round(hour_of_week % HOURS_PER_WEEK * 60) % (HOURS_PER_WEEK * 60)
    return f"{DAYS[minutes // (HOURS_PER_DAY * 60)]} {minutes // 60 % HOURS_PER_DAY:02d}:{minutes % 60:02d}"


def read_demand(tier: GpuFleet, result: SimulationResult, name: str) -> AsyncDemand:
    """Read off a run what a fleet gets of an option's requests, and measure how fast a replica serves either kind."""
    visited, people = result.visited(name) & (result.outcome != Outcome.REJECTED), result.workload.interactive
    shares, rates = [], []
    for chosen, server in ((visited & people, tier.replica), (visited & ~people, _for_jobs(tier))):
        shares.append(float(chosen.mean()))
        workload, which = result.workload, np.flatnonzero(chosen)[:LENGTHS]
        lengths = zip(workload.input_tokens[which].tolist(), workload.output_tokens[which].tolist(), strict=True)
        rates.append(carried_rps(server, list(lengths)) if len(which) else inf)
    return AsyncDemand(*shares, *rates)


def _for_jobs(tier: GpuFleet) -> Server:
    """Leave a replica only as many places as jobs may take."""
    server = tier.replica
    places = tier.async_window.max_replica_requests if tier.async_window is not None else None
    fewer = server.max_sequences if places is None else min(places, server.max_sequences)
    return server.model_copy(update={"max_sequences": fewer})


def idle_rps(
    tier: GpuFleet, demand: AsyncDemand, mean_rps: float, week: list[float], replicas: int, hour: int
) -> float:
    """Return the async calls a second that a fleet carries beside people in an hour of the week, were its window open.

    Args:
        tier: the fleet.
        demand: what it gets.
        mean_rps: mean rate of the option's requests over the week, requests per second.
        week: relative rate of each hour, mean 1.
        replicas: replicas of the sized fleet.
        hour: hour of the week, Monday 00:00 first.
    """
    on = replicas_on(tier, replicas, 0.0, hour)
    taken = mean_rps * week[hour] * demand.people_share / demand.people_rps
    return demand.jobs_rps * max(on - taken, 0.0) if demand.jobs_share else 0.0


def async_load(
    name: str, tier: GpuFleet, demand: AsyncDemand, mean_rps: float, week: list[float], replicas: int
) -> AsyncLoad:
    """Find the stretch of the week that brings most of what is carried until its last call is due.

    Args:
        name: the fleet's name.
        tier: the fleet, which has a window.
        demand: what it gets.
        mean_rps: mean rate of the option's requests over the week, requests per second.
        week: relative rate of each hour, mean 1.
        replicas: replicas of the sized fleet.
    """
    window = tier.async_window
    assert window is not None  # noqa: S101  # as the caller made sure
    knots = np.union1d(
        np.arange(HOURS_PER_WEEK + 1.0),
        [day * HOURS_PER_DAY + hour for day in range(7) for hour in (window.from_hour, window.to_hour)],
    )
    middles = (knots[1:] + knots[:-1]) / 2
    is_open = (middles - window.from_hour) % HOURS_PER_DAY < window.open_hours
    idle = [idle_rps(tier, demand, mean_rps, week, replicas, int(middle)) for middle in middles]
    comes = [mean_rps * week[int(middle)] * demand.jobs_share for middle in middles]
    stretch = _tightest(knots, _sums(knots, np.array(comes)), _sums(knots, idle * is_open), window.deadline_hours)
    words = f"{window.from_hour:g} to {window.to_hour:g}"
    return AsyncLoad(name, replicas, *stretch, window=words)


def _sums(knots: Hours, rates_rps: Hours) -> Hours:
    """Count what rates between knots bring from the beginning of the week on."""
    return np.concatenate([[0.0], np.cumsum(rates_rps * np.diff(knots))]) * SECONDS_PER_HOUR


def _tightest(
    knots: Hours, came: Hours, carried: Hours, deadline_hours: float
) -> tuple[float, float, float | None, float | None, float | None]:
    """Return calls, what is carried, and the hours of the stretch where they come closest; no hours for a whole week.

    Between a beginning and an end at the hours looked at, the share only rises or only falls.
    """
    week_calls, week_carried = came[-1], carried[-1]

    def by(sums: Hours, hours: Hours) -> Hours:
        weeks, within = np.divmod(hours, HOURS_PER_WEEK)
        return np.asarray(weeks * sums[-1] + np.interp(within, knots, sums))

    begins = knots[:-1, None]
    ends = np.concatenate([knots[:-1], (knots[:-1] - deadline_hours) % HOURS_PER_WEEK])[None, :]
    further = ends <= begins  # into the next week
    calls = by(came, ends) - by(came, begins) + further * week_calls
    due = by(carried, ends + deadline_hours) - by(carried, begins) + further * week_carried
    shares = np.divide(calls, due, out=np.where(calls > 0, np.inf, 0.0), where=due > 0)
    row, column = np.unravel_index(int(np.argmax(shares)), shares.shape)
    if week_calls * due[row, column] >= calls[row, column] * week_carried:  # what is left over would pile up
        return float(week_calls), float(week_carried), None, None, None
    end = float(ends[0, column]) + HOURS_PER_WEEK * bool(further[row, column])
    return (
        float(calls[row, column]), float(due[row, column]), float(begins[row, 0]), end, end + deadline_hours,
    )  # fmt: skip


def least_replicas(name: str, tier: GpuFleet, demand: AsyncDemand, mean_rps: float, week: list[float], low: int) -> int:
    """Return the fewest replicas, from `low` to the tier's most, that carry every async call by its deadline.

    The most where even these do not.
    """

    def carries(replicas: int) -> bool:
        return async_load(name, tier, demand, mean_rps, week, replicas).load_share <= 1.0

    high = low
    while high < tier.max_replicas and not carries(high):
        low, high = high + 1, min(2 * high, tier.max_replicas)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if carries(middle) else (middle + 1, high)
    return high
