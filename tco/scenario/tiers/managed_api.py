"""A model behind somebody else's API: paid by the token, no capacity to size."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tco.scenario.prices import Latency, TokenPrice
from tco.scenario.tiers import Tier


class ManagedApi(Tier):
    """A managed API."""

    kind: Literal["managed_api"] = "managed_api"
    price: TokenPrice
    """Catalog name of the model, or inline prices per token or per request."""
    latency: Latency
    """Catalog name of a measured API latency, or inline quantiles."""
    max_concurrency: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Most requests that the vendor serves at once; further ones wait, first come first served. None: no limit."""
