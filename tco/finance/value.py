"""Value over time: present value and break-even of monthly cost paths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tco.units import MONTHS_PER_YEAR

BUY_ABOVE = 1.5  # "buy when build exceeds 1.5 x vendor": brief S17

ROUNDING = 1e-12  # of a total; two sums of the same amounts in another order are no further apart


def discounted_usd(monthly_usd: NDArray[np.float64], discount_fraction_per_year: float) -> NDArray[np.float64]:
    """Return what each month of a path is worth today: (1 + r)^(-m/12) of its face value in month m; month 0 is today.

    The yearly rate is the effective one: twelve months of (1 + r)^(1/12) make a year of 1 + r. A spreadsheet's NPV
    discounts its first amount, too; this one does not.

    Args:
        monthly_usd: amount per month, USD.
        discount_fraction_per_year: yearly rate as a fraction, 0.08 for 8 %.

    >>> discounted_usd(np.array([100.0] + [0.0] * 11 + [110.0]), 0.10)[[0, 12]].round(9).tolist()
    [100.0, 100.0]
    """
    years = np.arange(len(monthly_usd)) / MONTHS_PER_YEAR
    return np.asarray(monthly_usd * (1.0 + discount_fraction_per_year) ** -years, np.float64)


def present_value_usd(monthly_usd: NDArray[np.float64], discount_fraction_per_year: float) -> float:
    """Discount a monthly cost path to today.

    Month m is worth (1 + r)^(-m/12) of its face value; month 0 is today.

    Args:
        monthly_usd: cost per month, shape (horizon_months,), USD.
        discount_fraction_per_year: yearly rate as a fraction, 0.08 for 8 %.

    >>> round(present_value_usd(np.array([0.0] * 12 + [110.0]), 0.10))
    100
    """
    return float(discounted_usd(monthly_usd, discount_fraction_per_year).sum())


def gross_margin(revenue_usd: float, cost_of_revenue_usd: float) -> float:
    """Return the share of revenue that is left after the cost of serving it; below zero when serving costs more.

    >>> gross_margin(300.0, 3000.0)  # brief C4: a $300 seat with $3,000 of inference
    -9.0
    """
    return (revenue_usd - cost_of_revenue_usd) / revenue_usd


def cheapest_usd(amounts_usd: list[float]) -> float:
    """Return the amount up to which others are as low as the lowest, but for the rounding of sums, USD.

    >>> cheapest_usd([3.0, 0.1 + 0.2, 0.3]) >= 0.1 + 0.2
    True
    """
    return min(amounts_usd) * (1.0 + ROUNDING)


def break_even_month(monthly_usd: NDArray[np.float64], baseline_usd: NDArray[np.float64]) -> int | None:
    """Find the month from which an option has cost no more in total than the baseline, and stays so.

    Both paths are added up from month 0. The result counts from 0; None when the option is not ahead at the end.

    Args:
        monthly_usd: cost per month of the option, shape (horizon_months,), USD.
        baseline_usd: cost per month of the baseline, same shape, USD.

    >>> break_even_month(np.array([5.0, 1.0, 1.0]), np.array([3.0, 2.0, 4.0]))  # 5 6 7 against 3 5 9
    2
    >>> break_even_month(np.array([5.0, 3.0]), np.array([3.0, 3.0])) is None
    True
    """
    ahead = np.cumsum(monthly_usd) <= np.cumsum(baseline_usd) * (1.0 + ROUNDING)
    if not ahead[-1]:
        return None
    behind = np.flatnonzero(~ahead)
    return int(behind[-1]) + 1 if len(behind) else 0


def ahead(monthly_usd: NDArray[np.float64], baseline_usd: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Find every span of months in which an option has cost no more in total than the baseline.

    Returns:
        First and last month of each span, counted from 0; several where the totals cross more than once.

    >>> ahead(np.array([1.0, 9.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0, 9.0]))  # 1 10 11 12 against 2 4 6 15
    [(0, 0), (3, 3)]
    """
    is_ahead = np.cumsum(monthly_usd) <= np.cumsum(baseline_usd) * (1.0 + ROUNDING)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_ahead, [False])).astype(np.int8)))
    return [(int(first), int(after) - 1) for first, after in edges.reshape(-1, 2)]


def build_or_buy(build_usd: float, buy_usd: float) -> str:
    """Apply the rule of thumb: buy when building costs more than 1.5 times the vendor.

    Returns:
        `buy`, `build` (it costs less), or `close` (dearer, but within the rule's margin).

    >>> build_or_buy(200.0, 100.0), build_or_buy(90.0, 100.0), build_or_buy(120.0, 100.0)
    ('buy', 'build', 'close')
    """
    if build_usd > BUY_ABOVE * buy_usd:
        return "buy"
    return "build" if build_usd <= buy_usd else "close"
