"""Tiers: ways of answering a request. One file a kind; how it is simulated and priced is found by the same kind."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.plugin import Plugin


class Tier(Plugin):
    """Base of the tiers."""

    availability_fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of the time that the tier is up, as contracted or measured; needed when the SLO has one."""

    @property
    def owns_fleet(self) -> bool:
        """Whether the team runs the capacity itself, so that it must be sized: building, not buying."""
        return False
