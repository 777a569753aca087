"""Costs: what physical quantities cost. One file a pricing model; nothing above this layer knows a price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from tco.catalog import Price
from tco.domain import Meter
from tco.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Charge:
    """One ledger line in the making: a quantity, its unit price, and where both come from.

    Attributes:
        account: colon path, such as `serving:gpu`.
        item: what is paid for, in words.
        quantity: how much, in `unit`.
        unit: unit of the quantity.
        price: unit price with its provenance.
        scenario_key: key of the scenario that names the price.
        basis: where the quantity comes from.
    """

    account: str
    item: str
    quantity: float
    unit: str
    price: Price
    scenario_key: str
    basis: str


Readings = dict[str, Meter]  # one subject in one month, by item


class PricingModel:
    """Base of the pricing models; `kind` is the tier kind or the option block that it prices."""

    kind: ClassVar[str]

    def charges(self, config: Any, subject: str, readings: Readings, scenario: Scenario) -> Iterator[Charge]:
        """Price what one subject used in one month.

        Args:
            config: the tier or block that the subject key names.
            subject: scenario key, such as `tiers.frontier`.
            readings: the month's meters of the subject, by item.
            scenario: the scenario, for prices that live elsewhere.

        Raises:
            CatalogError: when a price is not known; unknown is not zero.
        """
        raise NotImplementedError


def charge(account: str, item: str, meter: Meter, price: Price, scenario_key: str) -> Charge:
    """Charge a whole meter at one price."""
    return Charge(account, item, meter.quantity, meter.unit, price, scenario_key, meter.basis)
