"""C12: from which volume on an ANN cache pays."""

from __future__ import annotations

from typing import ClassVar

from tco.costs.retrieval_crossover import cached_retrieval
from tco.decide.advice import Advice, Numbers, Rule, dollars

ABOVE = 100_000.0  # retrievals a month


class AnnCachePays(Rule):
    """The database's price, minimum and storage against the cache's memory and operations."""

    kind: ClassVar[str] = "C12"
    says: ClassVar[str] = "an ANN cache pays above 100 k retrievals a month"

    def judge(self, numbers: Numbers) -> Advice:
        """Hold the crossover of the first option with such a cache against the rule's."""
        found = cached_retrieval(numbers.evaluation.scenario)
        if not found:
            return self.does_not_apply("no option has an ANN cache")
        option, cost = next(iter(found.items()))
        crossover = cost.crossover_per_month()
        share = numbers.evaluation.plans[option].window(0).retrievals_per_request
        share += numbers.evaluation.plans[option].window(0).ann_answers_per_request
        volume = numbers.mean_requests_per_month * share
        pays = crossover is not None and volume >= crossover
        where = "at no volume" if crossover is None else f"from {crossover:,.0f} retrievals a month"
        here = f"{volume:,.0f} retrievals a month: {'it pays' if volume > ABOVE else 'it does not pay'}"
        told = f"{option}: the cache pays {where}, so {'it pays' if pays else 'it does not pay'}"
        why = (
            f"memory and operations cost {dollars(cost.fixed_usd)} a month, a retrieval in the database "
            f"${cost.retrieval_usd:.3g}, of which the cache saves {cost.answered_share:.0%}"
        )
        return self.told(here, told, pays == (volume > ABOVE), why)
