"""Dispatch: which replica of a fleet takes the next request."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tco.plugin import Plugin
from tco.policies.draws import Draws

CLOSED = 1_000_000_000  # added to the load of a replica that takes no requests; far above any load

# (request number, requests at each replica) -> the replica's place. At least one replica is open.
Choose = Callable[[int, Sequence[int]], int]


class DispatchPolicy(Plugin):
    """Base of the dispatch policies."""

    def start(self, draws: Draws) -> Choose:
        """Begin a run over requests whose chances are `draws`."""
        raise NotImplementedError
