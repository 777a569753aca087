"""Deciders of the router, such as a classifier: per decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.policies.routing import RoutingPolicy
from tco.scenario.prices import stated_price


class Decisions(PricingModel):
    """Each decision at the decider's price."""

    kind: ClassVar[str] = "router"

    def charges(self, config: RoutingPolicy, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the decisions of every decider."""
        del rates
        for decider in {decider.name: decider for decider in config.deciders()}.values():
            price = stated_price(decider.decision_usd_per_request, "usd_per_request", decider)
            yield charge("platform:routing", f"{decider.name} decisions", readings[decider.name], price, subject)
