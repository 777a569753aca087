"""Observability: records by the request and by the GB, and the service's fee."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.observability import Observability


class Telemetry(PricingModel):
    """What is recorded, and the fee of the month."""

    kind: ClassVar[str] = "observability"

    def charges(self, config: Observability, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge records, their size, and the fee."""
        key, account = f"{subject}.price", "platform:observability"
        for item, meter, unit, words in (
            ("recorded", "telemetry", "usd_per_1k_requests", "requests recorded"),
            ("ingested", "ingest", "usd_per_gb", "telemetry ingested"),
            ("months", "platform", "usd_per_month", "telemetry fee"),
        ):
            yield charge(account, words, readings[item], rates.price(config.price, meter, unit), key)
