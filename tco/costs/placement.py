"""Egress: what leaves for the users, in steps of the month's volume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from math import inf
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.placement import Placement
from tco.scenario.prices import stated_price


class EgressSteps(PricingModel):
    """Each GB at the price of the step that it falls into; the dearest GB do not set the price of all."""

    kind: ClassVar[str] = "placement"

    def charges(self, config: Placement, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the GB of every step."""
        del rates
        meter, egress = readings.get("egress"), config.egress
        if meter is None or egress is None:
            return
        price, key = egress.price, f"{subject}.egress.price"
        edges = [*(step.from_gb for step in price.steps), inf]
        for step, (low, high) in zip(price.steps, pairwise(edges), strict=True):
            within = min(meter.quantity, high) - low
            if within <= 0:
                break
            each = stated_price(step.egress_usd_per_gb, "usd_per_gb", price)
            part = replace(meter, quantity=within, basis=f"{meter.basis}; of it from {low:g} GB on")
            yield charge("network:egress", f"egress from {low:g} GB", part, each, key)
