"""C11: what a managed vector database costs by the query."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice import Advice, Numbers, Rule, dollars

LOW_USD, HIGH_USD = 0.03, 0.20  # per thousand queries
CLAIMED_LOW_USD, CLAIMED_HIGH_USD, CLAIMED_THOUSANDS = 45.0, 900.0, 150.0


class VectorPrices(Rule):
    """All that the database costs, divided by its queries."""

    kind: ClassVar[str] = "C11"
    says: ClassVar[str] = "a managed vector database costs $0.03-0.20 per 1 k queries; 150 k a month come to $45-900"

    def judge(self, numbers: Numbers) -> Advice:
        """Work out the price of a thousand queries with storage and minimum, for the option that queries most."""
        ledger = numbers.evaluation.ledger
        vector = ledger[ledger["account"] == "storage:vector"]
        queries = vector[vector["item"] == "vector queries"].groupby("option")["quantity"].sum()
        if queries.empty or queries.max() <= 0:
            return self.does_not_apply("no option queries a vector database")
        option, thousands = str(queries.idxmax()), float(queries.max())
        own = vector[vector["option"] == option]
        paid_usd = float(own["cost_usd"].sum())
        each_usd = paid_usd / thousands
        price = float(own.loc[own["item"] == "vector queries", "unit_price_usd"].iloc[0])
        here = f"${LOW_USD:.2f} to ${HIGH_USD:.2f} per 1 k queries"
        told = (
            f"{option}: {thousands / numbers.months:,.0f} k queries a month at ${price:.3g} per 1 k, ${each_usd:.3g} "
            f"with storage and minimum, {dollars(paid_usd / numbers.months)} a month"
        )
        why = (
            f"the rule's own prices times 150 k are ${CLAIMED_THOUSANDS * LOW_USD:.2f} to "
            f"{dollars(CLAIMED_THOUSANDS * HIGH_USD)}, not {dollars(CLAIMED_LOW_USD)} to {dollars(CLAIMED_HIGH_USD)}; "
            "minimum fees, which it does not count, decide small bills"
        )
        return self.told(here, told, LOW_USD <= each_usd <= HIGH_USD, why)
