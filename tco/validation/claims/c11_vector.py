"""C11: what a managed vector database costs by the query."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice.c11_vector_prices import (
    CLAIMED_HIGH_USD,
    CLAIMED_LOW_USD,
    CLAIMED_THOUSANDS,
    HIGH_USD,
    LOW_USD,
)
from tco.units import MONTHS_PER_YEAR
from tco.validation.claims import Claim, Finding, Play


class VectorPrices(Claim):
    """The vector account of a month at the claim's prices."""

    kind: ClassVar[str] = "C11"
    says: ClassVar[str] = (
        "A managed vector database costs $0.03-0.20 per 1 k queries; for 150 k a month $45-900 against a $200-600 "
        "engineering bill."
    )
    inputs: ClassVar[str] = "One query a request, no storage and no minimum; beside them a list price with both."
    file: ClassVar[str] = "c11-vector-prices.yaml"

    def judge(self, play: Play) -> Finding:
        """Read the vector accounts."""
        numbers = play.numbers()
        low, high, listed = (
            numbers.account_usd(name, "storage:vector") / MONTHS_PER_YEAR
            for name in ("low-price", "high-price", "list-price")
        )
        implied = (CLAIMED_LOW_USD / CLAIMED_THOUSANDS, CLAIMED_HIGH_USD / CLAIMED_THOUSANDS)
        gives = (
            f"150 k queries at ${LOW_USD:.2f} to ${HIGH_USD:.2f} are ${low:.2f} to ${high:.2f} a month.",
            f"$45-900 would be ${implied[0]:.2f} to ${implied[1]:.2f} per 1 k queries, "
            f"{CLAIMED_LOW_USD / low:.0f} to {CLAIMED_HIGH_USD / high:.0f} times as much.",
            f"At a list price of $0.016 and a minimum of $50 it is ${listed:,.0f}, "
            f"${listed / CLAIMED_THOUSANDS:.2f} per 1 k.",
        )
        follows = abs(low - CLAIMED_LOW_USD) < 0.5 and abs(high - CLAIMED_HIGH_USD) < 0.5
        why = (
            "150 x $0.03-0.20 is $4.50-30. The comparison turns round: the engineering bill is 7 times the dearest "
            "database's or more. At this volume the vendor's minimum decides, not the price of a query."
        )
        figures = {"low_usd_per_month": low, "high_usd_per_month": high, "listed_usd_per_month": listed}
        return self.found("follows" if follows else "does not follow", why, gives, figures)
