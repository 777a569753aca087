"""Static routing: a fixed split of requests over tiers, the same in every hour."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from tco.fields import ClassName, TierShares
from tco.policies.routing import Route, RouteMany, RoutingPolicy, Some
from tco.policies.view import View

if TYPE_CHECKING:
    from tco.policies.routing import Ints


class StaticSplit(RoutingPolicy):
    """Send each request to a tier by chance, in fixed shares."""

    kind: Literal["static"] = "static"
    shares: TierShares
    """Tier name to share of requests; the shares sum to 1."""
    by_class: dict[ClassName, TierShares] = Field(default_factory=dict)
    """Request class to shares of its own; classes that are not named follow `shares`."""

    def start(self, view: View) -> Route:
        """Place each request's chance on the cumulative shares of its class."""
        chance = view.uniforms("route")
        default = _ladder(self.shares)
        if len(default[1]) == 1 and not self.by_class:
            only = default[1][0]
            return lambda _request, _class, tried: None if tried else only
        ladders = {name: _ladder(shares) for name, shares in self.by_class.items()}

        def route(request: int, request_class: str, tried: tuple[str, ...]) -> str | None:
            if tried:
                return None
            edges, tiers = ladders.get(request_class, default)
            return tiers[bisect_right(edges, chance[request])]

        return route

    def start_many(self, view: View) -> RouteMany:
        """Place all chances at once, class by class."""
        import numpy as np  # not at the top: `tco check` does without it

        if len(self.tiers()) == 1:
            return lambda some, tried: np.full(len(some.request), -1 if tried else 0)
        chance = view.uniform_array("route")
        places = {tier: place for place, tier in enumerate(self.tiers())}

        def many(some: Some, tried: tuple[str, ...]) -> Ints:
            found = np.full(len(some.request), -1)
            for label, name in enumerate(() if tried else some.classes):
                edges, tiers = _ladder(self.by_class.get(name, self.shares))
                mine = some.label == label
                at = np.searchsorted(edges, chance[some.request[mine]], side="right")
                found[mine] = np.array([places[tier] for tier in tiers])[at]
            return found

        return many

    @property
    def asks_on(self) -> bool:
        """The split chooses once."""
        return False

    def tiers(self) -> tuple[str, ...]:
        """Name the tiers that receive a share above zero."""
        tables = [self.shares, *self.by_class.values()]
        return tuple(dict.fromkeys(tier for table in tables for tier, share in table.items() if share > 0))

    def tiers_for(self, request_class: str, *, sensitive: bool) -> tuple[str, ...]:
        """Name the tiers that receive a share of the class."""
        del sensitive  # the shares do not look at it
        shares = self.by_class.get(request_class, self.shares)
        return tuple(tier for tier, share in shares.items() if share > 0)


def _ladder(shares: dict[str, float]) -> tuple[list[float], list[str]]:
    """Return the inner edges of the cumulative shares and the tiers between them.

    >>> _ladder({"small": 0.75, "none": 0.0, "large": 0.25})
    ([0.75], ['small', 'large'])
    """
    used = {tier: share for tier, share in shares.items() if share > 0}
    return list(accumulate(used.values()))[:-1], list(used)
