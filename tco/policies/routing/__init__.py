"""Routing: which tier answers a request, and whether its answer is good enough to stop there."""

from __future__ import annotations

from collections.abc import Callable

from tco.plugin import Plugin
from tco.policies.draws import Draws

# (request number, class name, tiers tried so far) -> the next tier, or None when the last answer stands.
Route = Callable[[int, str, tuple[str, ...]], str | None]


class RoutingPolicy(Plugin):
    """Base of the routing policies. A policy is data; `start` turns it into a decision function."""

    def start(self, draws: Draws) -> Route:
        """Begin a run over requests whose chances are `draws`."""
        raise NotImplementedError

    def tiers(self) -> tuple[str, ...]:
        """Name every tier that the policy can send a request to, in the order first mentioned."""
        raise NotImplementedError
