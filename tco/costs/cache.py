"""Semantic cache: embedding of every prompt, lookups, and memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge
from tco.costs.rates import Rates
from tco.scenario.options import SemanticCache


class CachePricing(PricingModel):
    """A managed cache in front of the models."""

    kind: ClassVar[str] = "cache"

    def charges(self, config: SemanticCache, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge embedding, lookups and storage."""
        lookup = rates.price(config.price, "lookup", "usd_per_1k_lookups")
        storage = rates.price(config.price, "storage", "usd_per_gb_month")
        account = "platform:cache"
        if config.embedding is not None:
            embedding = rates.price(config.embedding, "input", "usd_per_mtok")
            yield charge(account, "cache embeddings", readings["embedding_tokens"], embedding, f"{subject}.embedding")
        yield charge(account, "cache lookups", readings["lookups"], lookup, f"{subject}.price")
        yield charge(account, "cache storage", readings["storage"], storage, f"{subject}.price")
