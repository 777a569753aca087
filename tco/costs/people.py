"""People: building once and running every month, at the loaded cost of an engineer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.options import Staffing


class EngineerTime(PricingModel):
    """Engineers by the year."""

    kind: ClassVar[str] = "people"

    def charges(self, config: Staffing, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the engineer-years of the month."""
        del config, subject
        price = rates.price(rates.scenario.people.engineer, "loaded_year", "usd_per_year")
        for item, account in (("build", "people:build"), ("run", "people:run")):
            if item in readings:
                yield charge(account, f"engineers, {item}", readings[item], price, "people.engineer")
