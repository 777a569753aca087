"""Two replicas drawn by chance; the less loaded one takes the request.

Source: M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10), 2001.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tco.policies.dispatch import CLOSED, Choose, DispatchPolicy
from tco.policies.draws import Draws


class ShortestOfTwo(DispatchPolicy):
    """What a gateway does that asks two replicas instead of all."""

    kind: Literal["shortest_of_two"] = "shortest_of_two"

    def start(self, draws: Draws) -> Choose:
        """Let the request's own chance name the two."""
        chance = draws.uniforms("dispatch")

        def choose(request: int, loads: Sequence[int]) -> int:
            places = [place for place, load in enumerate(loads) if load < CLOSED]
            first, second = two_of(len(places), chance[request])
            one, other = places[first], places[second]
            return one if loads[one] <= loads[other] else other

        return choose


def two_of(count: int, uniform: float) -> tuple[int, int]:
    """Turn one uniform variate into an ordered pair of different places, every pair as likely; (0, 0) when alone.

    >>> [two_of(3, u / 6 + 0.01) for u in range(6)]
    [(0, 1), (0, 2), (1, 2), (1, 0), (2, 0), (2, 1)]
    """
    if count == 1:
        return 0, 0
    first, rest = divmod(int(uniform * count * (count - 1)), count - 1)
    return first, (first + 1 + rest) % count
