"""Rules: by the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.tiers.rules import Rules


class RuleAnswers(PricingModel):
    """A price per answer."""

    kind: ClassVar[str] = "rules"

    def charges(self, config: Rules, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge the answers."""
        name, price = subject.partition(".")[2], rates.price(config.price, "request", "usd_per_request")
        yield charge("serving:rules", f"{name} answers", readings["requests"], price, f"{subject}.price")
