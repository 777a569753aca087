"""C2: moving 70% of the calls to cheaper models."""

from __future__ import annotations

from typing import ClassVar

from tco.units import MONTHS_PER_YEAR
from tco.validation.claims import Claim, Finding, Play

MOVED, CLAIMED_MONTH_USD, CLAIMED_YEAR_USD, CLAIMED_SAVING = 0.7, 4500.0, 126_000.0, 0.3


class CheaperModels(Claim):
    """What a month and a year cost, and what is saved."""

    kind: ClassVar[str] = "C2"
    says: ClassVar[str] = (
        "Moving 70% to cheaper models cuts $15 k to $4.5 k a month, $126 k against $180 k a year, 30%."
    )
    inputs: ClassVar[str] = "The bill of C1; the cheap path is taken as free."
    file: ClassVar[str] = "c02-cheaper-models.yaml"

    def judge(self, play: Play) -> Finding:
        """Hold the year's totals of the options against each other."""
        comparison = play.numbers().comparison
        before, after, third = (comparison[name].total_usd for name in ("one-model", "free-path", "thirty-percent"))
        saving = 1.0 - after / before
        ratio = 1.0 - CLAIMED_SAVING / MOVED  # price of the cheap path over that of the dear one
        gives = (
            f"${after / MONTHS_PER_YEAR:,.0f} a month are ${after:,.0f} a year against ${before:,.0f}.",
            f"${before - after:,.0f} are saved, {saving:.0%}.",
            f"A year costs ${third:,.0f}, {1 - third / before:.0%} less, where the cheap path costs {ratio:.2f} of "
            "the other.",
        )
        follows = abs(after - CLAIMED_YEAR_USD) < 0.005 * CLAIMED_YEAR_USD and abs(saving - CLAIMED_SAVING) < 0.005
        why = (
            "The month follows, the year does not: $126,000 is what is saved, not what is paid, and the saving is "
            "70%, not 30%. The source takes one for the other."
        )
        figures = {"month_usd": after / MONTHS_PER_YEAR, "year_usd": after, "saved_usd": before - after}
        figures |= {"saved_share": saving, "third_option_usd": third, "price_ratio": ratio}
        return self.found("follows" if follows else "does not follow", why, gives, figures)
