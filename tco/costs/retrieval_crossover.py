"""Retrieval crossover: from how many retrievals a month an ANN cache costs no more than the database alone."""

from __future__ import annotations

from dataclasses import dataclass

from tco.costs.people import engineer_year
from tco.costs.rates import Rates
from tco.scenario import Scenario
from tco.scenario.options import AnnCache, Retrieval
from tco.units import MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True)
class RetrievalCost:
    """What retrieval costs a month, with and without an ANN cache in front of the database, by its volume.

    Attributes:
        retrieval_usd: price of the queries of one retrieval in the database.
        storage_usd: price of what the database stores, USD per month.
        minimum_usd: least that the database costs, USD per month.
        answered_share: share of the retrievals that the cache answers.
        fixed_usd: memory and operations of the cache, USD per month.
    """

    retrieval_usd: float
    storage_usd: float
    minimum_usd: float
    answered_share: float
    fixed_usd: float

    def database_usd(self, retrievals: float) -> float:
        """Cost of a month in which the database answers so many retrievals, minimum and storage included.

        >>> RetrievalCost(0.0001, 10.0, 50.0, 0.5, 0.0).database_usd(500_000)
        60.0
        """
        return max(self.minimum_usd, self.storage_usd + retrievals * self.retrieval_usd)

    def cached_usd(self, retrievals: float) -> float:
        """Cost of a month with the cache in front: its fixed cost, and the database for what it does not answer."""
        return self.fixed_usd + self.database_usd(retrievals * (1.0 - self.answered_share))

    def crossover_per_month(self) -> float | None:
        """Return the fewest retrievals a month at which the cache costs no more; None where it never does.

        What the cache saves grows with the volume in three straight pieces: nothing while the database alone stays
        at its minimum, then all of each retrieval while what is left to the database stays at the minimum, then the
        answered share of each.

        >>> RetrievalCost(0.0001, 10.0, 50.0, 0.5, 30.0).crossover_per_month()
        700000.0
        """
        if self.fixed_usd <= 0.0:
            return 0.0
        if self.retrieval_usd <= 0.0 or self.answered_share <= 0.0:
            return None
        kept_usd = max(self.minimum_usd, self.storage_usd)  # the database's cost while the rest stays below the minimum
        while_at_least = (self.fixed_usd + kept_usd - self.storage_usd) / self.retrieval_usd
        if self.database_usd(while_at_least * (1.0 - self.answered_share)) <= kept_usd:
            return while_at_least
        return self.fixed_usd / (self.retrieval_usd * self.answered_share)


def cached_retrieval(scenario: Scenario) -> dict[str, RetrievalCost]:
    """Price retrieval by volume for every option that has an ANN cache, by the option's name.

    Raises:
        CatalogError: when a price is not known.
    """
    return {
        name: _cost(scenario, name, option.retrieval, option.retrieval.ann_cache)
        for name, option in scenario.options.items()
        if option.retrieval is not None and option.retrieval.ann_cache is not None
    }


def _cost(scenario: Scenario, name: str, retrieval: Retrieval, index: AnnCache) -> RetrievalCost:
    rates = Rates(scenario)  # those of the first month
    year_usd = engineer_year(rates, name)[0].value
    memory_usd = rates.price(index.price, "memory", "usd_per_gb_month").value
    query_usd = rates.price(retrieval.price, "query", "usd_per_1k_queries").value
    return RetrievalCost(
        retrieval_usd=query_usd / 1000 * retrieval.queries_per_request,
        storage_usd=rates.price(retrieval.price, "storage", "usd_per_gb_month").value * retrieval.storage_gb,
        minimum_usd=rates.price(retrieval.price, "minimum", "usd_per_month").value,
        answered_share=index.answered_share,
        fixed_usd=memory_usd * index.memory_gb * index.replicas
        + year_usd * index.operations_engineer_fte / MONTHS_PER_YEAR,
    )
