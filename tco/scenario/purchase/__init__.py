"""Purchase: how a fleet's GPUs are come by, where it is not simply by the hour on demand. One file a kind."""

from __future__ import annotations

from tco.plugin import Plugin


class Purchase(Plugin):
    """Base of the ways to come by GPUs."""

    @property
    def needs_hourly_price(self) -> bool:
        """Whether what it does not cover is rented at the tier's `price`."""
        return True
