"""One replica after the other, whatever their loads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tco.policies.dispatch import CLOSED, Choose, DispatchPolicy
from tco.policies.draws import Draws


class RoundRobin(DispatchPolicy):
    """What a plain load balancer does."""

    kind: Literal["round_robin"] = "round_robin"

    def start(self, draws: Draws) -> Choose:
        """Begin with the first replica; closed ones are skipped."""
        del draws
        following = 0

        def choose(_request: int, loads: Sequence[int]) -> int:
            nonlocal following
            place = following % len(loads)
            while loads[place] >= CLOSED:
                place = (place + 1) % len(loads)
            following = place + 1
            return place

        return choose
