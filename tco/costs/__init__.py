"""Costs: what physical quantities cost. One file a pricing model; nothing above this layer knows a price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from tco.catalog import Price
from tco.costs.rates import Rates
from tco.domain import Driver, Meter

View = Literal["both", "cash", "accrual"]


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
        driver: whether the quantity moves with every request.
        view: whether the line is a payment (`cash`), what is used up (`accrual`), or both at once, as most are.
        priced_month: month whose prices hold; None: the line's own.
    """

    account: str
    item: str
    quantity: float
    unit: str
    price: Price
    scenario_key: str
    basis: str
    driver: Driver = "fixed"
    view: View = "both"
    priced_month: int | None = None


Readings = dict[str, Meter]  # one subject in one month, by item


class PricingModel:
    """Base of the pricing models; `kind` is the tier kind or the option block that it prices."""

    kind: ClassVar[str]

    def charges(self, config: Any, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Price what one subject used in one month.

        Args:
            config: the tier or block that the subject key names.
            subject: scenario key, such as `tiers.frontier`.
            readings: the month's meters of the subject, by item.
            rates: prices as they are in the month, and the scenario, for prices that live elsewhere.

        Raises:
            CatalogError: when a price is not known; unknown is not zero.
        """
        raise NotImplementedError


def charge(account: str, item: str, meter: Meter, price: Price, scenario_key: str, view: View = "both") -> Charge:
    """Charge a whole meter at one price."""
    return Charge(
        account, item, meter.quantity, meter.unit, price, scenario_key, meter.basis, meter.driver, view,
        meter.priced_month,
    )  # fmt: skip


def option_of(subject: str) -> str:
    """Return the option whose block a subject is.

    >>> option_of("options.v1.2.people")
    'v1.2'
    """
    return subject.split(".", 1)[1].rpartition(".")[0]
