"""Contract: the requests, seats and months that a vendor's contract counts, term by term, beyond the plan as well."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from tco.capacity.sizing import FleetPlan
from tco.demand.forecast import Month, week_profile
from tco.domain import Meter
from tco.scenario import Scenario
from tco.scenario.contract import Contract
from tco.scenario.prices import IncludedPrice
from tco.scenario.tiers import Tier
from tco.units import MONTHS_PER_YEAR

WHOLE_SEAT = 1e-9  # of the seats: what growth by a rounding error adds is not one more


def contract_meters(scenario: Scenario, plan: FleetPlan, months: tuple[Month, ...]) -> Iterator[Meter]:
    """Yield what the contract counts in every month until its last term is over.

    The meters of a month tell the use of the contract's year so far, month by month (`requests/7`, `seats/7`), because
    a commitment is held against the year; nothing is used after the plan.
    """
    option = scenario.options[plan.option]
    contract = option.contract
    if contract is None:
        return
    requests = {month.index: _requests(scenario, plan, month) for month in months}
    seats = {month.index: seats_of(scenario, month.requests) for month in months}
    for signed in range(option.first_month, len(months), contract.term_months):
        for month in range(signed, signed + contract.term_months):
            lines = [*_calendar(contract, signed, month), *_use(signed, month, requests, seats)]
            for item, quantity, unit, basis in lines:
                yield Meter(
                    plan.option, month, f"options.{plan.option}.contract", item, quantity, unit, basis,
                    "volume" if item.startswith("requests/") else "fixed", signed,
                )  # fmt: skip


def months_bound(contract: Contract, first_month: int, month: int) -> int:
    """Count the months after a month for which the term that runs in it still binds.

    >>> contract = Contract(term_months=12, platform_usd_per_month=9.0, source="made up", source_date="2026-11-23")
    >>> months_bound(contract, 0, 0), months_bound(contract, 0, 11), months_bound(contract, 4, 16)
    (11, 0, 11)
    """
    return contract.term_months - 1 - (month - first_month) % contract.term_months


def seats_of(scenario: Scenario, requests: float) -> int:
    """Return the whole seats of a month with so many requests; 0 where the scenario says nothing of seats."""
    if scenario.business is None:
        return 0
    seats = scenario.business.seats * requests / scenario.traffic.requests_per_month
    return ceil(seats * (1.0 - WHOLE_SEAT))


def is_included(tier: Tier) -> bool:
    """Say whether a tier is paid by the option's contract."""
    return any(isinstance(getattr(tier, key, None), IncludedPrice) for key in ("price", "token_price"))


Counted = tuple[str, float, str, str]  # item, quantity, unit, basis


def _calendar(contract: Contract, signed: int, month: int) -> Iterator[Counted]:
    """Yield the month, and how long the contract's year is that it belongs to."""
    begins = month - (month - signed) % MONTHS_PER_YEAR
    length = min(MONTHS_PER_YEAR, signed + contract.term_months - begins)
    term = f"{contract.term_months} months from month {signed + 1}"
    year = f"contract's year of {length} months from month {begins + 1}, of {term}"
    yield "months", 1.0, "months", term
    yield "year", length / MONTHS_PER_YEAR, "years", year
    if month == begins:
        yield "year_begins", length / MONTHS_PER_YEAR, "years", year
    if month == begins + length - 1:
        yield "year_ends", length / MONTHS_PER_YEAR, "years", year


def _use(signed: int, month: int, requests: dict[int, tuple[float, str]], seats: dict[int, int]) -> Iterator[Counted]:
    """Yield what is used in the contract's year up to a month."""
    begins = month - (month - signed) % MONTHS_PER_YEAR
    for each in range(begins, month + 1):
        if each in requests:
            quantity, basis = requests[each]
            yield f"requests/{each}", quantity, "requests", basis
            yield f"seats/{each}", float(seats[each]), "seat-months", f"{seats[each]} seats, whole ones"


def _requests(scenario: Scenario, plan: FleetPlan, month: Month) -> tuple[float, str]:
    """Return the month's requests that the contract counts: those of tiers that it includes, else the option's."""
    names = [name for name, tier in scenario.tiers_of(plan.option).items() if is_included(tier)]
    if not names:
        return month.requests, f"{month.requests:,.0f} requests of the option"
    window = plan.billed(month, week_profile(scenario.traffic))
    each = sum(window.tiers[name].visits_per_request for name in names)
    basis = f"{month.requests:,.0f} requests x {each:.6g} at {', '.join(names)}, mean of {window.requests:,} simulated"
    return month.requests * each, basis
