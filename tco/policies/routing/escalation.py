"""Escalation: a cheap tier answers first; a share of its answers is not good enough and is asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tco.fields import Share, TierName
from tco.plugin import together
from tco.policies.routing import Route, RouteMany, Some
from tco.policies.routing.asking_on import AskingOn
from tco.policies.view import View

if TYPE_CHECKING:
    from tco.policies.routing import Ints


class Escalation(AskingOn):
    """Ask `first`; ask `then` as well for a fixed share of requests. The escalated request pays both."""

    kind: Literal["escalation"] = "escalation"
    first: TierName
    """Tier that answers every request first."""
    then: TierName
    """Tier that answers again where the first answer was not good enough."""
    escalated_share: Share
    """Share of requests that are escalated, 0 to 1; 0.15 to 0.25 is often reported."""

    def start(self, view: View) -> Route:
        """Escalate when the request's own chance falls under the share."""
        chance = view.uniforms("escalation")

        def route(request: int, _class: str, tried: tuple[str, ...]) -> str | None:
            if not tried:
                return self.first
            if len(tried) == 1 and chance[request] < self.escalated_share:
                return self.then
            return None

        return route

    def start_many(self, view: View) -> RouteMany:
        """Compare many chances with the share."""
        import numpy as np  # not at the top: `tco check` does without it

        escalated = view.uniform_array("escalation") < self.escalated_share

        def many(some: Some, tried: tuple[str, ...]) -> Ints:
            if len(tried) == 1:
                return np.where(escalated[some.request], 1, -1)
            return np.full(len(some.request), -1 if tried else 0)

        return many

    @together("first", "then")
    def _goes_on_to_another(self) -> None:
        if self.first == self.then:
            raise ValueError(
                f"first and then are both '{self.first}'; allowed: two tiers, or the route goes in a circle"
            )

    def hops(self) -> tuple[tuple[str, str], ...]:
        """Name the way up."""
        return ((self.first, self.then),)

    def tiers(self) -> tuple[str, ...]:
        """Name both tiers, or only the first when nothing is escalated."""
        return (self.first, self.then) if self.escalated_share > 0 else (self.first,)
