"""A cache that answers a fixed share of requests, whatever they are."""

from __future__ import annotations

from typing import Literal

from tco.fields import Share
from tco.policies.caching import CachePolicy, Hit
from tco.policies.draws import Draws


class FixedHitShare(CachePolicy):
    """Every request hits with the same probability; use it where the hit share was measured."""

    kind: Literal["fixed"] = "fixed"
    hit_share: Share
    """Share of requests that the cache answers, 0 to 1."""

    def start(self, draws: Draws) -> Hit:
        """Hit when the request's own chance falls under the share."""
        chance = draws.uniforms("cache")
        share = self.hit_share
        return lambda request: chance[request] < share
