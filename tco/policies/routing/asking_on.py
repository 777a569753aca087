"""Asking on: the base of policies that ask a further tier where an answer is not good enough."""

from __future__ import annotations

from tco.policies.routing import PromptPart, PromptShare, PromptShares, RoutingPolicy
from tco.policies.view import View


class AskingOn(RoutingPolicy):
    """Base of policies whose further calls may send a part of the prompt only."""

    further_prompt_share: PromptPart = 1.0
    """Share of the prompt that each further tier gets: less than 1 where the first call's context is used again."""

    def start_prompts(self, view: View) -> PromptShare | None:
        """Send the stated part of the prompt on."""
        del view
        share = self.further_prompt_share
        return None if share == 1.0 else lambda _request, _class: share

    def prompt_shares(self, view: View) -> PromptShares | None:
        """Send it on for all of them."""
        import numpy as np  # not at the top: `tco check` does without it

        del view
        share = self.further_prompt_share
        return None if share == 1.0 else lambda some: np.full(len(some.request), share)

    def largest_prompt_share(self, request_class: str, tier: str, *, sensitive: bool) -> float:
        """Return 1 for the tier that is asked first, the stated share for a further one."""
        reached = self.tiers_for(request_class, sensitive=sensitive)
        if tier in reached[1:]:
            return self.further_prompt_share
        return super().largest_prompt_share(request_class, tier, sensitive=sensitive)
