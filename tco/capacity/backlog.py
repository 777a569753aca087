"""Backlog: the hour of a fleet's window in which people meet a queue of async calls, as a workload.

Priority admits people first, but batches are full of jobs then: a step takes longer, and a place has to become free.
The busiest hour of the week need not show it, because jobs have other hours. So the busiest hour of the window is
simulated with jobs that come somewhat faster than they are carried, made of the same requests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from tco.capacity.async_nights import AsyncDemand, idle_rps
from tco.demand.workload import MOST_LASTING_REQUESTS, Workload
from tco.scenario.tiers.gpu_fleet import GpuFleet
from tco.units import HOURS_PER_DAY

STANDING = 1.25  # jobs that come over jobs that are carried: a queue before the warm-up is over, in windows of minutes
LEAST_PEOPLE = 250  # in the window, so that the 95th percentile after the warm-up rests on ten


@dataclass(frozen=True, slots=True)
class Night:
    """A window in which jobs always wait.

    Attributes:
        workload: its requests.
        rate_rps: rate of all of them, requests per second.
    """

    workload: Workload
    rate_rps: float


def busiest_night(
    tier: GpuFleet, demand: AsyncDemand, workload: Workload, mean_rps: float, week: list[float], replicas: int
) -> Night | None:
    """Make the window; None where people or jobs never meet in the tier.

    Args:
        tier: the fleet, which has a window.
        demand: what it gets.
        workload: the requests that the window is made of.
        mean_rps: mean rate of the option's requests over the week, requests per second.
        week: relative rate of each hour, mean 1.
        replicas: replicas of the sized fleet.
    """
    window = tier.async_window
    people = workload.interactive
    if window is None or not demand.people_share or not demand.jobs_share or people.all() or not people.any():
        return None
    open_hours = [hour for hour in range(len(week)) if window.open_share(hour) > 0.0]
    hour = max(open_hours, key=lambda each: week[each])
    idle = idle_rps(tier, demand, mean_rps, week, replicas, hour)
    people_rps = mean_rps * week[hour] * float(people.mean())
    if people_rps == 0.0 or idle == 0.0:
        return None
    jobs_rps = STANDING * idle * float((~people).mean()) / demand.jobs_share
    rate_rps = people_rps + jobs_rps
    begins = hour + (window.from_hour % 1.0 if hour % HOURS_PER_DAY == int(window.from_hour) else 0.0)
    return Night(_mixed(workload, people_rps / rate_rps, begins), rate_rps)


def _mixed(workload: Workload, people_share: float, start_hour: float) -> Workload:
    """Take people and jobs from a workload, each in their order, in other shares."""
    count = min(max(len(workload), ceil(LEAST_PEOPLE / people_share)), MOST_LASTING_REQUESTS)
    people = workload.streams.uniform("class", count) < people_share
    rows = np.empty(count, np.int64)
    for chosen, those in ((people, workload.interactive), (~people, ~workload.interactive)):
        rows[chosen] = np.resize(np.flatnonzero(those), int(chosen.sum()))
    return replace(
        workload,
        unit_arrivals=np.cumsum(np.resize(_gaps(workload), count)),
        class_index=workload.class_index[rows],
        input_tokens=workload.input_tokens[rows],
        output_tokens=workload.output_tokens[rows],
        prompt_parts={name: tokens[rows] for name, tokens in workload.prompt_parts.items()},
        interactive=workload.interactive[rows],
        measured=np.arange(count) >= int(count * float((~workload.measured).mean())),
        start_hour=start_hour,
        week=None,
        _drawn={},
    )


def _gaps(workload: Workload) -> NDArray[np.float64]:
    return np.diff(workload.unit_arrivals, prepend=0.0)
