"""Observability: telemetry of every request, by the request and by the GB."""

from __future__ import annotations

from tco.fields import NonNegative, Share, UnitPrice
from tco.plugin import Frozen
from tco.scenario.prices import InlinePrice


class ObservabilityPrice(InlinePrice):
    """What a telemetry service charges."""

    telemetry_usd_per_1k_requests: UnitPrice
    """Price of a thousand requests that are recorded, USD."""
    ingest_usd_per_gb: UnitPrice
    """Price of a GB of records, USD."""
    platform_usd_per_month: UnitPrice
    """Fee of a month, USD."""


class Observability(Frozen):
    """What is measured of the requests, so that spend does not grow unseen."""

    price: ObservabilityPrice
    """What the service charges."""
    bytes_per_request: NonNegative
    """Size of a request's record, bytes."""
    recorded_share: Share = 1.0
    """Share of the requests that is recorded."""
