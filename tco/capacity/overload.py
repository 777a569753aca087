"""Overload: whether tiers that are not sized get more work than they can do.

A window is short, so an overloaded queue looks like a long wait; over an hour it would grow without end.
"""

from __future__ import annotations

from tco.capacity.window import RegionWindow, TierWindow, Window
from tco.scenario import Scenario


def load_shares(scenario: Scenario, window: Window) -> dict[str, float]:
    """Return the work that arrives over the work that can be done, of each tier whose capacity is the scenario's.

    Work is the time in service that the station counted (`service_s`) per arriving request. Where requests are turned
    away or give up, only the work that was done counts: then the share stays at 1 and the unanswered say the rest. Of a
    tier in several regions, which has its capacity in each, it is that of the fullest.
    """
    shares = {}
    for name, seen in window.tiers.items():
        slots = scenario.tiers[name].slots
        if slots is not None:
            parts: list[RegionWindow | TierWindow] = [*seen.regions.values()] or [seen]
            busiest_s = max(part.counts_per_request["service_s"] for part in parts)
            shares[name] = window.rate_rps * busiest_s / slots
    return shares
