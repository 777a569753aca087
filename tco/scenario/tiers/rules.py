"""A path that needs no model: rules, templates, a form, a canned answer."""

from __future__ import annotations

from typing import Literal

from tco.scenario.prices import InlineRequestPrice
from tco.scenario.tiers import Tier
from tco.serving.latency import Quantiles


class Rules(Tier):
    """Code that answers at once, never queues and writes no tokens."""

    kind: Literal["rules"] = "rules"
    latency: Quantiles
    """Time of an answer."""
    price: InlineRequestPrice
    """What an answer costs; write 0 where it costs nothing to speak of, so that it is a statement."""

    @property
    def keeps_data(self) -> bool:
        """It runs in the team's own service."""
        return True

    def up_fraction(self, sized: int) -> float | None:
        """As stated; it lives in the service that asks it, so that it is up whenever anybody asks."""
        del sized
        return 1.0 if self.availability_fraction is None else self.availability_fraction
