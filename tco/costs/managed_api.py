"""Per token, or per request where the scenario says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.scenario import Scenario
from tco.scenario.prices import InlineRequestPrice, resolve
from tco.scenario.tiers.managed_api import ManagedApi


class PerToken(PricingModel):
    """Prompt and answer tokens at their own prices."""

    kind: ClassVar[str] = "managed_api"

    def charges(self, config: ManagedApi, subject: str, readings: Readings, scenario: Scenario) -> Iterator[Charge]:
        """Charge input and output tokens, or requests."""
        del scenario
        name, key = subject.partition(".")[2], f"{subject}.price"
        if isinstance(config.price, InlineRequestPrice):
            price = resolve(config.price, "request", "usd_per_request")
            yield charge("serving:api", f"{name} requests", readings["requests"], price, key)
            return
        for meter in ("input", "output"):
            price = resolve(config.price, meter, "usd_per_mtok")
            yield charge("serving:api", f"{name} {meter} tokens", readings[f"{meter}_tokens"], price, key)
