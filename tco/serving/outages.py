"""Outages: when a vendor is down, as a process that alternates between up and down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tco.fields import Name, Positive
from tco.plugin import Frozen
from tco.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    import numpy as np


class Outages(Frozen):
    """How often a vendor is down, and for how long; both times are exponential."""

    mtbf_hours: Positive
    """Mean time from the end of an outage to the begin of the next, hours."""
    mttr_hours: Positive
    """Mean length of an outage, hours."""
    provider: Name | None = None
    """Whose outages these are: tiers that name the same provider are down together. Left out: the first part of the
    price's catalog name, or `inline` for a price written out."""

    @property
    def down_share(self) -> float:
        """Share of the time that the vendor is down, in the long run.

        >>> Outages(mtbf_hours=99.0, mttr_hours=1.0).down_share
        0.01
        """
        return self.mttr_hours / (self.mtbf_hours + self.mttr_hours)


class Timeline:
    """One course of events, in steady state at time 0: whether the vendor is down then is a matter of chance.

    Args:
        outages: how often and how long.
        generator: where the times are drawn, one after the other.
    """

    def __init__(self, outages: Outages, generator: np.random.Generator) -> None:
        self._generator = generator
        self._mean_s = {
            True: outages.mttr_hours * SECONDS_PER_HOUR,
            False: outages.mtbf_hours * SECONDS_PER_HOUR,
        }
        # Both times are exponential, so what is left of the one that time 0 falls into has the same mean.
        self._down = bool(generator.random() < outages.down_share)
        self._until_s = float(generator.exponential(self._mean_s[self._down]))

    def down(self, now_s: float) -> bool:
        """Say whether the vendor is down; the time must not go back from call to call."""
        while now_s >= self._until_s:
            self._down = not self._down
            self._until_s += float(self._generator.exponential(self._mean_s[self._down]))
        return self._down
