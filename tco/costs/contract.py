"""Vendor contract: fee, seats, requests in steps, the month's minimum and what a year lacks of its commitment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import fsum, inf
from typing import ClassVar

from tco.catalog import Price
from tco.costs import Charge, PricingModel, Readings, View, charge
from tco.costs.rates import Rates
from tco.domain import Meter
from tco.scenario.contract import Contract
from tco.scenario.prices import stated_price
from tco.units import MONTHS_PER_YEAR

ACCOUNT = "serving:vendor"
UNUSED = "contract commitment, unused part"  # of a year, charged in its last month


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a month's bill: its name, how much of a meter it charges, at which price, under which key."""

    item: str
    meter: Meter
    price: Price
    key: str

    @property
    def usd(self) -> float:
        """Its amount."""
        return self.meter.quantity * self.price.value


class VendorContract(PricingModel):
    """A bill a month; a year that comes to less than its commitment is topped up in its last month.

    Where a share of the commitment is paid when the year begins, use is told apart from payments (accrual and cash):
    what is paid later is what the year so far has used beyond what was prepaid.
    """

    kind: ClassVar[str] = "contract"

    def charges(self, config: Contract, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the month's bill, the year's shortfall in its last month, and payments where some are made ahead."""
        del subject  # its own option's name is in the readings
        view: View = "accrual" if config.upfront_share > 0 else "both"
        parts = bill(config, readings, rates.month)
        parts += _shortfall(config, readings, rates.month)
        for part in parts:
            yield charge(ACCOUNT, part.item, part.meter, part.price, part.key, view)
        if config.upfront_share > 0:
            for part in _payments(config, readings, rates.month, fsum(part.usd for part in parts)):
                yield charge(ACCOUNT, part.item, part.meter, part.price, part.key, "cash")


def bill(contract: Contract, readings: Readings, month: int) -> list[Part]:
    """Write the bill of a month: fee, seats, requests, and the unused part of the month's minimum."""
    one, key = readings["months"], _key(readings)
    parts: list[Part] = []
    if contract.platform_usd_per_month is not None:
        price = contract.price("platform", "usd_per_month")
        parts.append(Part("contract, platform fee", one, price, f"{key}.platform_usd_per_month"))
    seats = readings.get(f"seats/{month}")
    if contract.seat_usd_per_seat_month is not None and seats is not None:
        price = contract.price("seat", "usd_per_seat_month")
        parts.append(Part("contract, seats", seats, price, f"{key}.seat_usd_per_seat_month"))
    if f"requests/{month}" in readings:
        parts += _requests(contract, readings[f"requests/{month}"], f"{key}.steps")
    used_usd, least_usd = fsum(part.usd for part in parts), contract.minimum_usd_per_month or 0.0
    if used_usd < least_usd:
        basis = f"the month's use covers {used_usd / least_usd:.1%} of the minimum"
        rest = replace(one, quantity=1.0 - used_usd / least_usd, basis=basis)
        price = contract.price("minimum", "usd_per_month")
        parts.append(Part("contract minimum, unused part", rest, price, f"{key}.minimum_usd_per_month"))
    return parts


def _requests(contract: Contract, meter: Meter, key: str) -> Iterator[Part]:
    """Split a month's requests over the steps, or put all of them into the one that is reached."""
    edges = [*(step.from_requests for step in contract.steps), inf]
    for step, (low, high) in zip(contract.steps, pairwise(edges), strict=True):
        price = stated_price(step.request_usd_per_request, "usd_per_request", contract)
        item = f"contract, requests from {low:,.0f}"
        within = min(meter.quantity, high) - low
        if contract.steps_apply == "marginal" and within > 0:
            yield Part(
                item, replace(meter, quantity=within, basis=f"{meter.basis}; of it from {low:,.0f} on"), price, key
            )
        elif contract.steps_apply == "all" and low <= meter.quantity < high:
            yield Part(item, replace(meter, basis=f"{meter.basis}; all at the step from {low:,.0f} on"), price, key)


def _shortfall(contract: Contract, readings: Readings, month: int) -> list[Part]:
    """Return what the year's use lacks of the commitment, in the year's last month."""
    if contract.commitment_usd_per_year is None or "year_ends" not in readings:
        return []
    committed = readings["year_ends"]
    committed_usd = contract.commitment_usd_per_year * committed.quantity
    lacking_usd = committed_usd - used_usd(contract, readings, month)
    if lacking_usd <= 0:
        return []
    basis = f"{committed.basis}; its use covers {1 - lacking_usd / committed_usd:.1%} of {committed_usd:,.2f} USD"
    rest = replace(committed, quantity=lacking_usd / contract.commitment_usd_per_year, basis=basis)
    price = contract.price("commitment", "usd_per_year")
    return [Part(UNUSED, rest, price, f"{_key(readings)}.commitment_usd_per_year")]


def used_usd(contract: Contract, readings: Readings, month: int) -> float:
    """Add up the bills of the contract's year up to a month, at the prices of its signing, USD."""
    begins = month - _months_so_far(readings, month)
    return fsum(part.usd for each in range(begins, month + 1) for part in bill(contract, readings, each))


def _months_so_far(readings: Readings, month: int) -> int:
    """Count the months of the contract's year before a month."""
    signed = readings["months"].priced_month
    assert signed is not None  # noqa: S101  # every term is signed
    return (month - signed) % MONTHS_PER_YEAR


def _payments(contract: Contract, readings: Readings, month: int, month_usd: float) -> Iterator[Part]:
    """Pay a share of the commitment when the year begins, then what use exceeds it."""
    key, price = f"{_key(readings)}.commitment_usd_per_year", contract.price("commitment", "usd_per_year")
    if "year_begins" in readings:
        year = readings["year_begins"]
        basis = f"{year.basis}; {contract.upfront_share:.4g} of it when the year begins"
        ahead = replace(year, quantity=year.quantity * contract.upfront_share, basis=basis)
        yield Part("contract commitment, paid ahead", ahead, price, key)
    prepaid_usd = price.value * readings["year"].quantity * contract.upfront_share
    so_far_usd = used_usd(contract, readings, month) + fsum(part.usd for part in _shortfall(contract, readings, month))
    due_usd = max(so_far_usd - prepaid_usd, 0.0) - max(so_far_usd - month_usd - prepaid_usd, 0.0)
    if due_usd > 0:
        basis = f"{so_far_usd:,.2f} USD used in the year so far, {prepaid_usd:,.2f} of it paid ahead"
        meter = replace(readings["year"], quantity=due_usd / price.value, basis=basis)
        yield Part("contract, paid beyond what was paid ahead", meter, price, key)


def _key(readings: Readings) -> str:
    return readings["months"].subject
