"""A cache that answers a fixed share of requests, whatever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tco.fields import Share
from tco.policies.caching import CachePolicy, CacheState, Found
from tco.policies.view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class FixedHitShare(CachePolicy):
    """Every request hits with the same probability; use it where the hit share was measured."""

    kind: Literal["fixed"] = "fixed"
    hit_share: Share
    """Share of requests that the cache answers, 0 to 1."""
    false_hit_share: Share = 0.0
    """Share of the hits that answer another question."""

    def start(self, view: View, rate_rps: float) -> CacheState:
        """Hit when the request's own chance falls under the share; of the hits, the unluckiest are wrong."""
        del rate_rps  # the share holds at every load
        return _ByChance(view.uniforms("cache"), self.hit_share, self.hit_share * (1.0 - self.false_hit_share))

    def hits(self, chances: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Say which requests hit by their chances, and which are below the chance of a right answer, shape (n,)."""
        return chances < self.hit_share, chances < self.hit_share * (1.0 - self.false_hit_share)


class _ByChance(CacheState):
    """Hits below one chance, right ones below another."""

    def __init__(self, chances: list[float], hit: float, right: float) -> None:
        self._chances, self._hit, self._right = chances, hit, right

    def look(self, request: int, now_s: float) -> Found:
        """Compare the request's chance with both."""
        del now_s
        chance = self._chances[request]
        if chance >= self._hit:
            return Found.NOTHING
        return Found.ANSWER if chance < self._right else Found.WRONG_ANSWER
