"""The replica with the fewest requests, waiting or running; of equals the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tco.policies.dispatch import Choose, DispatchPolicy
from tco.policies.draws import Draws


class LeastLoaded(DispatchPolicy):
    """What a gateway does that knows how many requests each replica has."""

    kind: Literal["least_loaded"] = "least_loaded"

    def start(self, draws: Draws) -> Choose:
        """Look at every replica."""
        del draws
        return _least


def _least(_request: int, loads: Sequence[int]) -> int:
    """Return the place of the smallest load.

    >>> _least(0, [3, 1, 2])
    1
    """
    return loads.index(min(loads))
