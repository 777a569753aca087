"""Own servers: the purchase (cash), its write-off (accrual), energy, space and maintenance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from tco.catalog import Price
from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.purchase.owned import Owned

HARDWARE, SUPPORT = "serving:gpu:hardware", "serving:gpu:support"


class OwnServers(PricingModel):
    """Straight-line depreciation of each server from the price that was paid for it, to what it will fetch."""

    kind: ClassVar[str] = "owned"

    def charges(self, config: Owned, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge servers bought and sold (cash) and written off (accrual), kWh, kW and maintenance."""
        name = subject.partition(".")[2]
        key = f"tiers.{name}.purchase"
        for item, meter in readings.items():
            paid = rates.at(meter.priced_month).price(config.server, "server", "usd_per_server")
            rest = f"{config.residual_share:.4g} of {paid.value:,.2f} left at the end of life"
            left = replace(paid, value=paid.value * config.residual_share, note=rest)
            lost = replace(paid, value=paid.value * (1.0 - config.residual_share), note=f"less {rest}")
            match item.partition("/")[0]:
                case "bought":
                    yield charge(HARDWARE, f"{name} servers bought", meter, paid, f"{key}.server", "cash")
                case "sold" if config.residual_share > 0:
                    yield charge(HARDWARE, f"{name} servers sold", meter, left, f"{key}.server", "cash")
                case "written_off":
                    yield charge(HARDWARE, f"{name} servers written off", meter, lost, f"{key}.server", "accrual")
                case "support":
                    words, price = f"{name} server maintenance", _maintained(paid, rates.at(meter.priced_month))
                    yield charge(SUPPORT, words, meter, price, f"{key}.support_fraction_per_year")
        if config.operations is not None and "operations" in readings:
            price = rates.price(config.operations, "operations", "usd_per_server_hour")
            words = f"{name} server operations"
            yield charge(SUPPORT, words, readings["operations"], price, f"{key}.operations")
        if config.energy is not None and "energy" in readings:
            price = rates.price(config.energy, "energy", "usd_per_kwh")
            yield charge("serving:gpu:energy", f"{name} electricity", readings["energy"], price, f"{key}.energy")
        if config.colocation is not None and "space" in readings:
            price = rates.price(config.colocation, "colocation", "usd_per_kw_month")
            yield charge("serving:gpu:space", f"{name} colocation", readings["space"], price, f"{key}.colocation")


def _maintained(paid: Price, rates: Rates) -> Price:
    """Return what a server cost in the month of purchase, which maintenance is a fraction of.

    It moves with prices of hardware, not once more with those of what lies around it; only a change of this account
    comes on top.
    """
    terms = rates.scenario.prices
    has_own = SUPPORT in (*(path.account for path in terms.paths), *(change.account for change in terms.announced))
    price = rates.drifted(paid, HARDWARE)
    return price if has_own else replace(price, is_contracted=True)
