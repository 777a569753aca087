"""C12: from how many retrievals an ANN cache pays."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from tco.costs.retrieval_crossover import cached_retrieval
from tco.decide.advice.c12_ann_cache import ABOVE
from tco.validation.claims import Claim, Finding, Play

WRONG_USD = 900.0 / 150_000.0  # a query, by the bill of C11
ANSWERED = (0.4, 0.7)  # brief S11: 40-70% cheaper per query


class AnnCachePays(Claim):
    """The crossover of the scenario, and the price of a query at which it lies where the claim has it."""

    kind: ClassVar[str] = "C12"
    says: ClassVar[str] = "An ANN cache pays above 100 k retrievals a month."
    inputs: ClassVar[str] = (
        "The highest price of C11, $0.20 per 1 k queries; the cache answers 60%, takes 2 GB at $20.44 and 1/40 of an "
        "engineer ($503 a month, inside C11's engineering bill)."
    )
    file: ClassVar[str] = "c12-ann-cache.yaml"

    def judge(self, play: Play) -> Finding:
        """Work out crossovers on the priced curves."""
        cost = cached_retrieval(play.scenario)["cached"]
        idle = cached_retrieval(play.changed({"options.cached.retrieval.ann_cache.operations_engineer_fte": 0.0}))[
            "cached"
        ]
        crossover = cost.crossover_per_month() or float("inf")
        low, high = (replace(cost, answered_share=share).crossover_per_month() or float("inf") for share in ANSWERED)
        price, price_idle = (1000 * each.fixed_usd / each.answered_share / ABOVE for each in (cost, idle))
        wrong = replace(cost, retrieval_usd=WRONG_USD).crossover_per_month() or float("inf")
        comparison = play.numbers({"traffic.requests_per_month": crossover}).comparison
        off = comparison["cached"].total_usd / comparison["database"].total_usd - 1.0
        gives = (
            f"It pays from {crossover:,.0f} retrievals a month on ({high:,.0f} where it answers 70%, {low:,.0f} at "
            "40%).",
            f"Evaluated at that volume, both cost the same within {max(abs(off), 0.001):.1%}.",
            f"100 k take a price of ${price:.2f} per 1 k queries, or ${price_idle:.2f} where nobody has to run the "
            "cache.",
        )
        follows = crossover <= ABOVE
        why = (
            "At the price that the same source states it is off by a factor of "
            f"{crossover / ABOVE:.0f}. It comes near only with C11's wrong bill: at $900 for 150 k, $6 per 1 k, it "
            f"is {wrong:,.0f}."
        )
        figures = {"crossover_ratio": crossover / ABOVE, "fixed_usd_per_month": cost.fixed_usd}
        figures |= {"price_usd_per_1k_queries": price, "idle_price_usd_per_1k_queries": price_idle, "off_share": off}
        figures["at_wrong_price_ratio"] = wrong / ABOVE
        return self.found("follows" if follows else "does not follow", why, gives, figures)
