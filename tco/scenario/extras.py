"""Extras: what else an option pays: fees by the month or the request, and overhead on top of what serving costs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.fields import UnitPrice
from tco.plugin import together
from tco.scenario.prices import InlinePrice


class Extra(InlinePrice):
    """One further cost; one of the three ways to charge it."""

    fee_usd_per_month: UnitPrice | None = None
    """Paid every month from the one in which the option serves, USD."""
    fee_usd_per_request: UnitPrice | None = None
    """Paid for every request that arrives, USD."""
    serving_fraction: Annotated[float, Field(gt=0.0, le=100.0)] | None = None
    """Overhead as a fraction of all that serving costs the option, its accounts `serving:...`."""

    @together("fee_usd_per_month", "fee_usd_per_request", "serving_fraction")
    def _one_way(self) -> None:
        ways = ("fee_usd_per_month", "fee_usd_per_request", "serving_fraction")
        given = [way for way in ways if getattr(self, way) is not None]
        if len(given) != 1:
            raise ValueError(f"one of {', '.join(ways)} is needed; given: {', '.join(given) or 'none'}")
