"""Load levels: what a tier that follows its load needs in every hour, from windows at a few rates.

A platform that starts and stops workers costs and answers differently at every load: thin traffic pays for idle time
and finds its workers cold. One window in the busiest hour, times the month's volume, would see neither. So an option
with such a tier is simulated at rates from the quietest hour of the plan to the busiest, each `STEP` times the one
before, and every hour of every month is read off the line between two of them. Below the lowest level the line goes
to the floor: what is paid without any traffic.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import ceil, log

from tco.capacity.window import RegionWindow, TierWindow, Window
from tco.demand.forecast import Month

STEP = 1.5  # between levels; the line is then at most 1.5 % below a curve that bends like 1 - exp(-x)
MOST_LEVELS = 24  # over rates of 1 to 11 000; below, workers are so rarely needed that cost is a straight line


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """Something that follows the load, such as paid workers.

    Attributes:
        rates_rps: simulated rates, rising, requests per second.
        values: what was seen at each of them.
        floor: what there is without any traffic.
    """

    rates_rps: tuple[float, ...]
    values: tuple[float, ...]
    floor: float = 0.0

    def at(self, rate_rps: float) -> float:
        """Interpolate; above the highest level the last one holds.

        >>> curve = LoadCurve((1.0, 3.0), (2.0, 8.0), floor=1.0)
        >>> curve.at(0.5), curve.at(2.0), curve.at(9.0)
        (1.5, 5.0, 8.0)
        """
        rates, values = (0.0, *self.rates_rps), (self.floor, *self.values)
        if rate_rps >= rates[-1]:
            return values[-1]
        right = max(bisect_left(rates, rate_rps), 1)
        share = (rate_rps - rates[right - 1]) / (rates[right] - rates[right - 1])
        return values[right - 1] + share * (values[right] - values[right - 1])

    def mean_over_week(self, mean_rps: float, week: list[float]) -> float:
        """Average over the hours of the week.

        Args:
            mean_rps: mean rate of the month, requests per second.
            week: relative rate of each hour, mean 1.
        """
        return sum(self.at(mean_rps * weight) for weight in week) / len(week)


def level_rates(months: tuple[Month, ...], week: list[float]) -> tuple[float, ...]:
    """Choose the rates to simulate, rising, requests per second; the last is the busiest hour of the plan.

    Args:
        months: the demand.
        week: relative rate of each hour, mean 1.
    """
    highest = max(month.peak_rps for month in months)
    lowest = min(month.mean_rps for month in months) * min(weight for weight in week if weight > 0)
    lowest = max(lowest, highest / STEP ** (MOST_LEVELS - 1))
    steps = ceil(round(log(highest / lowest) / log(STEP), 9))
    return (*(lowest * (highest / lowest) ** (step / steps) for step in range(steps)), highest)


def paid_workers(levels: tuple[Window, ...], tier: str, floor: float) -> LoadCurve:
    """Read the mean number of paid workers off the load levels, those of all regions added up.

    Only the settled part of a window counts, which each region has of its own. Where a window was too short to settle,
    all of it does, start included.

    Args:
        levels: windows at rising rates.
        tier: name of the tier.
        floor: workers that are paid without any traffic, in each region where the tier stands.
    """
    workers, regions = [], 1
    for window in levels:
        seen = window.tiers[tier]
        regions = max(len(seen.regions), 1)
        parts: list[TierWindow | RegionWindow] = [*seen.regions.values()] or [seen]
        workers.append(sum(_paid_workers(part, window.rate_rps, floor) for part in parts))
    return LoadCurve(tuple(window.rate_rps for window in levels), tuple(workers), floor * regions)


def _paid_workers(part: TierWindow | RegionWindow, rate_rps: float, floor: float) -> float:
    counts = part.counts_per_request
    if not part.visits_per_request and not counts["cold_starts"]:
        return floor  # nobody came: the books go on for as long as other stations take, and say no more
    settled = counts["steady_s"] > 0
    watched_s = counts["steady_s"] if settled else 1.0 / rate_rps
    return counts["steady_worker_s" if settled else "paid_worker_s"] / watched_s


def cold_rps(levels: tuple[Window, ...], tier: str) -> LoadCurve:
    """Read the rate of requests that find no free place and wait for a start off the load levels."""
    rates = tuple(window.rate_rps for window in levels)
    cold = tuple(w.rate_rps * w.tiers[tier].counts_per_request["cold_requests"] for w in levels)
    return LoadCurve(rates, cold)
