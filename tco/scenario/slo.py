"""SLO: the limits that an architecture has to keep."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.fields import Positive
from tco.plugin import Frozen


class Slo(Frozen):
    """Service-level objectives; a limit that is left out is not checked."""

    e2e_p95_s: Positive | None = None
    """95th percentile of the time from arrival to the last token, interactive requests, busiest hour (worst hour, where
    a tier scales to zero); seconds."""
    ttft_p95_s: Positive | None = None
    """95th percentile of the time from arrival to the first token, interactive requests, busiest hour (worst hour,
    where a tier scales to zero); seconds."""
    availability_fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of requests that find every station they need up; 0.999 for three nines."""
    success_fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of all requests that get a good answer, at least; every tier's quality must then be known."""
    cost_usd_per_request: Positive | None = None
    """Three-year cost divided by three-year requests, USD."""
