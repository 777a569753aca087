"""C1: what 10 000 daily users cost at ten cents a call."""

from __future__ import annotations

from typing import ClassVar

from tco.validation.claims import Claim, Finding, Play

USERS, CALLS_PER_DAY, DAYS = 10_000, 0.5, 30
CLAIMED_REQUESTS, CLAIMED_USD = 150_000.0, 15_000.0


class CopilotVolume(Claim):
    """Users times calls times days, times the price."""

    kind: ClassVar[str] = "C1"
    says: ClassVar[str] = (
        "10 k daily users x 0.5 calls a day are about 150 k calls a month; at $0.10 a call, $15 k a month."
    )
    inputs: ClassVar[str] = "A month of 30 days."
    file: ClassVar[str] = "c01-copilot-volume.yaml"

    def judge(self, play: Play) -> Finding:
        """Read the requests and the bill of the first month."""
        numbers = play.numbers()
        requests = numbers.evaluation.months[0].requests
        month_usd = float(numbers.comparison["copilot"].monthly_usd[0])
        counted = USERS * CALLS_PER_DAY * DAYS
        gives = (
            f"{USERS:,} x {CALLS_PER_DAY:g} x {DAYS} = {counted:,.0f} calls; the plan has {requests:,.0f} a month.",
            f"They cost ${month_usd:,.0f} a month, ${numbers.comparison['copilot'].total_usd:,.0f} in three years.",
        )
        follows = counted == requests == CLAIMED_REQUESTS and abs(month_usd - CLAIMED_USD) < 0.5
        why = "It is a multiplication. A month of 730 hours has 30.4 days, at which it would be 152,083 calls."
        figures = {"requests": requests, "month_usd": month_usd}
        return self.found("follows" if follows else "does not follow", why, gives, figures)
