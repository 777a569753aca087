"""Fallback: where a request goes when a tier gave no answer: an outage, a rate limit, a time-out, a full queue."""

from __future__ import annotations

from collections.abc import Callable

from tco.domain import Outcome
from tco.plugin import Plugin
from tco.policies.view import View

# (class name, tiers tried so far, why the last gave no answer) -> the next tier, or None to give up.
Fall = Callable[[str, tuple[str, ...], Outcome], str | None]


class FallbackPolicy(Plugin):
    """Base of the fallback policies. Where no tier is left, an answer that an earlier tier gave stands."""

    def start(self, view: View) -> Fall:
        """Begin a run over the requests that `view` shows."""
        raise NotImplementedError

    def catches(self, tier: str, why: Outcome) -> bool:
        """Say whether a request that a tier did not answer, for a reason, has another tier to go to."""
        raise NotImplementedError

    def tiers(self) -> tuple[str, ...]:
        """Name every tier that the policy can send a request to."""
        raise NotImplementedError
