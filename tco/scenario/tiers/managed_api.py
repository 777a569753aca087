"""A model behind somebody else's API: paid by the token, no capacity to size."""

from __future__ import annotations

from typing import Literal

from tco.scenario.prices import Latency, TokenPrice
from tco.scenario.tiers import Tier


class ManagedApi(Tier):
    """A managed API."""

    kind: Literal["managed_api"] = "managed_api"
    price: TokenPrice
    """Catalog name of the model, or inline prices per token or per request."""
    latency: Latency
    """Catalog name of a measured API latency, or inline quantiles."""
