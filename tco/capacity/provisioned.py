"""Provisioned: how many units of throughput an option buys in each month, and for how long they bind.

Units that follow the load are bought for the busiest hour's mean: what comes within the same minute is the vendor's to
smooth. Where units are committed, those that growth adds have a term of their own; a term may end after the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tco.capacity.sizing import FleetPlan
from tco.demand.forecast import Month
from tco.domain import Meter
from tco.scenario import Scenario
from tco.scenario.provisioned import Provisioned
from tco.scenario.tiers.managed_api import ManagedApi
from tco.units import HOURS_PER_MONTH, SECONDS_PER_MINUTE


@dataclass(frozen=True, slots=True)
class Need:
    """Units that a month takes, and why."""

    units: int
    basis: str


def provisioned_meters(scenario: Scenario, plan: FleetPlan, months: tuple[Month, ...]) -> list[Meter]:
    """Read the units of every managed API that is paid by them, in order of month, until the last term is over."""
    meters: list[Meter] = []
    first = scenario.options[plan.option].first_month
    for name, tier in scenario.tiers_of(plan.option).items():
        if not isinstance(tier, ManagedApi) or tier.provisioned is None:
            continue
        needs = [_need(plan, month, name, tier, tier.provisioned) for month in months[first:]]
        held = list(_held(tier.provisioned, needs, first))
        meters += [
            _meter(plan.option, name, tier.provisioned, *each) for each in sorted(held, key=lambda each: each[0])
        ]
    return meters


def _need(plan: FleetPlan, month: Month, name: str, tier: ManagedApi, block: Provisioned) -> Need:
    if block.units is not None:
        return Need(block.units, f"{block.units} units, as stated")
    seen = plan.window(month.index).tiers[name]
    each = block.counted(seen.input_tokens_per_request, seen.output_tokens_per_request, tier.cached_input_share)
    per_minute = month.peak_rps * SECONDS_PER_MINUTE * each
    raw = per_minute / block.unit_tokens_per_minute
    units = block.sold(raw * (1.0 + block.headroom_fraction))
    more = f", {block.headroom_fraction:.4g} more" if block.headroom_fraction else ""
    basis = (
        f"{month.peak_rps:.4g} req/s x {SECONDS_PER_MINUTE:g} s x {each:,.6g} counted tokens / "
        f"{block.unit_tokens_per_minute:g} a unit = {raw:.4f}{more}; sold from {block.least_units} in steps of "
        f"{block.step_units}: {units} units"
    )
    return Need(units, basis)


def _held(block: Provisioned, needs: list[Need], first: int) -> Iterator[tuple[int, int, int, str]]:
    """Yield month, month of signing, units and reason of everything that is bought."""
    if block.term_months is None:
        yield from ((month, month, need.units, need.basis) for month, need in enumerate(needs, start=first))
        return
    ends: list[tuple[int, int]] = []  # month after the term, units
    for month, need in enumerate(needs, start=first):
        bound = sum(units for end, units in ends if end > month)
        if need.units > bound:
            signed = need.units - bound
            ends.append((month + block.term_months, signed))
            term = "1 month" if block.term_months == 1 else f"{block.term_months} months"
            words = f"{need.basis}; {signed} of them for {term} from month {month + 1}"
            yield from ((later, month, signed, words) for later in range(month, month + block.term_months))


def _meter(option: str, tier: str, block: Provisioned, month: int, signed: int, units: int, basis: str) -> Meter:
    subject, item = f"provisioned.{tier}", f"units/{signed}"
    if block.price.unit_usd_per_unit_hour is not None:
        hours, words = units * HOURS_PER_MONTH, f"{basis}; x {HOURS_PER_MONTH:g} h"
        return Meter(option, month, subject, item, hours, "unit-hours", words, priced_month=signed)
    return Meter(option, month, subject, item, float(units), "unit-months", basis, priced_month=signed)
