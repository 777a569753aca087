"""Unit economics: what one request, good answer, seat or user costs, and how much of the margin models take."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import pandas as pd

from tco.demand.forecast import Month
from tco.finance.totals import through
from tco.finance.value import gross_margin
from tco.scenario import Scenario
from tco.units import MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Business:
    """Revenue and its costs over some months.

    Attributes:
        revenue_usd: what customers pay.
        cost_of_revenue_usd: what serving them costs: every account but people's.
        model_usd: the part of it that models cost, accounts `serving:*`.
    """

    revenue_usd: float
    cost_of_revenue_usd: float
    model_usd: float

    @property
    def gross_margin(self) -> float:
        """Share of revenue that is left after the cost of serving it."""
        return gross_margin(self.revenue_usd, self.cost_of_revenue_usd)

    @property
    def model_revenue_share(self) -> float:
        """Model spend over revenue."""
        return self.model_usd / self.revenue_usd

    @property
    def model_margin_share(self) -> float | None:
        """Model spend over gross margin; None where nothing is left to hold it against.

        >>> Business(1000.0, 400.0, 120.0).model_margin_share  # 120 of the 600 that are left
        0.2
        >>> Business(300.0, 3000.0, 3000.0).model_margin_share is None
        True
        """
        left_usd = self.revenue_usd - self.cost_of_revenue_usd
        return self.model_usd / left_usd if left_usd > 0 else None


@dataclass(frozen=True, slots=True)
class UnitEconomics:
    """One option by the unit, over the plan, undiscounted, as money is used up (accrual).

    Attributes:
        cost_usd_per_request: full lens: all accounts, people included.
        marginal_usd_per_request: marginal lens: only what moves with every request, what one more costs until a fleet
            grows by a replica.
        cost_usd_per_success: per good answer; None where the quality of some answer is not known, or none is good.
        cost_usd_per_seat_month: per paying seat and month; None without a `business` block.
        cost_usd_per_user_month: per active user and month; None where their number is not stated.
        plan: revenue and its costs over the plan; None without a `business` block.
        first_year: the same over the first twelve months, or all of a shorter plan.
    """

    cost_usd_per_request: float
    marginal_usd_per_request: float
    cost_usd_per_success: float | None
    cost_usd_per_seat_month: float | None
    cost_usd_per_user_month: float | None
    plan: Business | None
    first_year: Business | None


def unit_economics(
    scenario: Scenario, ledger: pd.DataFrame, months: tuple[Month, ...], option: str, success_share: float | None
) -> UnitEconomics:
    """Divide an option's ledger by what it serves.

    Args:
        scenario: for seats, users and their price; both grow with the traffic.
        ledger: lines of the horizon.
        months: the demand.
        option: name of the option.
        success_share: share of the plan's requests that get a good answer; None where it is not known.
    """
    lines = through(ledger[ledger["option"] == option])
    requests, total = fsum(month.requests for month in months), fsum(lines["cost_usd"])
    sells, grown = scenario.business, requests / scenario.traffic.requests_per_month  # months of the first one's size
    return UnitEconomics(
        cost_usd_per_request=total / requests,
        marginal_usd_per_request=fsum(lines.loc[lines["driver"] == "volume", "cost_usd"]) / requests,
        cost_usd_per_success=total / (requests * success_share) if success_share else None,
        cost_usd_per_seat_month=None if sells is None else total / (sells.seats * grown),
        cost_usd_per_user_month=None if sells is None or sells.users is None else total / (sells.users * grown),
        plan=_business(scenario, lines, months),
        first_year=_business(scenario, lines, months[:MONTHS_PER_YEAR]),
    )


def _business(scenario: Scenario, lines: pd.DataFrame, months: tuple[Month, ...]) -> Business | None:
    sells = scenario.business
    if sells is None:
        return None
    grown = fsum(month.requests for month in months) / scenario.traffic.requests_per_month
    within = lines[lines["month"] < len(months)]
    accounts = within["account"]
    return Business(
        revenue_usd=sells.seats * grown * sells.seat_usd_per_month,
        cost_of_revenue_usd=fsum(within.loc[~accounts.str.startswith("people:"), "cost_usd"]),
        model_usd=fsum(within.loc[accounts.str.startswith("serving:"), "cost_usd"]),
    )
