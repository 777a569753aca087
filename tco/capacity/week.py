"""Week: what requests meet over the hours of a week, where that depends on the load: a mean, not the busiest hour's.

A fleet that spills over, or an API that refuses what exceeds its limits, does so in busy hours and not at night. The
month's bill takes the mean of its hours, each at its own load, weighed by its requests.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import fields, replace
from math import fsum
from typing import Any

from tco.capacity.window import TierWindow, Window
from tco.demand.forecast import Month

LOADS = 6  # of a week that are simulated; between two of them the line is taken
PER_REQUEST = "_per_request"  # ending of what is counted by the request
SHARES = ("cached_share", "served_share")


def week_rates(months: Sequence[Month], week: list[float]) -> tuple[float, ...]:
    """Choose the rates to simulate for months with the same fleet, rising; one where every hour has the same load.

    >>> months = [Month(0, "2026-12", 0.0, 2.0, 6.4)]
    >>> [round(rate, 3) for rate in week_rates(months, [0.1, 0.7, 3.2])]
    [0.2, 0.4, 0.8, 1.6, 3.2, 6.4]
    """
    highest = max(month.peak_rps for month in months)
    lowest = min(month.mean_rps for month in months) * min(weight for weight in week if weight > 0)
    if lowest >= highest * (1.0 - 1e-9):
        return (highest,)
    step = (highest / lowest) ** (1.0 / (LOADS - 1))
    return (*(lowest * step**number for number in range(LOADS - 1)), highest)


def weights_of(rates: Sequence[float], mean_rps: float, week: list[float]) -> list[float]:
    """Say how much each simulated rate counts in the mean over a month's requests; the weights sum to 1.

    Args:
        rates: simulated rates, rising.
        mean_rps: mean rate of the month.
        week: relative rate of each hour, mean 1.

    Half of the hours at 0.5 and half at 1.5 of 2 a second: a quarter of the requests at 1, three quarters at 3.

    >>> weights_of([1.0, 2.0, 4.0], 2.0, [0.5, 1.5])
    [0.25, 0.375, 0.375]
    """
    found = [0.0] * len(rates)
    total = fsum(week)
    for weight in week:
        rate, counts = mean_rps * weight, weight / total
        right = bisect_left(rates, rate)
        if right == 0 or right == len(rates):
            found[min(right, len(rates) - 1)] += counts
            continue
        share = (rate - rates[right - 1]) / (rates[right] - rates[right - 1])
        found[right - 1] += counts * (1.0 - share)
        found[right] += counts * share
    return found


def blended(window: Window, windows: Sequence[Window], weights: list[float]) -> Window:
    """Return a window whose counts by the request are means over others; the rest is as it was."""
    tiers = {
        name: replace(tier, **_means(tier, [each.tiers[name] for each in windows], weights))
        for name, tier in window.tiers.items()
    }
    requests = sum(each.requests for each in windows)
    return replace(
        window, **{**_means(window, windows, weights), "tiers": tiers}, requests=requests, loads=len(windows)
    )


def _means(one: Window | TierWindow, windows: Sequence[Window | TierWindow], weights: list[float]) -> dict[str, Any]:
    names = [field.name for field in fields(one) if field.name.endswith(PER_REQUEST) or field.name in SHARES]
    return {name: _mean([getattr(each, name) for each in windows], weights) for name in names}


def _mean(values: list[Any], weights: list[float]) -> Any:
    """Weigh figures, or dictionaries of them; unknown where one is unknown."""
    if any(value is None for value in values):
        return None
    if isinstance(values[0], dict):
        keys = dict.fromkeys(key for value in values for key in value)
        return {key: _mean([value.get(key, 0.0) for value in values], weights) for key in keys}
    return fsum(value * weight for value, weight in zip(values, weights, strict=True))
