"""Edge devices: by the device-hour or by the request, and the engineers who ship releases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.people import engineer_year
from tco.costs.rates import Rates
from tco.scenario.prices import InlineRequestPrice
from tco.scenario.tiers.edge import Edge


class EdgeDevices(PricingModel):
    """Devices and releases."""

    kind: ClassVar[str] = "edge"

    def charges(self, config: Edge, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge device-hours or requests, and the month's part of the year's releases."""
        name, key = subject.partition(".")[2], f"{subject}.price"
        if isinstance(config.price, InlineRequestPrice):
            price = rates.price(config.price, "request", "usd_per_request")
            yield charge("serving:edge", f"{name} requests", readings["requests"], price, key)
        else:
            price = rates.price(config.price, "device_hour", "usd_per_device_hour")
            yield charge("serving:edge", f"{name} device-hours", readings["device_hours"], price, key)
        if "releases" in readings:
            price, key = engineer_year(rates, rates.scenario.runs_as(readings["releases"].option, rates.month))
            yield charge("people:release", f"{name} releases", readings["releases"], price, key)
