"""Vector retrieval: a managed database with a monthly minimum, and an index in memory in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from tco.costs import Charge, PricingModel, Readings, charge, option_of
from tco.costs.people import engineer_year
from tco.costs.rates import Rates
from tco.scenario.options import Retrieval


class VectorStore(PricingModel):
    """Queries and storage; where they come to less than the minimum, the rest of it is charged too."""

    kind: ClassVar[str] = "retrieval"

    def charges(self, config: Retrieval, subject: str, readings: Readings, rates: Rates) -> Iterator[Charge]:
        """Charge queries, storage and the unused part of the minimum; memory and operations of the ANN cache."""
        key = f"{subject}.price"
        query = rates.price(config.price, "query", "usd_per_1k_queries")
        storage = rates.price(config.price, "storage", "usd_per_gb_month")
        minimum = rates.price(config.price, "minimum", "usd_per_month")
        yield charge("storage:vector", "vector queries", readings["queries"], query, key)
        yield charge("storage:vector", "vector storage", readings["storage"], storage, key)
        used_usd = readings["queries"].quantity * query.value + readings["storage"].quantity * storage.value
        if used_usd < minimum.value:
            unused = 1.0 - used_usd / minimum.value
            basis = f"the month's use covers {1 - unused:.1%} of the minimum"
            yield Charge("storage:vector", "vector minimum, unused part", unused, "months", minimum, key, basis)
        if config.ann_cache is not None and "ann_memory" in readings:
            memory = rates.price(config.ann_cache.price, "memory", "usd_per_gb_month")
            yield charge(
                "platform:cache", "ANN cache memory", readings["ann_memory"], memory, f"{subject}.ann_cache.price"
            )
        if "ann_operations" in readings:
            year, where = engineer_year(rates, option_of(subject))
            yield charge("people:run", "engineers, ANN cache", readings["ann_operations"], year, where)
