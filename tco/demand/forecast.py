"""Forecast: volume, mean rate and busiest hour of every month of the plan."""

from __future__ import annotations

from dataclasses import dataclass

from tco import catalog
from tco.scenario import Scenario
from tco.scenario.traffic import Traffic
from tco.units import HOURS_PER_MONTH, SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Month:
    """One month of demand.

    Attributes:
        index: 0 is the first month.
        label: calendar month, `2026-12`.
        requests: volume of the month.
        mean_rps: volume spread evenly over 730 hours, requests per second.
        peak_rps: rate in the busiest hour of the week, requests per second.
    """

    index: int
    label: str
    requests: float
    mean_rps: float
    peak_rps: float


def forecast(scenario: Scenario) -> tuple[Month, ...]:
    """Lay out the demand of every month of the horizon."""
    traffic = scenario.traffic
    peak = peak_to_mean(traffic)
    months = []
    for index in range(scenario.horizon_months):
        requests = traffic.requests_per_month * (1.0 + traffic.growth_fraction_per_month) ** index
        mean_rps = requests / (HOURS_PER_MONTH * SECONDS_PER_HOUR)
        months.append(Month(index, month_label(scenario.start, index), requests, mean_rps, mean_rps * peak))
    return tuple(months)


def peak_to_mean(traffic: Traffic) -> float:
    """Return the busiest hour's rate over the mean hour's."""
    return max(week_profile(traffic))


def week_profile(traffic: Traffic) -> list[float]:
    """Return the relative rate of each hour of the week, Monday 00:00 first, mean 1."""
    profile = traffic.hour_of_week
    weights = catalog.hour_of_week_profiles()[profile] if isinstance(profile, str) else profile
    mean = sum(weights) / len(weights)
    return [weight / mean for weight in weights]


def month_index(start: str, label: str) -> int:
    """Count the months from `start` to a calendar month; below 0 for one before it.

    >>> month_index("2026-12", "2027-02"), month_index("2026-12", "2026-11")
    (2, -1)
    """
    (year, month), (to_year, to_month) = ([int(part) for part in text.split("-")] for text in (start, label))
    return (to_year - year) * 12 + to_month - month


def month_label(start: str, index: int) -> str:
    """Name the calendar month `index` months after `start`.

    >>> month_label("2026-12", 1)
    '2027-01'
    """
    year, month = (int(part) for part in start.split("-"))
    months = year * 12 + month - 1 + index
    return f"{months // 12:04d}-{months % 12 + 1:02d}"
