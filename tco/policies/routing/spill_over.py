"""Spill-over: a tier serves as many requests as its replicas hold; what comes beyond goes elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tco.fields import TierName
from tco.plugin import together
from tco.policies.routing import Route, RouteMany, RoutingPolicy
from tco.policies.view import View


class SpillOver(RoutingPolicy):
    """Send a request to `first` unless it is full, else to `then`; sensitive requests stay at `first`."""

    kind: Literal["spill_over"] = "spill_over"
    first: TierName
    """Tier that is filled first, such as own GPUs."""
    then: TierName
    """Tier that takes what is too much, such as a cloud API."""
    full_at_requests: Annotated[int, Field(ge=1, le=10_000_000)]
    """Requests inside, waiting or served, for each replica of `first`, from which on it counts as full; where it stands
    in several regions, of the one that serves the request."""

    @together("first", "then")
    def _goes_on_to_another(self) -> None:
        if self.first == self.then:
            raise ValueError(f"first and then are both '{self.first}'; allowed: two tiers")

    def start(self, view: View) -> Route:
        """Look at how full `first` is when the request comes."""
        first, per_replica = self.first, self.full_at_requests

        def route(request: int, request_class: str, tried: tuple[str, ...]) -> str | None:
            if tried:
                return None
            full = view.inside(first, request) >= per_replica * view.replicas(first, request)
            return self.then if full and view.allows(request_class, self.then) else first

        return route

    def start_many(self, view: View) -> RouteMany:
        """Send everybody to `first`: who finds it full is sent on by whoever knows then how many are inside."""
        import numpy as np  # not at the top: `tco check` does without it

        del view
        return lambda some, tried: np.full(len(some.request), -1 if tried else 0)

    @property
    def asks_on(self) -> bool:
        """It chooses once."""
        return False

    @property
    def depends_on_load(self) -> bool:
        """More requests spill at a higher rate."""
        return True

    def hops(self) -> tuple[tuple[str, str], ...]:
        """Name the way of what is too much."""
        return ((self.first, self.then),)

    def relieved_tiers(self) -> tuple[str, ...]:
        """Name `first`: what is too much for it goes to `then`."""
        return (self.first,)

    def tiers(self) -> tuple[str, ...]:
        """Name both tiers."""
        return (self.first, self.then)

    def tiers_for(self, request_class: str, *, sensitive: bool) -> tuple[str, ...]:
        """Name both, or the first for sensitive requests, which wait there instead."""
        del request_class
        return (self.first,) if sensitive else self.tiers()
