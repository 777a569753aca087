"""A priority chain: the next tier of the list that the request has not tried."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tco.domain import Outcome
from tco.fields import TierName, each_once
from tco.policies.fallback import Fall, FallbackPolicy
from tco.policies.view import View

Reason = Literal["rejected", "failed", "timed_out"]


class Chain(FallbackPolicy):
    """Own model, then a cloud API, then a smaller model: the first that the request has not tried."""

    kind: Literal["chain"] = "chain"
    tiers_in_order: Annotated[
        tuple[TierName, ...],
        Field(min_length=1, max_length=100, strict=False),
        each_once("a tier would fall back to itself"),
    ]
    """Tiers to try, the first that was not tried yet."""
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1, strict=False), each_once()] = (
        "rejected",
        "failed",
        "timed_out",
    )
    """What sends a request on: turned away (429, full queue), failed (outage, error), timed out."""

    def start(self, view: View) -> Fall:
        """Look for the first tier that was not tried and that the request's class may go to."""
        reasons = {Outcome[reason.upper()] for reason in self.reasons}
        chain = self.tiers_in_order

        def fall(request_class: str, tried: tuple[str, ...], why: Outcome) -> str | None:
            if why not in reasons:
                return None
            return next((tier for tier in chain if tier not in tried and view.allows(request_class, tier)), None)

        return fall

    def catches(self, tier: str, why: Outcome) -> bool:
        """Say whether the reason sends requests on, and another tier is in the chain."""
        return why.name.lower() in self.reasons and any(other != tier for other in self.tiers_in_order)

    def tiers(self) -> tuple[str, ...]:
        """Name the tiers of the chain."""
        return self.tiers_in_order
