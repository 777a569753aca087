"""C3: a 60 / 40 split over two models."""

from __future__ import annotations

from typing import ClassVar

from tco.units import MONTHS_PER_YEAR
from tco.validation.claims import Claim, Finding, Play

CLAIMED_EACH_USD, CLAIMED_SAVING, CLAIMED_MONTH_USD = 0.008, 0.6, 1200.0
ROUNDED = 0.05  # of a figure: what "about", and one digit, allow


class Split(Claim):
    """Cost of a request and of a month."""

    kind: ClassVar[str] = "C3"
    says: ClassVar[str] = (
        "A 60 / 40 split at $0.0005 and $0.02 a request gives $0.008, about 60% cheaper; $3,000 becomes $1,200."
    )
    inputs: ClassVar[str] = "150 k requests a month."
    file: ClassVar[str] = "c03-split.yaml"

    def judge(self, play: Play) -> Finding:
        """Hold the split against one model."""
        comparison = play.numbers().comparison
        before, after = comparison["one-model"], comparison["split-60-40"]
        each_usd, month_usd = after.cost_usd_per_request, after.total_usd / MONTHS_PER_YEAR
        saving = 1.0 - after.total_usd / before.total_usd
        gives = (
            f"${each_usd:.4f} a request, {saving:.1%} less than ${before.cost_usd_per_request:.4f}.",
            f"${before.total_usd / MONTHS_PER_YEAR:,.0f} a month become ${month_usd:,.0f}.",
        )
        pairs = ((each_usd, CLAIMED_EACH_USD), (saving, CLAIMED_SAVING), (month_usd, CLAIMED_MONTH_USD))
        follows = all(abs(found - claimed) <= ROUNDED * claimed for found, claimed in pairs)
        why = "To one digit. $1,200 comes from multiplying the rounded $0.008; exactly it is $45 more."
        figures = {"each_usd": each_usd, "saved_share": saving, "month_usd": month_usd}
        return self.found("follows" if follows else "does not follow", why, gives, figures)
