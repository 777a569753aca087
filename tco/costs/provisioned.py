"""Units of provisioned throughput, used or not; committed ones at the price of the month of signing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.provisioned import Provisioned

ACCOUNT = "serving:units"


class ThroughputUnits(PricingModel):
    """Every unit that is held in a month, by the hour or by the month."""

    kind: ClassVar[str] = "provisioned"

    def charges(self, config: Provisioned, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the units, those of one signing at a time."""
        name = subject.partition(".")[2]
        unit = "usd_per_unit_month" if config.price.unit_usd_per_unit_hour is None else "usd_per_unit_hour"
        for meter in readings.values():
            price = rates.at(meter.priced_month).price(config.price, "unit", unit)
            yield charge(ACCOUNT, f"{name} throughput units", meter, price, f"tiers.{name}.provisioned.price")
