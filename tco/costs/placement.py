"""Egress: what leaves for the users, in steps of the month's volume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.costs.steps import by_step
from tco.scenario.placement import Placement
from tco.scenario.prices import stated_price


class EgressSteps(PricingModel):
    """Each GB at the price of the step that it falls into; the dearest GB do not set the price of all."""

    kind: ClassVar[str] = "placement"

    def charges(self, config: Placement, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the GB of every step."""
        meter, egress = readings.get("egress"), config.egress
        if meter is None or egress is None:
            return
        price, key = egress.price, f"{subject}.egress.price"
        if isinstance(price, str):
            steps = rates.steps(price, "egress", "usd_per_gb")
        else:
            steps = [(step.from_gb, stated_price(step.egress_usd_per_gb, "usd_per_gb", price)) for step in price.steps]
        for start, part, each in by_step(meter, steps):
            yield charge("network:egress", f"egress from {start:g} GB", part, each, key)
